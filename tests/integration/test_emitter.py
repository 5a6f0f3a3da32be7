# SPDX-License-Identifier: Apache-2.0
"""libtocsin against a real collector and PostgreSQL: what a program logged is what SQL has, whatever
is absent, killed or restarted in the middle."""

import math
import os
import re
import signal

import pytest

from rig.process import Process, program
from rig.programs import Tocsind
from rig.wait import wait_for

OK, TIMEOUT = 0, 9


class Probe:
    """emitter_probe: a training process that does what it is told."""

    def __init__(self, place, endpoint, name="probe", **variables):
        fifo = place / f"{name}.fifo"
        os.mkfifo(fifo)
        self.rings = place / "rings"
        self.step = 0
        self.process = Process([program("emitter_probe"), fifo], place, place / f"{name}.log",
                               {"TOCSIN_PROJECT": "p", "TOCSIN_RUN_NAME": name,
                                "TOCSIN_ENDPOINT": endpoint, "TOCSIN_RING_DIR": str(self.rings),
                                **variables})
        self.wait_said("started")
        self._orders = open(fifo, "w", encoding="utf-8")

    def said(self, pattern):
        return re.search(pattern, self.process.log, re.M)

    def wait_said(self, pattern, deadline_s=30):
        return wait_for(lambda: self.said(pattern), deadline_s,
                        lambda: f"{pattern} in:\n{self.process.log}")

    def order(self, line):
        self._orders.write(line + "\n")
        self._orders.flush()

    def log_until(self, step):
        """Logs up to this step; the calls have returned."""
        self.order(f"log {step - self.step}")
        self.step = step
        self.wait_said(rf"^logged {step}$")

    def alert(self, title):
        self.order(f"alert {title}")

    def finish(self, deadline_ms=60000):
        """Finishes the run and ends the process. Returns code and milliseconds of tocsin_finish()."""
        self.order(f"finish {deadline_ms}")
        answer = self.wait_said(r"^finished (\d+) (\d+)$", deadline_ms / 1000 + 10)
        self.close()
        return int(answer[1]), int(answer[2])

    def wait_end(self):
        wait_for(lambda: self.process.code is not None, 10, lambda: self.process.log)
        return self.process.code

    def close(self):
        self._orders.close()
        assert self.wait_end() == 0, self.process.log


@pytest.fixture
def probe(place):
    """Makes probes; those that still run when the test is over end with their pipe."""
    made = []

    def make(endpoint, **variables):
        made.append(Probe(place, endpoint, f"probe{len(made)}", **variables))
        return made[-1]

    yield make
    for p in made:
        if p.process.code is None:
            p.close()


def conservation(db):
    return db.query("""select lane, emitted, committed, dropped, on_node
                       from producers_overview order by lane""")


def committed(db):
    """Calls that SQL has; 0 before the run is known."""
    return db.value("select coalesce(sum(committed), 0) from producers_overview "
                    "where lane = 'metrics'")


def check_all_once(db, steps):
    """Each step once, with its value, and the totals agree."""
    rows = db.query("select step, value from metrics where name = 'x' order by step")
    assert rows == [(step, float(step)) for step in range(steps)]
    assert conservation(db)[1] == ("metrics", steps, steps, 0, 0)


def test_all_calls_of_the_example_are_stored(place, db, tocsind):
    env = {"TOCSIN_ENDPOINT": tocsind.endpoint, "TOCSIN_RING_DIR": str(place / "rings")}
    process = Process([program("minimal")], place, place / "minimal.log", env)
    wait_for(lambda: process.code is not None, 60, lambda: process.log)
    assert process.code == 0, process.log
    assert db.query("""select count(*), min(step), max(step)
                       from metrics where name = 'train/loss'""") == [(1000, 0, 999)]
    assert conservation(db) == [("events", 2, 2, 0, 0), ("metrics", 1000, 1000, 0, 0)]
    assert not list((place / "rings").iterdir()), "an acknowledged ring is removed"


