# SPDX-License-Identifier: Apache-2.0
"""tocsin export, and that what it wrote can be imported again, bit by bit."""

import csv
import io
import json
import math
import os
import struct
import subprocess

import pytest

from rig.process import environment, program
from stored import Stored

ODD = [0.1, -0.0, math.nan, math.inf, -math.inf, 5e-324, 1.7976931348623157e308, 1 / 3]
NAMES = ["loss", 'with "quotes", commas', "line\nbreak", "back\\slash", "ütf/8 \u202e"]


@pytest.fixture
def stored(cli, db):
    return Stored(db)


def bits(number):
    return struct.pack("<d", float(number))


def rows_of(text):
    return list(csv.DictReader(io.StringIO(text, newline="")))


def good(result):
    assert result.rc == 0, result.stderr
    return result.stdout


@pytest.fixture
def two_ranks(stored):
    run = stored.run("p", "a run, with a comma", 7, world_size=2, attempts=((0, 0), (1, 0), (1, 1)), ending="finished")
    for step, value in enumerate(ODD):
        stored.log(run, NAMES, [(step, step, [value, 1, 2, 3, step])], rank=0)
    stored.log(run, ["loss"], [(step, step, [step]) for step in range(4)], rank=1)
    stored.log(run, ["loss"], [(step, 10 + step, [10 + step]) for step in range(2, 6)], rank=1, attempt=1)
    stored.log(run, ["gpu", "cpu"], [(0, 1, [50, 1]), (0, 2, [math.nan, 2])], kind="system")
    stored.log(stored.run("p", "other", 8, at=1), ["loss"], [(0, 0, [9])])
    stored.log(stored.run("q", "elsewhere", 9), ["loss"], [(0, 0, [99])])
    return run


def test_a_row_a_value(cli, two_ranks):
    rows = rows_of(good(cli.run("export", "--project", "p")))
    assert list(rows[0]) == ["run", "run_id", "rank", "attempt", "step", "time", "name", "value"]
    assert {row["run"] for row in rows} == {"a run, with a comma", "other"}
    first = [row for row in rows if row["run_id"] == "7" and row["rank"] == "0"]
    assert [row["name"] for row in first[:5]] == NAMES
    assert [bits(row["value"]) for row in first if row["name"] == "loss"] == [bits(v) for v in ODD]
    second = [(int(row["step"]), int(row["attempt"]), float(row["value"])) for row in rows if row["rank"] == "1"]
    assert second == [(0, 0, 0), (1, 0, 1), (2, 1, 12), (3, 1, 13), (4, 1, 14), (5, 1, 15)]
    assert first[0]["time"] == "2026-11-23T12:30:00+00:00", first[0]


def test_what_is_asked_for(cli, two_ranks):
    def ask(*argv):
        return [(row["run_id"], row["rank"], row["attempt"], row["step"], row["name"], row["value"])
                for row in rows_of(good(cli.run("export", "--project", "p", *argv)))]

    assert ask("--run", "other") == [("8", "0", "0", "0", "loss", "9")]
    assert len(ask("--run", "7", "--rank", "1")) == 6
    assert len(ask("--run", "7", "--rank", "1", "--attempts", "all")) == 8
    names = {row[4] for row in ask("--metric", NAMES[1], "--metric", NAMES[3])}
    assert names == {NAMES[1], NAMES[3]}
    assert ask("--system", "--rank", "0") == [
        ("7", "0", "0", "", "gpu", "50"), ("7", "0", "0", "", "cpu", "1"), ("7", "0", "0", "", "gpu", "NaN"),
        ("7", "0", "0", "", "cpu", "2")]


def test_an_object_a_line(cli, two_ranks):
    lines = good(cli.run("export", "--project", "p", "--run", "7", "--rank", "0", "--metric", "loss",
                         "--format", "ndjson")).splitlines()
    rows = [json.loads(line, parse_constant=lambda text: pytest.fail(text)) for line in lines]
    assert rows[0] == {"run": "a run, with a comma", "run_id": "7", "rank": 0, "attempt": 0, "step": 0,
                       "time": "2026-11-23T12:30:00+00:00", "name": "loss", "value": 0.1}
    assert [(row["value"], row.get("nonfinite")) for row in rows[2:5]] == [
        (None, "nan"), (None, "inf"), (None, "-inf")]


def test_a_column_a_metric(cli, two_ranks):
    text = good(cli.run("export", "--project", "p", "--run", "7", "--wide"))
    rows = rows_of(text)
    assert list(rows[0]) == ["rank", "step", "time", *sorted(NAMES)]
    assert [(row["rank"], row["step"], row["loss"]) for row in rows[:2]] == [("0", "0", "0.1"), ("0", "1", "-0")]
    assert [(row["rank"], row["step"], row["loss"], row[NAMES[1]]) for row in rows[8:]] == [
        ("1", str(step), str(step if step < 2 else 10 + step), "") for step in range(6)]
    one = rows_of(good(cli.run("export", "--project", "p", "--run", "7", "--wide", "--rank", "0", "--metric",
                               NAMES[4], "--metric", "loss")))
    assert list(one[0]) == ["step", "time", NAMES[4], "loss"] and len(one) == len(ODD)


