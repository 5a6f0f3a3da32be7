# SPDX-License-Identifier: Apache-2.0
"""Alerts behind a cursor: each once, none left out, waited for; with several writers that commit in any order."""

import json
import random
import signal
import subprocess
import threading

import pytest

from rig.process import environment, program
from rig.wait import wait_for
from stored import Stored

RUN = 1
ALERTS = ["list", "alerts", "--project", "p"]


@pytest.fixture
def stored(db):
    stored = Stored(db)
    stored.run("p", "r", RUN)
    return stored


def titles(answer):
    return [alert["title"] for alert in answer["alerts"]]


def ask(stored, cursor, *argv, rc=0):
    done = stored.cli(*ALERTS, "--after", cursor, *argv, "--json")
    assert done.rc == rc, done.stderr
    return json.loads(done.stdout)


class Open:
    """A transaction that has stored an alert and not committed yet."""

    def __init__(self, stored, title):
        self.connection = stored.db.connect()
        self.connection.autocommit = False
        self.cursor = self.connection.cursor()
        self.cursor.execute(
            "insert into tocsin.alerts (project_id, run_id, rank, attempt, level, title, time) "
            "select project_id, run_id, 0, 0, 1, %s, now() from tocsin.runs", (title,))

    def commit(self):
        self.connection.commit()
        self.connection.close()


class Waiting:
    """tocsin, started and not waited for."""

    started = None  # when, by PostgreSQL's clock: connections of commands before it may still be closing

    def __init__(self, place, db, *argv):
        dsn = db.dsn_reader
        Waiting.started = db.value("select clock_timestamp()")
        env = environment(place, {"TOCSIN_DSN": dsn})
        self.process = subprocess.Popen([program("tocsin"), *argv], cwd=place, env=env, text=True,
                                        stdout=subprocess.PIPE, stderr=subprocess.PIPE)

    def answer(self):
        out, err = self.process.communicate(timeout=30)
        return self.process.returncode, out, err

    def next(self):
        return json.loads(self.process.stdout.readline())

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        self.process.communicate(timeout=30)


@pytest.fixture
def wait(place, stored):
    """Starts tocsin on the test's database: wait("list", "alerts", ...). What still runs is stopped."""
    started = []

    def start(*argv, db=None):
        started.append(Waiting(place, db or stored.db, *argv))
        return started[-1]

    yield start
    for one in started:
        one.stop()


def listening(stored):
    """Waits until the one that was started last has looked for the first time, and listens: what comes now is
    new to it."""
    wait_for(lambda: stored.db.value("""select count(*) from pg_stat_activity
        where datname = current_database() and application_name = 'tocsin' and state = 'idle'
          and query = 'commit' and backend_start > %s""", Waiting.started) == 1, 20)


def test_from_the_start_in_order_and_then_what_is_new(stored):
    for i in range(3):
        stored.alert(RUN, f"a{i}", at=-i)  # their own times say nothing
    first = ask(stored, "start")
    assert titles(first) == ["a0", "a1", "a2"] and first["has_more"] is False
    assert titles(ask(stored, first["cursor"])) == []
    stored.alert(RUN, "a3")
    second = ask(stored, first["cursor"])
    assert titles(second) == ["a3"]
    assert list(second) == ["project", "run", "level", "since", "alerts", "has_more", "cursor"]


def test_the_cursor_of_the_newest_goes_on_from_there(stored):
    stored.alert(RUN, "old")
    newest = stored.json(*ALERTS)
    stored.alert(RUN, "new")
    assert titles(newest) == ["old"]
    assert titles(ask(stored, newest["cursor"])) == ["new"]


def test_what_commits_late_is_neither_missed_nor_repeated(stored):
    slow = Open(stored, "slow")  # its transaction and id are lower than those of the next
    stored.alert(RUN, "fast")
    first = ask(stored, "start")
    assert titles(first) == ["fast"]  # and nobody waited for the slow one
    newest = stored.json(*ALERTS)
    slow.commit()
    assert titles(ask(stored, first["cursor"])) == ["slow"]
    assert titles(ask(stored, newest["cursor"])) == ["slow"]
    assert sorted(titles(ask(stored, "start"))) == ["fast", "slow"]