def test_a_collector_that_comes_late_gets_everything(db, make_tocsind, probe):
    tocsind = make_tocsind()
    p = probe(tocsind.endpoint)
    p.log_until(1000)
    p.alert("before anybody was there")
    p.wait_said(r"no collector at .*; training goes on, data waits in .*rings/")
    tocsind.start()
    p.wait_said(r"connected to the collector at")
    wait_for(lambda: committed(db) == 1000)
    p.log_until(2000)
    assert p.finish()[0] == OK
    check_all_once(db, 2000)
    assert conservation(db)[0] == ("events", 2, 2, 0, 0)
    assert db.query("select title, step from alerts_feed") == [("before anybody was there", 999)]
    assert len(re.findall("no collector at", p.process.log)) == 1
    assert not list(p.rings.iterdir())


def test_a_killed_collector_loses_and_doubles_nothing(db, make_tocsind, probe):
    tocsind = make_tocsind().start()
    p = probe(tocsind.endpoint)
    for n in range(1, 5):
        p.log_until(n * 10000)
        wait_for(lambda: committed(db) > (n - 1) * 10000)
        tocsind.kill9()
        p.log_until(n * 10000 + 5000)
        tocsind.start()
    assert p.finish()[0] == OK
    check_all_once(db, 45000)


def test_a_restarted_postgresql_loses_and_doubles_nothing(place, own_cluster, probe):
    db = own_cluster.create()
    tocsind = Tocsind(place, db.dsn_collector).start()
    p = probe(tocsind.endpoint)
    for n, end in enumerate((lambda: own_cluster.stop(signal.SIGQUIT), own_cluster.kill9), 1):
        p.log_until(n * 10000)
        wait_for(lambda: committed(db) > (n - 1) * 10000)
        db.close()
        end()
        p.log_until(n * 10000 + 5000)
        p.alert(f"while the database was away {n}")
        own_cluster.start()
    assert p.finish()[0] == OK
    check_all_once(db, 25000)
    assert db.value("select count(*) from alerts_feed") == 2
    assert tocsind.stop() == 0


def test_an_alert_reaches_sql_at_once(db, tocsind, probe):
    p = probe(tocsind.endpoint)
    p.log_until(7)
    wait_for(lambda: committed(db) == 7)
    p.alert("loss is NaN")
    wait_for(lambda: db.value("select count(*) from alerts_feed") == 1, 5)
    assert db.query("select project, run, rank, level, title, text, step from alerts_feed") == [
        ("p", "probe0", 0, "error", "loss is NaN", "text", 6)]
    assert p.said(r"^\[TOCSIN ERROR\] loss is NaN: text \(step 6\)$")
    assert p.finish()[0] == OK


def test_nan_and_infinities_are_stored_as_they_are(db, tocsind, probe):
    p = probe(tocsind.endpoint)
    p.log_until(4)
    assert p.finish()[0] == OK
    odd = [v for (v,) in db.query("select value from metrics where name = 'odd' order by step")]
    assert math.isnan(odd[0])
    assert odd[1:] == [math.inf, -math.inf, 0.5]


def test_what_is_dropped_is_counted_in_sql(db, make_tocsind, probe):
    """Ring and spool are full long before the collector comes."""
    tocsind = make_tocsind()
    p = probe(tocsind.endpoint, TOCSIN_RING_BYTES="1048576", TOCSIN_SPOOL_BYTES="1048576")
    p.log_until(200000)
    tocsind.start()
    p.log_until(200001)
    assert p.finish()[0] == OK
    _, emitted, stored, dropped, on_node = conservation(db)[1]
    assert emitted == 200001
    assert dropped > 50000
    assert (stored + dropped, on_node) == (emitted, 0)
    assert db.value("select count(*) from metrics where name = 'x'") == stored
    assert db.value("select count(distinct step) from metrics where name = 'x'") == stored


@pytest.mark.parametrize("is_there", [True, False], ids=["with_collector", "without_collector"])
def test_a_process_that_leaves_without_finish_just_ends(db, make_tocsind, probe, is_there):
    tocsind = make_tocsind()
    if is_there:
        tocsind.start()
    p = probe(tocsind.endpoint)
    p.log_until(5000)
    p.order("leave")
    assert p.wait_end() == 0, p.process.log
    assert len(list(p.rings.iterdir())) == 1, "what it logged stays"


def test_finish_does_not_wait_longer_than_its_deadline(make_tocsind, db, probe):
    p = probe(make_tocsind().endpoint)
    p.log_until(5000)
    code, ms = p.finish(1000)
    assert code == TIMEOUT
    assert ms < 2500
    assert p.said(r"5000 calls and 1 events of run probe0 were not acknowledged in time; they wait in")