def test_several_values_at_a_step_lose_nothing(cli, stored):
    stored.log(stored.run("p", "r", 7), ["a"], [(1, 0, [1]), (1, 1, [2]), (2, 2, [3])])
    stored.log(7, ["b"], [(1, 0, [5])])
    rows = rows_of(good(cli.run("export", "--project", "p", "--run", "r", "--wide")))
    assert [(row["step"], row["a"], row["b"]) for row in rows] == [("1", "1", "5"), ("1", "2", ""), ("2", "3", "")]


def everything(db, project):
    return sorted((run, rank, step, time, name, bits(value)) for run, rank, step, time, name, value in db.query(
        "select run, rank, step, time, name, value from metrics where project = %s", project))


def test_what_was_exported_can_be_imported_again(place, db, cli, importer, two_ranks):
    good(cli.run("export", "--project", "p", "--out", place / "p.csv"))
    done = importer.done("csv", place / "p.csv", project="again")
    assert sorted((run["run"], run["state"]) for run in done["runs"]) == [
        ("a run, with a comma", "imported"), ("a run, with a comma", "imported"), ("other", "imported")]
    assert everything(db, "again") == everything(db, "p") and len(everything(db, "p")) == 47
    assert db.query("select run, world_size, ranks, state from runs_overview where project = 'again' order by 1") == [
        ("a run, with a comma", 2, 2, "finished"), ("other", 1, 1, "finished")]
    again = importer.done("csv", place / "p.csv", project="again")
    assert {run["state"] for run in again["runs"]} == {"already imported"}
    good(cli.run("export", "--project", "again", "--out", place / "q.csv"))

    def without_ids(name):
        rows = rows_of((place / name).read_text())
        return [[row[key] for key in row if key not in ("run_id", "attempt")] for row in rows]

    assert without_ids("q.csv") == without_ids("p.csv")


def test_system_metrics_and_wide_tables_can_be_imported_again(place, db, cli, importer, two_ranks):
    good(cli.run("export", "--project", "p", "--system", "--out", place / "s.csv"))
    importer.done("csv", place / "s.csv", project="s")
    ask = "select time, name, value::text from system_metrics where project = %s order by 1, 2"
    assert db.query(ask, "s") == db.query(ask, "p") and len(db.query(ask, "p")) == 4
    good(cli.run("export", "--project", "p", "--run", "7", "--rank", "0", "--wide", "--out", place / "w.csv"))
    importer.done("csv", place / "w.csv", project="w")
    expected = [("w", *row[1:]) for row in everything(db, "p") if row[0] != "other" and row[1] == 0]
    assert everything(db, "w") == sorted(expected)


def test_a_file_appears_only_when_it_is_whole(place, db, cli, two_ranks):
    out = place / "out.csv"
    out.write_text("before")
    refused = cli.run("export", "--project", "p", "--run", "nobody", "--out", out)
    assert refused.rc == 3 and out.read_text() == "before"
    none = cli.run("export", "--project", "p", "--metric", "no such", "--out", out)
    assert none.rc == 3 and "there are no such values" in none.stderr and out.read_text() == "before"
    done = cli.run("export", "--project", "p", "--run", "other", "--out", out)
    assert done.rc == 0 and done.stdout == "" and "1 values in" in done.stderr
    assert len(rows_of(out.read_text())) == 1
    assert [name for name in os.listdir(place) if name.startswith("out.csv")] == ["out.csv"]
    nowhere = cli.run("export", "--project", "p", "--out", place / "no" / "x.csv")
    assert nowhere.rc == 1 and "cannot write" in nowhere.stderr


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="needs /dev/full")
def test_a_full_disk_is_said(place, cli, stored):
    stored.log(stored.run("p", "r", 7), ["a"], [(step, step, [step]) for step in range(2000)], per_block=500)
    with open("/dev/full", "w") as full:
        done = subprocess.run([program("tocsin"), "export", "--project", "p"], stdout=full, stderr=subprocess.PIPE,
                              env=environment(place, {"TOCSIN_DSN": cli.dsn}), check=False)
    assert done.returncode == 1 and b"cannot write the output" in done.stderr


@pytest.mark.parametrize("argv, says", [
    (["--format", "json"], "export writes --format=csv or --format=ndjson"),
    (["--json"], "export writes --format=csv or --format=ndjson"),
    (["--format", "parquet"], "--format is one of"),
    (["--wide"], "it needs --run"),
    (["--wide", "--run", "r", "--system"], "it needs --run, and goes with neither"),
    (["--wide", "--run", "r", "--attempts", "all"], "--wide has no place for --attempts"),
])
def test_what_cannot_be_is_refused(cli, argv, says):
    refused = cli.run("export", "--project", "p", *argv)
    assert refused.rc == 2 and says in refused.stderr, refused.stderr
