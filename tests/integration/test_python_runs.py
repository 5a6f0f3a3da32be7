# SPDX-License-Identifier: Apache-2.0
"""Runs of the Python package: how they begin, end, go on and stand beside each other."""

import pytest

from rig.python import warnings_of
from rig.wait import wait_for


def values(db, name, run=None):
    """[(step, value)] of a metric."""
    return db.query("select step, value from metrics where name = %s and (%s is null or run = %s) "
                    "order by time", name, run, run)


def state(db, run):
    return db.value("select state from runs_overview where run = %s", run)


@pytest.mark.parametrize("end, code, state_then", [
    ("pass", 0, "finished"),
    ("run.finish()", 0, "finished"),
    ("raise ValueError('mine')", 1, "failed"),
    ("raise SystemExit(0)", 0, "finished"),
    ("__import__('os').kill(__import__('os').getpid(), 2)", 1, "failed"),
])
def test_how_a_script_ends(db, scripts, end, code, state_then):
    """At exit a run is finished; after an exception that nobody caught, as failed."""
    process = scripts.start(f"""
        import tocsin
        run = tocsin.init(name="r")
        tocsin.log({{"a": 1}})
        {end}
        """)
    wait_for(lambda: process.code is not None, 30, lambda: process.log)
    assert process.code in (code, -2), process.log
    assert state(db, "r") == state_then and values(db, "a") == [(0, 1)]


def test_with_blocks(db, scripts):
    log = scripts.run("""
        import tocsin
        with tocsin.init(name="good") as run:
            run.log({"a": 1})
        try:
            with tocsin.init(name="bad"):
                tocsin.log({"a": 2})
                raise KeyError("k")
        except KeyError:
            pass
        tocsin.finish()  # nothing to finish: nothing happens
        tocsin.init(name="one")
        tocsin.log({"a": 3})
        tocsin.init(name="two")  # finishes the one before
        tocsin.log({"a": 4})
        """)
    assert warnings_of(log) == []
    assert [state(db, run) for run in ("good", "bad", "one", "two")] == [
        "finished", "failed", "finished", "finished"]
    assert [values(db, "a", run) for run in ("good", "bad", "one", "two")] == [
        [(0, 1)], [(0, 2)], [(0, 3)], [(0, 4)]]


def test_runs_beside_each_other(db, scripts):
    scripts.run("""
        import tocsin
        runs = [tocsin.Run("p", name=f"r{i}", config={"i": i}) for i in range(3)]
        for step in range(10):
            for i, run in enumerate(runs):
                run.log({"a": i * 100 + step}, step=step)
        for run in runs:
            run.config["end"] = True
            assert run.finish(timeout=float("inf")) and run.finish()
        """)
    for i in range(3):
        assert values(db, "a", f"r{i}") == [(step, i * 100 + step) for step in range(10)]
    assert [c for (c,) in db.query("select config from runs_overview order by run")] == [
        {"i": i, "end": True} for i in range(3)]


def test_a_resumed_run_goes_on_after_its_last_step(db, scripts):
    """In the same process and in another one: callers that name no steps would begin again at 0, and
    hide what the run had logged before."""
    scripts.run("""
        import tocsin
        for part in range(2):
            tocsin.init(name="r", resume="allow")
            for i in range(3):
                tocsin.log({"a": part * 3 + i})
            tocsin.finish()
        """)
    scripts.run("""
        import tocsin
        tocsin.init(name="r", resume="must")
        tocsin.alert("back")
        tocsin.log({"a": 6})
        """)
    assert values(db, "a") == [(i, i) for i in range(7)]
    assert db.value("select count(*) from runs_overview") == 1
    assert db.value("select step from alerts_feed") == 5


def test_without_a_collector_nothing_waits_and_nothing_is_lost(db, tocsind, scripts, cli):
    tocsind.stop()
    log = scripts.run("""
        import time
        import tocsin
        run = tocsin.init(name="r")
        began = time.monotonic()
        for step in range(1000):
            tocsin.log({"a": step})
        tocsin.alert("alone")
        assert time.monotonic() - began < 5
        assert not run.finish(timeout=0.2)
        """)
    assert "1000 calls and 2 events of run r" in log and "they wait in" in log
    tocsind.start()
    places = {name: scripts.env[name] for name in ("TOCSIN_RING_DIR", "TOCSIN_SPOOL_DIR")}
    shipped = cli.run("ship", "--json", env=places).json()
    assert (shipped["found"], shipped["delivered"]) == (1, 1), shipped
    assert values(db, "a") == [(step, step) for step in range(1000)]
    assert db.query("select title, step from alerts_feed") == [("alone", 999)]
