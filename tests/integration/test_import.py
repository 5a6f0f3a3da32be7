# SPDX-License-Identifier: Apache-2.0
"""tocsin import csv: what becomes of a table, and that a killed import that is repeated gives every row
once. The other kinds of source have files of their own."""

import math
import pathlib
import struct
from datetime import datetime, timezone

import pytest

from blocker import wait_blocked
from rig.importer import Importer, write
from rig.wait import wait_for

ROWS = 60_000


def values(db, view="metrics"):
    return db.query(f"select step, name, value from {view} order by run, step, name")


def test_a_table_becomes_a_run(place, db, importer):
    path = write(place, "step,timestamp,loss,note,\"a \"\"b\"\", c\"\r\n"
                        "1,2026-11-23T12:30:30.5Z,0.1,hello,1e3\r\n"
                        "5,1795437031.25,nan,,\r\n"
                        "3,2026-11-23 14:30:32+02:00,-inf,7,\r\n"
                        "4,,,,\r\n", "my run.csv")
    done = importer.done("csv", path)
    assert done["project"] == "p"
    (run,) = done["runs"]
    assert (run["run"], run["state"], run["calls"], run["skipped"]) == ("my run", "imported", 3, 0)
    assert run["left_out"] == {"text cells": 1}
    seen = db.query("select step, time, name, value from metrics order by time, name")
    times = [datetime(2026, 11, 23, 12, 30, second, micro, tzinfo=timezone.utc)
             for second, micro in ((30, 500_000), (31, 250_000), (32, 0))]
    assert [(step, time, name) for step, time, name, _ in seen] == [
        (1, times[0], 'a "b", c'), (1, times[0], "loss"), (5, times[1], "loss"),
        (3, times[2], "loss"), (3, times[2], "note")]
    assert [repr(value) for *_, value in seen] == ["1000.0", "0.1", "nan", "-inf", "7.0"]
    (state,) = db.query("select run, state, created, ended from runs_overview join attempts_overview "
                        "using (run, run_id)")
    assert state == ("my run", "finished", times[0], times[2])
    assert db.value("select run_id::text from runs_overview") == run["run_id"]
    assert importer.leftovers() == []


def test_a_finished_import_is_known(place, db, importer):
    path = write(place, "step,loss\n0,1\n1,2\n")
    first = importer.done("csv", path)["runs"][0]
    again = importer.done("csv", path)["runs"][0]
    assert (again["run_id"], again["state"], again["calls"], again["skipped"]) == (
        first["run_id"], "already imported", 0, 2)
    assert db.value("select count(*) from attempts_overview") == 1, "nobody said hello again"


def test_a_file_that_grew_goes_on(place, db, importer):
    path = write(place, "step,loss\n0,1\n1,2\n")
    importer.done("csv", path)
    write(place, "step,loss\n0,1\n1,2\n1,3\n0,4\n")
    again = importer.done("csv", path)["runs"][0]
    assert (again["state"], again["calls"], again["skipped"]) == ("imported", 2, 2)
    assert values(db) == [(0, "loss", 1), (0, "loss", 4), (1, "loss", 2), (1, "loss", 3)]
    assert db.value("select state from runs_overview") == "finished"


@pytest.mark.parametrize("text", ["step,loss\n0,1\n1,7\n2,3\n", "step,loss\n0,1\n",
                                  "step,Loss\n0,1\n1,2\n"])
def test_a_file_that_changed_is_not_appended(place, db, importer, text):
    path = write(place, "step,loss\n0,1\n1,2\n")
    importer.done("csv", path)
    write(place, text)
    refused = importer.run("csv", path)
    assert refused.rc == 2 and "is not what is there now" in refused.stderr
    assert "--name" in refused.stderr
    assert values(db) == [(0, "loss", 1), (1, "loss", 2)]
    importer.done("csv", path, "--name", "other")
    assert db.value("select count(*) from runs_overview") == 2


def big_file(place):
    """Steps that repeat and go back, empty cells, odd values: what is skipped is known by its place."""
    odd = [0.1, -0.0, math.nan, math.inf, -math.inf, 5e-324, 1.7976931348623157e308]
    rows = []
    for i in range(ROWS):
        cells = {"a": i / 7, "b": odd[i % len(odd)] if i % 3 else None, "c": float(i)}
        rows.append((i % 1000, cells))
    lines = [f"{step},{c['a']!r},{'' if c['b'] is None else repr(c['b'])},{c['c']!r}"
             for step, c in rows]
    return write(place, "step,a,b,c\n" + "\n".join(lines) + "\n", "big.csv"), rows


def assert_rows(db, rows, view):
    """Every value of the file once, bit by bit."""
    def key(step, name, value):
        return step, name, struct.pack("<d", value)

    expected = sorted(key(step, name, value) for step, cells in rows
                      for name, value in cells.items() if value is not None)
    seen = sorted(key(*row) for row in db.query(f"select step, name, value from {view}"))
    assert len(seen) == len(expected)
    assert seen == expected


def committed(db):
    return db.value("select coalesce(sum(committed), 0)::bigint from producers_overview where lane = 'metrics'")