def test_pages_while_transactions_commit_in_any_order(stored):
    for i in range(5):
        stored.alert(RUN, f"a{i}")
    slow = Open(stored, "slow")
    for i in range(5, 9):
        stored.alert(RUN, f"a{i}")
    seen = []
    answer = ask(stored, "start", "--limit=4")
    assert answer["has_more"] and "cursor" in answer["more"]
    seen += titles(answer)
    slow.commit()
    stored.alert(RUN, "last")
    while answer["has_more"]:
        answer = ask(stored, answer["cursor"], "--limit=4")
        seen += titles(answer)
    assert seen == [f"a{i}" for i in range(9)]  # the page belongs to the moment when it was begun
    assert titles(ask(stored, answer["cursor"], "--limit=4")) == ["slow", "last"]


def test_many_writers_and_a_reader_of_small_pages(stored):
    """Each alert exactly once, though transactions stay open for different times."""
    writers, each = 6, 30
    stop = threading.Event()

    def write(number):
        chance = random.Random(number)
        for i in range(each):
            pending = Open(stored, f"{number}-{i}")
            stop.wait(chance.choice((0, 0, 0.005, 0.03)))
            pending.commit()

    threads = [threading.Thread(target=write, args=(n,)) for n in range(writers)]
    for thread in threads:
        thread.start()
    seen, cursor = [], "start"
    while any(thread.is_alive() for thread in threads):
        answer = ask(stored, cursor, "--limit=7")
        seen, cursor = seen + titles(answer), answer["cursor"]
    while titles(answer) or answer["has_more"]:
        answer = ask(stored, cursor, "--limit=7")
        seen, cursor = seen + titles(answer), answer["cursor"]
    assert sorted(seen) == sorted(f"{n}-{i}" for n in range(writers) for i in range(each))


def test_filters_apply_behind_a_cursor(stored):
    stored.run("p", "other", 2)
    stored.run("elsewhere", "far", 3)
    for level in range(3):
        stored.alert(RUN, f"level {level}", level=level)
    stored.alert(2, "other run", level=2, rank=3)
    stored.alert(3, "other project", level=2)
    assert titles(ask(stored, "start", "--min-level=warn")) == ["level 1", "level 2", "other run"]
    assert titles(ask(stored, "start", "--level=warn")) == ["level 1"]
    assert titles(ask(stored, "start", "--run=other")) == ["other run"]
    assert titles(ask(stored, "start", "--rank=3")) == ["other run"]
    assert len(titles(ask(stored, "start", "--since=2026-01-01"))) == 4
    assert titles(ask(stored, "start", "--since=2100-01-01")) == []


def test_since_so_long_ago(stored):
    stored.db.query("""insert into alerts (project_id, run_id, rank, attempt, level, title, time)
                       select project_id, run_id, 0, 0, 1, title, now() - age from runs,
                         (values ('minute', interval '1 minute'), ('hour', interval '1 hour'),
                                 ('week', interval '7 days')) v(title, age)""")
    assert titles(stored.json(*ALERTS, "--since", "15m")) == ["minute"]
    assert titles(stored.json(*ALERTS, "--since", "2h")) == ["minute", "hour"]
    assert titles(stored.json(*ALERTS, "--since", "8d")) == ["minute", "hour", "week"]


def test_limit_of_the_newest_says_that_there_is_more(stored):
    for i in range(60):
        stored.alert(RUN, f"a{i}", at=i)
    answer = stored.json(*ALERTS)
    assert titles(answer) == [f"a{i}" for i in range(59, 9, -1)] and answer["has_more"]
    everything = stored.json(*ALERTS, "--limit=0")
    assert len(titles(everything)) == 60 and everything["has_more"] is False
    assert "There is more" in stored.cli(*ALERTS).stderr
    assert "There is more" not in stored.cli(*ALERTS, "--limit=60").stderr


# Waiting


def test_wait_ends_with_the_commit(stored, wait):
    cursor = stored.json(*ALERTS)["cursor"]
    waiting = wait(*ALERTS, "--after", cursor, "--wait=60s", "--json")
    listening(stored)
    stored.alert(RUN, "now")
    stored.db.query("select pg_notify('tocsin_alerts', '')")
    code, out, err = waiting.answer()
    assert (code, err) == (0, "") and titles(json.loads(out)) == ["now"]


def test_wait_needs_no_notification(stored, wait):
    waiting = wait(*ALERTS, "--wait=60s", "--json")
    listening(stored)
    stored.alert(RUN, "unheard")
    code, out, _ = waiting.answer()
    assert code == 0 and titles(json.loads(out)) == ["unheard"]


