# SPDX-License-Identifier: Apache-2.0
"""Deleting a long run: killed at any moment, in bounded memory and short transactions, with ingest beside it."""

import pathlib
import re
import signal
import threading
import time

import pytest

from housekeeping import add_blocks, add_rollups, rows_of
from rig.postgres import Cluster
from rig.process import Process, program
from rig.programs import Cli
from rig.wait import wait_for
from stored import Stored

BLOCKS = 100_000
GROWTH_KB_MAX = 8 * 1024      # of the program, over what a small run takes
STATEMENT_S_MAX = 2.0         # on a machine where other tests run; one aims at 0.05
STATEMENT_S_USUAL = 0.25
ACK_S_MAX = 3.0
DELETE = ["delete", "run", "--project", "p", "--run"]


def start_delete(place, dsn, name):
    return Process([program("tocsin"), *DELETE, name, "--yes"], place, place / "delete.log", {"TOCSIN_DSN": dsn})


def count(db, table="blocks"):
    return db.value(f"select count(*) from {table}")


def slow_down(db):
    """Each transaction takes blocks a while, so that a test meets it at work."""
    db.query("""create function public.slow() returns trigger language plpgsql
                as $$ begin perform pg_sleep(0.02); return null; end $$""")
    db.query("create trigger slow before delete on blocks for each statement execute function public.slow()")


def test_a_delete_that_is_killed_is_found_and_finished(place, db, cli):
    """Again and again, until one gets through; what is gone never comes back."""
    stored = Stored(db)
    stored.run("p", "r", 11, ending="finished")
    stored.run("p", "keep", 12, ending="finished")
    add_blocks(db, 11, 60_000, calls=2)
    add_rollups(db, 11, 100, series=200)
    add_blocks(db, 12, 100)
    for i in range(2000):
        stored.alert(11, f"a{i}")
    slow_down(db)
    left, kills = count(db), 0
    while True:
        process = start_delete(place, db.dsn_superuser, "r")
        wait_for(lambda: process.code is not None or count(db) < left - 5000, 60, lambda: process.log)
        if process.code is not None:
            break
        process.kill9()
        wait_for(lambda: not db.value("select count(*) from pg_stat_activity where state = 'active' "
                                      "and application_name = 'tocsin'"))
        assert count(db) < left
        left, kills = count(db), kills + 1
        states = {run["name"]: run["state"] for run in
                  cli.run("list", "runs", "--project", "p", "--json").json()["details"]}
        assert states == {"r": "deleting", "keep": "finished"}
    assert process.code == 0, process.log
    assert kills >= 2, "killed too rarely to prove anything"
    assert not any(rows_of(db, 11).values()) and rows_of(db, 12)["blocks"] == 100
    assert db.query("select name from runs") == [("keep",)]


def test_a_run_without_its_blocks_and_one_with_them_alone_are_finished(db, place):
    """The ends of what a kill can leave."""
    stored = Stored(db)
    owner = Cli(place, db.dsn_superuser)
    for run_id, name in (11, "rows"), (12, "row"):
        stored.run("p", name, run_id)
        db.query("update runs set deleting = now() where run_id = %s", run_id)
        add_blocks(db, run_id, 10)
    db.query("delete from blocks where run_id = 12")
    db.query("delete from attempts where run_id = 12")
    for name in "rows", "row":
        assert owner.run(*DELETE, name, "--yes").rc == 0
    assert count(db, "runs") == count(db) == 0


def peak_kb(place, dsn, *argv):
    """Runs tocsin; the most memory that it had (not what getrusage() says: that begins before exec)."""
    process = Process([program("tocsin"), *argv], place, place / "measured.log", {"TOCSIN_DSN": dsn})
    peak = 0

    def ended():
        nonlocal peak
        code = process.code
        try:
            status = pathlib.Path(f"/proc/{process.pid}/status").read_text()
            peak = max([peak, *map(int, re.findall(r"^Name:\ttocsin$.*^VmHWM:\s*([0-9]+)", status, re.M | re.S))])
        except OSError:
            pass
        return code is not None

    wait_for(ended, 60, lambda: process.log)
    assert process.code == 0 and peak > 0, process.log
    return peak


class Beside:
    """A producer that logs and alerts without a pause; how long each acknowledgement took."""

    def __init__(self, emitter):
        self.emitter = emitter
        self.waits_s = []
        self.steps = 0
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run)
        emitter.hello()
        self._thread.start()

    def _run(self):
        while not self._stop.is_set():
            for send in (lambda: self.emitter.log(["x"], [(self.steps, (1.0,))]), lambda: self.emitter.alert("a")):
                began = time.monotonic()
                send()
                self.waits_s.append(time.monotonic() - began)
            self.steps += 1

    def stop(self):
        self._stop.set()
        self._thread.join(30)
        assert not self._thread.is_alive()
        return self.waits_s


@pytest.fixture
def logged(place):
    """A PostgreSQL that writes down each statement and how long it took."""
    cluster = Cluster(place, log_min_duration_statement="0", log_line_prefix="%a ")
    yield cluster
    cluster.stop()