def test_an_import_that_is_killed_again_and_again_gives_every_row_once(place, db, importer):
    path, rows = big_file(place)
    points = [lambda: importer.leftovers(),
              lambda: db.value("select count(*) from attempts_overview") > 0,
              *[lambda n=n: committed(db) > n for n in (0, 5_000, 15_000, 40_000)]]
    for reached in points:
        process = importer.spawn("csv", path)
        wait_for(lambda: reached() or process.code is not None, 60, lambda: process.log)
        process.kill9()
        assert process.code == -9, process.log
    done = importer.done("csv", path)["runs"][0]
    assert done["state"] == "imported" and done["skipped"] > 40_000
    assert done["calls"] + done["skipped"] == ROWS
    assert_rows(db, rows, "metrics_all_attempts")
    assert_rows(db, rows, "metrics")
    assert db.value("select state from runs_overview") == "finished"
    assert db.value("select max(on_node) from producers_overview where lane = 'metrics'") == 0
    assert db.value("select max(dropped) from producers_overview where lane = 'metrics'") <= 1
    assert importer.leftovers() == []
    assert importer.done("csv", path)["runs"][0]["state"] == "already imported"


def uses_zmq(process):
    """A thread of libzmq runs in it, so it has asked the database before."""
    comms = (path.read_text() for path in pathlib.Path(f"/proc/{process.pid}/task").glob("*/comm"))
    return any(comm.startswith("ZMQbg") for comm in comms)


def test_what_a_killed_import_had_on_its_way_counts_once(place, db, importer):
    """Killed while the collector has batches of it that PostgreSQL does not take; they are committed only
    after the repetition has looked."""
    path, rows = big_file(place)
    process = importer.spawn("csv", path)
    wait_for(lambda: committed(db) > 1000 or process.code is not None, 60, lambda: process.log)
    with db.connect() as connection:
        connection.autocommit = False
        connection.cursor().execute("lock table tocsin.blocks in exclusive mode")
        before = committed(db)
        wait_blocked(db)
        process.kill9()
        repetition = importer.spawn("csv", path)
        wait_for(lambda: uses_zmq(repetition) or repetition.code is not None, 60)
        assert committed(db) == before
        connection.rollback()
    wait_for(lambda: repetition.code is not None, 120, lambda: repetition.log)
    assert repetition.code == 0, repetition.log
    assert_rows(db, rows, "metrics")


def test_leftovers_of_an_import_that_went_on_elsewhere_are_thrown_away(place, db, importer, cli):
    path, rows = big_file(place)
    process = importer.spawn("csv", path)
    wait_for(lambda: committed(db) > 1000 or process.code is not None, 60, lambda: process.log)
    process.kill9()
    here = place / "data"
    here.rename(place / "elsewhere")
    # What the killed one had sent may still be on its way into the database: then the answer is to repeat it.
    done = wait_for(lambda: [answer for answer in [importer.run("csv", path, "--json")] if answer.rc != 5], 60)[0]
    assert done.json()["runs"][0]["state"] == "imported"
    (place / "data").rename(place / "finished")
    (place / "elsewhere").rename(here)
    assert importer.leftovers()
    assert importer.done("csv", path)["runs"][0]["state"] == "already imported"
    assert importer.leftovers() == []
    assert_rows(db, rows, "metrics")


def test_a_collector_that_dies_meanwhile_costs_nothing(place, db, tocsind, importer):
    path, rows = big_file(place)
    process = importer.spawn("csv", path)
    for n in (1_000, 20_000):
        wait_for(lambda: committed(db) > n or process.code is not None, 60, lambda: process.log)
        tocsind.kill9()
        tocsind.start()
    wait_for(lambda: process.code is not None, 120, lambda: process.log)
    assert process.code == 0, process.log
    assert_rows(db, rows, "metrics")
    assert db.value("select count(*) from attempts_overview") == 1


def test_without_a_collector_nothing_is_imported_or_left(place, db, cli, make_tocsind):
    tocsind = make_tocsind()
    importer = Importer(cli, db, tocsind)
    path = write(place, "step,loss\n0,1\n")
    failed = importer.run("csv", path, "--timeout", "1s")
    assert failed.rc == 5 and "No collector took the run within 1 s" in failed.stderr
    assert importer.leftovers() == []
    tocsind.start()
    assert importer.done("csv", path)["runs"][0]["calls"] == 1
    assert db.query("select attempt, ending from attempts_overview") == [(0, "finished")]


def test_a_collector_that_goes_away_is_waited_for_and_then_given_up(place, db, tocsind, importer):
    path, rows = big_file(place)
    process = importer.spawn("csv", path, "--timeout", "2s")
    wait_for(lambda: committed(db) > 1000 or process.code is not None, 60, lambda: process.log)
    tocsind.kill9()
    wait_for(lambda: process.code is not None, 60, lambda: process.log)
    assert process.code == 5 and "took nothing for 2 s" in process.log
    assert "goes on where this one stopped" in process.log
    tocsind.start()
    assert importer.done("csv", path)["runs"][0]["skipped"] > 1000
    assert_rows(db, rows, "metrics")