def test_wait_without_after_means_from_now_on(stored):
    stored.alert(RUN, "old")
    done = stored.cli(*ALERTS, "--wait=1s", "--json")
    assert done.rc == 8 and done.stderr == ""
    answer = json.loads(done.stdout)
    assert titles(answer) == [] and titles(ask(stored, answer["cursor"])) == []


def test_wait_wakes_for_what_matches_only(stored, wait):
    waiting = wait(*ALERTS, "--wait=60s", "--min-level=error", "--json")
    listening(stored)
    for level, title in ((0, "quiet"), (1, "warned"), (2, "loud")):
        stored.alert(RUN, title, level=level)
        stored.db.query("select pg_notify('tocsin_alerts', '')")
    code, out, _ = waiting.answer()
    assert code == 0 and titles(json.loads(out)) == ["loud"]


def test_wait_for_a_project_that_is_not_there(stored):
    done = stored.cli("list", "alerts", "--project", "nowhere", "--wait=1s", "--json")
    assert done.rc == 3 and json.loads(done.stderr)["error"]["code"] == "not_found"


def test_an_alert_wakes_who_waits_for_it(stored, wait, tocsind, make_emitter):
    """The whole way: an emitter's alert, the collector's transaction, its notification."""
    stored.run("live", "before", 77)
    waiting = wait("list", "alerts", "--project", "live", "--wait=60s", "--json")
    listening(stored)
    emitter = make_emitter(tocsind, project="live")
    emitter.hello()
    emitter.alert("rang")
    code, out, _ = waiting.answer()
    assert code == 0 and titles(json.loads(out)) == ["rang"]


def test_follow_prints_rows_with_cursors(stored, wait):
    stored.alert(RUN, "first")
    following = wait(*ALERTS, "--after=start", "--follow")
    rows = [following.next()]
    stored.alert(RUN, "second")
    rows.append(following.next())
    slow = Open(stored, "slow")
    stored.alert(RUN, "third")
    rows.append(following.next())
    slow.commit()
    rows.append(following.next())
    assert [row["title"] for row in rows] == ["first", "second", "third", "slow"]
    for i, row in enumerate(rows[:2]):  # whoever was stopped goes on behind the last row it had
        assert set(titles(ask(stored, row["cursor"]))) == {r["title"] for r in rows[i + 1:]}


def test_follow_outlives_a_restart_of_postgresql(own_cluster, wait):
    stored = Stored(own_cluster.create())
    stored.run("p", "r", RUN)
    following = wait(*ALERTS, "--follow", db=stored.db)
    listening(stored)
    own_cluster.kill9()
    own_cluster.start()
    stored.db.close()
    stored.alert(RUN, "after the crash")
    assert following.next()["title"] == "after the crash"


# Mistakes


@pytest.mark.parametrize("cursor", ["", "x", "1", "1:2", "1:2:/", "1:2:/3:4:/", "1:2:/3:4:/5", "1:2:/3:4:/5-",
                                    "1:2:/3:4:/-1", "1:2:/3:4:/5-6/7", "5:3:", "9" * 70000, "1:2:;drop"])
def test_what_is_no_cursor(stored, cursor):
    done = stored.cli(*ALERTS, f"--after={cursor}")
    assert (done.rc, done.stdout) == (2, "")
    assert "--after is a cursor" in done.stderr and done.stderr.count("\n") == 1


def test_a_cursor_of_another_database(stored):
    done = stored.cli(*ALERTS, "--after=999999999:999999999:")
    assert done.rc == 2 and "another database" in done.stderr


@pytest.mark.parametrize("argv, sentence", [
    (["--level=info", "--min-level=warn"], "exclude each other"),
    (["--follow", "--wait=1s"], "leave out --wait"),
    (["--follow", "--json"], "--format=ndjson"),
    (["--follow", "--format=tsv"], "--format=ndjson"),
    (["--wait=0s"], "--wait is a time such as"),
    (["--limit=-1"], "--limit is a whole number"),
    (["--after=start", "--since=notatime"], "--since is a time like"),
])
def test_options_that_make_no_sense(stored, argv, sentence):
    done = stored.cli(*ALERTS, *argv)
    assert (done.rc, done.stdout) == (2, "") and sentence in done.stderr