def durations_s(cluster, words):
    """Of the program's statements that have these words."""
    parts = re.split(r"^(?=\S+ LOG:|\S+ ERROR:)", cluster.server.log, flags=re.M)
    found = [re.match(r"tocsin LOG:  duration: ([0-9.]+) ms  execute", part) for part in parts if words in part]
    return sorted(float(match.group(1)) / 1000 for match in found if match)


def test_a_long_run_takes_little_memory_and_short_transactions(place, logged, make_tocsind, make_emitter):
    db = logged.create()
    stored = Stored(db)
    stored.run("p", "small", 11, ending="finished")
    stored.run("p", "large", 12, ending="finished")
    add_blocks(db, 11, 10)
    add_blocks(db, 12, BLOCKS)
    add_rollups(db, 12, BLOCKS // 10, series=4)
    small_kb = peak_kb(place, db.dsn_superuser, *DELETE, "small", "--yes")
    beside = Beside(make_emitter(make_tocsind(db.dsn_collector).start(), project="other"))
    wait_for(lambda: beside.steps > 5)
    before = len(beside.waits_s)
    began = time.monotonic()
    large_kb = peak_kb(place, db.dsn_superuser, *DELETE, "large", "--yes")
    took_s = time.monotonic() - began
    waits_s = sorted(beside.stop()[before:])
    statements_s = durations_s(logged, "delete from blocks where")
    rollups_s = durations_s(logged, "delete from rollups where")
    print(f"{BLOCKS} blocks in {took_s:.2f} s, {len(statements_s)} transactions: median "
          f"{statements_s[len(statements_s) // 2] * 1e3:.0f} ms, longest {statements_s[-1] * 1e3:.0f} ms; {len(rollups_s)} of "
          f"{4 * BLOCKS // 10} rows of roll-ups, longest {rollups_s[-1] * 1e3:.0f} ms; memory "
          f"{small_kb} kB for a small run, {large_kb} kB for this one; {len(waits_s)} acknowledgements beside it: "
          f"median {waits_s[len(waits_s) // 2] * 1e3:.1f} ms, longest {waits_s[-1] * 1e3:.0f} ms")
    assert not any(rows_of(db, 12).values())
    assert large_kb - small_kb < GROWTH_KB_MAX
    assert waits_s and len(statements_s) > 10 and statements_s[-1] < STATEMENT_S_MAX
    assert len(rollups_s) > 3 and rollups_s[-1] < STATEMENT_S_MAX
    assert statements_s[len(statements_s) // 2] < STATEMENT_S_USUAL
    assert waits_s[-1] < ACK_S_MAX
    assert db.value("select count(*) from metrics where project = 'other'") == beside.steps
    db.close()


def test_what_is_deleted_is_met_once_also_beside_an_old_snapshot(place, db):
    """While somebody reads for long (pg_dump), rows that are gone stay in the index."""
    Stored(db).run("p", "r", 12, ending="finished")
    add_blocks(db, 12, BLOCKS // 2, calls=1)
    reader = db.connect()
    reader.set_session(isolation_level="REPEATABLE READ", autocommit=False)
    with reader.cursor() as cursor:
        cursor.execute("select count(*) from tocsin.blocks")

    def entries_read():
        return db.value("select idx_tup_read from pg_stat_all_indexes where indexrelname = 'blocks_by_series'")

    before = entries_read()
    assert Cli(place, db.dsn_superuser).run(*DELETE, "r", "--yes").rc == 0
    wait_for(lambda: entries_read() - before >= BLOCKS // 2)  # its server process is ending
    wait_for(lambda: not db.value("select count(*) from pg_stat_activity where application_name = 'tocsin'"))
    print(f"{(entries_read() - before) / (BLOCKS // 2):.1f} index entries read for a block")
    assert entries_read() - before < 3.5 * (BLOCKS // 2)  # by the look, the deletion, the proof
    reader.close()


def test_an_interrupt_ends_it_at_once(place, db):
    Stored(db).run("p", "r", 11, ending="finished")
    add_blocks(db, 11, 60_000, calls=2)
    slow_down(db)
    process = start_delete(place, db.dsn_superuser, "r")
    wait_for(lambda: count(db) < 60_000 or process.code is not None, 60)
    assert process.stop(signal.SIGINT) == -signal.SIGINT
    assert db.query("select state from runs_overview") == [("deleting",)]


def test_a_lost_connection_says_how_to_go_on(place, db):
    Stored(db).run("p", "r", 11, ending="finished")
    add_blocks(db, 11, 60_000, calls=2)
    slow_down(db)
    process = start_delete(place, db.dsn_superuser, "r")
    wait_for(lambda: count(db) < 60_000 or process.code is not None, 60)
    db.query("select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'tocsin'")
    wait_for(lambda: process.code is not None)
    assert process.code == 5 and "the same command goes on from there" in process.log, process.log
    assert db.query("select state from runs_overview") == [("deleting",)]
    assert Cli(place, db.dsn_superuser).run(*DELETE, "r", "--yes").rc == 0
    assert count(db) == count(db, "runs") == 0
