# SPDX-License-Identifier: Apache-2.0
"""tocsin wait: until a run meets a condition, ends without it, or the time is over."""

import json

import pytest

from rig.wait import wait_for
from stored import Stored
from test_cli_poll import Waiting


@pytest.fixture
def stored(db):
    stored = Stored(db)
    stored.run("p", "other", 1, at=0)
    stored.run("p", "r", 2, at=1, config='{"lr": 0.1}')
    stored.log(2, ["loss"], [(0, 0, [3.0]), (5, 1, [1.0])])
    stored.refresh_state()
    return stored


@pytest.fixture
def start(place, stored):
    """Starts a wait on the test's database. What still runs is stopped."""
    started = []

    def start(*argv):
        started.append(Waiting(place, stored.db, "wait", "--project=p", "--json", *argv))
        return started[-1]

    yield start
    for one in started:
        one.stop()


def wait(stored, *argv, rc=0):
    done = stored.cli("wait", "--project=p", "--json", *argv)
    assert done.rc == rc, done.stderr
    return json.loads(done.stdout)


def is_waiting(stored):
    wait_for(lambda: stored.db.value("""select count(*) from pg_stat_activity where state = 'idle' and query not like 'listen%%'
        and backend_start > %s
        and datname = current_database() and application_name = 'tocsin'""", Waiting.started) == 1, 20)


def end(stored, run_id, ending):
    stored.db.query("update attempts set ended = now(), ending = %s where run_id = %s", ending, run_id)


def test_what_is_met_already(stored):
    got = wait(stored, "--run=r", "--for=metric:loss<=1")
    assert got == {"project": "p", "run": "r", "run_id": "2", "met": True, "condition": "metric:loss<=1",
                   "state": "running", "last_step": 5,
                   "metrics": {"loss": {"last": 1.0, "min": 1.0, "max": 3.0}}}
    assert wait(stored, "--for=config.lr=0.1")["run"] == "r"  # of all runs of the project


def test_the_first_condition_that_is_met(stored):
    got = wait(stored, "--run=r", "--for=state=failed", "--for=step>=5", "--for=state=running")
    assert got["condition"] == "step>=5"


def test_a_change_ends_it(stored, start):
    waiting = start("--run=r", "--for=metric:loss<0.5", "--timeout=60s")
    is_waiting(stored)
    stored.log(2, ["loss"], [(6, 2, [0.25])])
    stored.refresh_state()
    stored.db.query("select pg_notify('tocsin_runs', '')")
    code, out, err = waiting.answer()
    assert (code, err) == (0, "") and json.loads(out)["metrics"]["loss"]["last"] == 0.25


def test_an_alert_ends_it(stored, start):
    waiting = start("--for=alert>=error", "--timeout=60s")
    is_waiting(stored)
    stored.alert(2, "warned", level=1)
    stored.alert(1, "failed", level=2)
    code, out, _ = waiting.answer()
    assert code == 0 and json.loads(out)["run"] == "other"


def test_a_run_that_failed_meets_nothing_more(stored, start):
    waiting = start("--run=r", "--for=metric:loss<0.5", "--timeout=60s")
    is_waiting(stored)
    end(stored, 2, "failed")
    code, out, err = waiting.answer()
    got = json.loads(out)
    assert (code, err, got["met"], got["condition"], got["state"]) == (6, "", False, None, "failed")


def test_a_run_that_finished_without_it(stored):
    end(stored, 2, "finished")
    assert wait(stored, "--run=r", "--for=metric:loss<0.5", rc=6)["state"] == "finished"
    assert wait(stored, "--run=r", "--for=metric:loss<0.5", "--for=state=finished")["met"]
    assert wait(stored, "--run=r", "--for=metric:loss<2")["met"]  # met before it ended


def test_timeout(stored):
    got = wait(stored, "--run=r", "--for=state=finished", "--timeout=1s", rc=8)
    assert (got["met"], got["run"], got["run_id"], got["condition"]) == (False, "r", "2", None)
    assert stored.cli("wait", "--project=p", "--for=state=finished", "--timeout=1s").stderr == (
        "It did not happen in 1s.\n")


def test_a_run_that_is_yet_to_start(stored, start):
    waiting = start("--run=late", "--for=state=running", "--timeout=60s")
    is_waiting(stored)
    stored.run("p", "late", 3, at=9)
    code, out, err = waiting.answer()
    assert (code, err) == (0, "") and json.loads(out)["run_id"] == "3"


def test_a_run_that_never_came(stored):
    done = stored.cli("wait", "--project=p", "--run=nix", "--for=state=running", "--timeout=1s", "--json")
    assert done.rc == 3 and json.loads(done.stderr)["error"]["code"] == "not_found"
    done = stored.cli("wait", "--project=nowhere", "--for=state=running", "--timeout=1s")
    assert done.rc == 3 and "Project 'nowhere' not found" in done.stderr


def test_silence(stored):
    stored.db.query("update runs set last_seen = now() - interval '10 minutes' where run_id = 2")
    assert wait(stored, "--for=silent>5m")["run"] == "r"
    wait(stored, "--run=other", "--for=silent>5m", "--timeout=1s", rc=8)
    end(stored, 2, "finished")
    wait(stored, "--run=r", "--for=silent>5m", "--timeout=1s", rc=6)  # who has ended is not silent


@pytest.mark.parametrize("argv, sentence", [
    ([], "wait needs --for"),
    (["--for=state"], "--for: 'state' has no operator"),
    (["--for=silent>soon"], "a time such as"),
    (["--for=state=x", "--timeout=0s"], "--timeout is a time"),
])
def test_mistakes(stored, argv, sentence):
    done = stored.cli("wait", "--project=p", *argv)
    assert (done.rc, done.stdout) == (2, "") and sentence in done.stderr