def test_two_imports_of_one_file_do_not_mix(place, db, tocsind, importer):
    path, rows = big_file(place)
    process = importer.spawn("csv", path)
    wait_for(lambda: committed(db) > 1000 or process.code is not None, 60, lambda: process.log)
    refused = importer.run("csv", path)
    assert refused.rc == 2 and "another process imports this run right now" in refused.stderr
    wait_for(lambda: process.code is not None, 120, lambda: process.log)
    assert process.code == 0, process.log
    assert_rows(db, rows, "metrics")


def test_a_row_that_is_wrong_stops_there_and_the_import_goes_on_when_it_is_mended(place, db, importer):
    path = write(place, "step,loss\n0,1\n1,2\nx,3\n3,4\n")
    failed = importer.run("csv", path)
    assert failed.rc == 2 and "t.csv, line 4: 'x' is no step" in failed.stderr
    write(place, "step,loss\n0,1\n1,2\n2,3\n3,4\n")
    assert importer.done("csv", path)["runs"][0]["skipped"] == 2
    assert values(db) == [(step, "loss", step + 1) for step in range(4)]


def test_a_dry_run_needs_nothing_and_does_nothing(place, db, cli):
    path = write(place, "step,loss\n0,1\n1,2\n")
    done = cli.run("import", "csv", path, "--project", "p", "--dry-run", "--json",
                   env={"TOCSIN_DSN": "host=/nowhere", "TOCSIN_ENDPOINT": "ipc:///nowhere"})
    run = done.json()["runs"][0]
    assert (run["state"], run["calls"]) == ("would be imported", 2)
    text = cli.run("import", "csv", path, "--project", "p", "--dry-run")
    assert text.stdout.split("\n")[1].startswith("t\twould be imported\t2")
    assert "runs would be imported: 1 (calls: 2, alerts: 0)" in text.stderr
    assert db.value("select count(*) from runs_overview") == 0


def test_options_name_and_group(place, db, importer):
    path = write(place, "loss\n1\n2\n")
    importer.done("csv", path, "--name", "n", "--group", "g")
    assert db.query("select run, group_name from runs_overview") == [("n", "g")]
    assert values(db) == [(0, "loss", 1), (1, "loss", 2)]


def test_a_sparse_table_fits_however_many_lists_of_names_it_has(place, db, importer):
    """More combinations of columns than a run may have lists of names."""
    n = 11
    lines = [",".join("1" if row >> bit & 1 else "" for bit in range(n)) for row in range(1, 2 ** n)]
    path = write(place, ",".join(f"m{bit}" for bit in range(n)) + "\n" + "\n".join(lines) + "\n")
    importer.done("csv", path)
    assert db.value("select sum(cardinality(values)) from blocks") == sum(bin(row).count("1") for row in range(2 ** n))
    assert importer.done("csv", path)["runs"][0]["state"] == "already imported"


BAD = [
    ("", "is empty: its first line must name the columns"),
    ("step,loss\n", "there is nothing to import"),
    ("step,note\n1,hello\n", "there is nothing to import"),
    ("step;loss\n1;2\n", "separates its columns by semicolons"),
    ("step,loss\n1,2,3\n", "line 2: 3 cells, but the first line has 2"),
    ("step,loss\n1,\"2\n", "line 2: a quote is never closed"),
    ("step,loss\n1,\"2\"3\n", "line 2: text follows behind a quote"),
    ("step,loss\n,2\n", "line 2: '' is no step"),
    ("step,loss\n1.5,2\n", "line 2: '1.5' is no step"),
    ("step,time,loss\n1,1700000000000,2\n", "line 2: '1700000000000' is no time"),
    ("step,a,a\n1,2,3\n", "has two columns 'a'"),
    ("step," + "x" * 256 + "\n1,2\n", "the name of column 2 is longer than 255 bytes"),
    (b"step,\xff\n1,2\n", "the name of column 2 is longer than 255 bytes or not UTF-8"),
    ("step,loss\n1,2\n".encode("utf-16"), "this is UTF-16; save it as UTF-8"),
    (b"step,loss\n1,\0\n", "line 2: there is a NUL byte"),
    ("a,b\n1,\"" + "x" * 5_000_000 + "\"\n", "line 2: longer than 4 MiB"),
]


@pytest.mark.parametrize("text, says", BAD, ids=[says[:30] for _, says in BAD])
def test_what_makes_no_sense_is_said_with_its_line(place, cli, text, says):
    path = write(place, text)
    refused = cli.run("import", "csv", path, "--project", "p", "--dry-run")
    assert refused.rc == 2 and says in refused.stderr, refused.stderr
    assert refused.stdout == ""


def test_what_is_not_there_is_said(place, cli):
    missing = cli.run("import", "csv", place / "no.csv", "--project", "p", "--dry-run")
    assert missing.rc == 3 and "cannot open" in missing.stderr
    none = cli.run("import", "csv", "--project", "p")
    assert none.rc == 2 and "needs one FILE" in none.stderr
    directory = cli.run("import", "csv", place, "--project", "p", "--dry-run")
    assert directory.rc == 2 and "is no file" in directory.stderr
