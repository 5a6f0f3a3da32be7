# SPDX-License-Identifier: Apache-2.0
"""delete and rename while collectors and trainers live: what happens to those that go on."""

import contextlib

import pytest

from housekeeping import rows_of
from keyring import KeyedEmitter, Keyring, Trainee, start_keyed
from rig import wire
from rig.programs import Cli
from rig.wait import wait_for
from webhooks import Endpoints, settings

DELETING = "is being deleted"
REJECT_NO_RUN, REJECT_CONTENT = 4, 5
UNKNOWN_PRODUCER = 1
QUARANTINED = "tocsin_batches_quarantined_total"


@pytest.fixture
def owner(place, db):
    return Cli(place, db.dsn_superuser)


@pytest.fixture
def train(place):
    """Makes trainees: train(tocsind, "name", TOCSIN_RUN_NAME=...)."""
    def make(tocsind, name="trainee", alerts=3, **env):
        return Trainee(place, {"TOCSIN_ENDPOINT": tocsind.endpoint, "TOCSIN_RUN_NAME": "r", **env}, name, alerts)
    return make


@contextlib.contextmanager
def alerts_locked(db, run_id):
    """Nobody can delete an alert of the run in here: who deletes it gives up there."""
    connection = db.connect()
    connection.autocommit = False
    try:
        connection.cursor().execute("select from tocsin.alerts where run_id = %s for update", (run_id,))
        yield
    finally:
        connection.close()


def watch_producers(db):
    """Writes down how many calls were committed when a producer was deleted."""
    db.query("create table public.stood (lane smallint, committed bigint)")
    db.query("""create function public.note() returns trigger language plpgsql security definer
                as $$ begin insert into public.stood values (old.lane, old.committed); return old; end $$""")
    db.query("create trigger note before delete on producers for each row execute function public.note()")


def committed(db, project="p"):
    return db.value("""select coalesce(sum(committed), 0) from producers_overview
                       where project = %s and lane = 'metrics'""", project)


def assert_nothing_lost_since(db, calls, first):
    """Of a trainee's run that was made anew: every call from `first` on, once, and nothing on its way."""
    rows = db.query("select step, count(*) from metrics_all_attempts where name = 'loss' group by step order by step")
    assert rows == [(step, 1) for step in range(first, calls)], (rows[:2], rows[-2:], first, calls)
    assert db.value("select sum(on_node) + sum(dropped) from producers_overview") == 0


def delete(owner, *argv):
    return owner.run("delete", *argv, "--yes", "--json")


RUN = ["run", "--project", "p", "--run", "r"]


def test_a_live_run_is_made_anew_with_what_came_since(db, tocsind, owner, cli, train):
    watch_producers(db)
    trainee = train(tocsind)
    wait_for(lambda: committed(db) > 100)
    done = delete(owner, *RUN)
    assert done.rc == 2 and "has not ended" in done.stderr
    run_id = db.value("select run_id from runs")
    with alerts_locked(db, run_id):
        done = delete(owner, *RUN, "--force")
        assert done.rc == 5 and "the same command goes on from there" in done.stderr
        (listed,) = cli.run("list", "runs", "--project", "p", "--json").json()["details"]
        assert listed["state"] == "deleting"
        trainee.says(DELETING)  # what it logs waits there
        assert db.value("select count(*) from blocks") == db.value("select count(*) from producers") == 0
    assert delete(owner, *RUN).rc == 0  # no --force: it is not running, it is being deleted
    first = db.value("select committed from public.stood where lane = 1")
    wait_for(lambda: committed(db) > 100, 30, lambda: trainee.log)
    assert db.query("select run_id, name, deleting from runs") == [(run_id, "r", None)]
    assert_nothing_lost_since(db, trainee.finish(), first)
    assert db.query("select state from runs_overview") == [("finished",)]
    assert tocsind.metrics()[QUARANTINED] == 0 and db.value("select count(*) from quarantine") == 0
    assert tocsind.log.count(DELETING) < 10, tocsind.log  # no loop


def test_a_live_run_is_made_anew_at_once_where_nothing_holds_up(db, tocsind, owner, train):
    watch_producers(db)
    trainee = train(tocsind)
    for _ in range(3):
        wait_for(lambda: committed(db) > 50, 30, lambda: trainee.log)
        assert delete(owner, *RUN, "--force").json()["runs"] == 1
    wait_for(lambda: committed(db) > 50, 30, lambda: trainee.log)
    first = db.value("select sum(committed)::bigint from public.stood where lane = 1")
    assert_nothing_lost_since(db, trainee.finish(), first)
    assert tocsind.metrics()[QUARANTINED] == 0


def test_what_is_being_deleted_takes_nobody_in(db, tocsind, make_emitter):
    """A producer it knows, another start of the rank, one that resumes by name; and then again."""
    known = make_emitter(tocsind, run_id=7)
    known.hello()
    known.log(["x"], [(0, (1.0,))])
    db.query("update runs set deleting = now()")
    before = rows_of(db, 7)

    def turned_away(emitter, **fields):
        emitter.send_raw(emitter.hello_frame(**fields))
        reject = emitter.expect(wire.REJECT)
        return reject["reason"], reject["text"]

    restart = make_emitter(tocsind, run_id=7)
    for emitter in known, restart:
        reason, text = turned_away(emitter)
        assert reason == REJECT_CONTENT and "run is being deleted" in text
    assert turned_away(make_emitter(tocsind), resume="must")[0] == REJECT_NO_RUN
    assert rows_of(db, 7) == before
    other = make_emitter(tocsind).hello(resume="allow")  # of the same name, which is free
    assert other["run_id"] != 7
    db.query("delete from runs where run_id = 7")
    assert restart.hello()["run_id"] == 7

    db.query("update projects set deleting = now()")
    reason, text = turned_away(make_emitter(tocsind))
    assert reason == REJECT_CONTENT and "project is being deleted" in text
    assert restart.hello()["run_id"] == 7  # has a run in it


def test_a_batch_that_comes_late_is_unknown_and_not_stored(db, tocsind, make_emitter, owner):
    emitter = make_emitter(tocsind, run_id=7)
    emitter.hello()
    emitter.log(["x"], [(0, (1.0,))])
    emitter.alert("a")
    assert delete(owner, *RUN, "--force").rc == 0
    emitter.log(["x"], [(1, (1.0,))], wait=False)
    assert emitter.expect(wire.NACK)["reason"] == UNKNOWN_PRODUCER
    assert not any(rows_of(db, 7).values()) and not db.value("select count(*) from blocks")
    assert emitter.hello()["metrics_seq"] == 0


def test_a_resumed_run_is_not_deleted_under_its_feet(db, tocsind, make_emitter, owner):
    """A hello that is being answered holds the mark up, and counts."""
    emitter = make_emitter(tocsind, run_id=7)
    emitter.hello()
    emitter.finish()
    wait_for(lambda: db.value("select state from runs_overview") == "finished")
    hello = db.connect("tocsin_collector")
    hello.autocommit = False
    hello.cursor().execute("select from tocsin.runs where run_id = 7 for key share")
    done = delete(owner, *RUN)
    assert done.rc == 5 and "lock timeout" in done.stderr
    hello.close()
    assert db.query("select deleting from runs") == [(None,)]


def test_a_project_with_live_trainers_is_made_anew(db, tocsind, owner, train):
    watch_producers(db)
    trainees = [train(tocsind, name, TOCSIN_RUN_NAME=name, TOCSIN_RUN_ID=name) for name in ("a", "b")]
    wait_for(lambda: db.value("select count(*) from producers where lane = 1 and committed > 50") == 2, 30)
    before = db.value("select project_id from projects")
    done = delete(owner, "project", "--project", "p", "--force")
    assert done.json()["runs"] == 2
    wait_for(lambda: db.value("select count(*) from producers where lane = 1 and committed > 50") == 2, 40,
             lambda: trainees[0].log)
    assert db.value("select project_id from projects") != before
    for trainee in trainees:
        trainee.finish()
    assert db.query("select run, state from runs_overview order by run") == [("a", "finished"), ("b", "finished")]
    assert db.value("select sum(on_node) + sum(dropped) from producers_overview") == 0
    assert tocsind.metrics()[QUARANTINED] == 0


def test_a_message_that_was_made_goes_out_after_its_run(db, make_tocsind, make_emitter, mock, owner):
    tocsind = make_tocsind().start(*settings(mock))
    ends = Endpoints(db)
    url = mock.url("500-once")
    endpoint = ends.add(url)
    emitter = make_emitter(tocsind)
    emitter.hello()
    emitter.alert("a")
    assert ends.wait_answered(endpoint)["state"] == "waiting"
    assert delete(owner, *RUN, "--force").rc == 0
    assert db.value("select count(*) from alerts") == db.value("select count(*) from deliveries") == 0
    ends.wait_state(endpoint, "delivered", 40)
    assert len(mock.posts(url)) == 2 and '"a"' in mock.posts(url)[1].body.decode()


# Renaming


def test_a_run_that_was_renamed_keeps_its_name(db, tocsind, make_emitter, owner):
    first = make_emitter(tocsind, run_id=7, name="r", user="ann")
    first.hello()
    assert owner.run("rename", *RUN, "--to", "mine", "--yes").rc == 0
    first.hello()  # a reconnect
    make_emitter(tocsind, run_id=7, name="r", user="bob", group="g").hello()  # a restart of rank 0
    make_emitter(tocsind, run_id=7, name="r", rank=1).hello()
    assert db.query("select name, username, group_name from runs") == [("mine", "bob", "g")]
    assert make_emitter(tocsind, name="mine").hello(resume="must")["run_id"] == 7
    assert make_emitter(tocsind, name="r").hello(resume="allow")["run_id"] != 7
    assert owner.run("rename", *RUN[:-1], "mine", "--to", "again", "--yes").rc == 0
    assert db.value("select name from runs where run_id = 7") == "again"


def test_a_live_trainer_goes_on_under_both_new_names(db, make_tocsind, owner, train):
    tocsind = make_tocsind().start()
    trainee = train(tocsind, TOCSIN_RUN_ID="job")
    wait_for(lambda: committed(db) > 50, 30)
    assert owner.run("rename", *RUN, "--to", "mine", "--yes").rc == 0
    assert owner.run("rename", "project", "--project", "p", "--to", "q", "--yes").rc == 0
    tocsind.stop()
    tocsind.start()
    at = committed(db, "q")
    wait_for(lambda: committed(db, "q") > at + 50, 30, lambda: trainee.log)
    calls = trainee.finish()
    restarted = train(tocsind, "restarted", TOCSIN_RUN_ID="job")  # the same job, once more
    wait_for(lambda: db.value("select attempts from runs_overview") == 2, 30, lambda: restarted.log)
    calls += restarted.finish()
    assert db.query("select project, run, state, calls from runs_overview") == [("q", "mine", "finished", calls)]
    assert db.query("select name from projects") == [("q",)]


def test_jobs_that_say_the_former_name_go_on_in_the_project(db, tocsind, make_emitter, owner):
    make_emitter(tocsind, run_id=7, project="old").hello()
    assert owner.run("rename", "project", "--project", "old", "--to", "new", "--yes").rc == 0
    make_emitter(tocsind, run_id=7, project="old").hello()
    make_emitter(tocsind, run_id=8, project="old").hello()
    make_emitter(tocsind, run_id=9, project="new").hello()
    assert db.query("select project, run_id from runs_overview order by run_id") == [
        ("new", 7), ("new", 8), ("new", 9)]
    assert owner.run("rename", "project", "--project", "new", "--to", "archive", "--free-name", "--yes").rc == 0
    make_emitter(tocsind, run_id=10, project="new").hello()
    make_emitter(tocsind, run_id=11, project="old").hello()
    restart = make_emitter(tocsind, run_id=9, project="new")
    restart.send_raw(restart.hello_frame())
    assert "in use by a run of another project" in restart.expect(wire.REJECT)["text"]
    assert db.query("select project, run_id from runs_overview where run_id > 9 order by run_id") == [
        ("new", 10), ("archive", 11)]


def test_a_key_goes_on_in_a_project_that_was_renamed(place, db, owner):
    keyring = Keyring(place, db)
    tocsind = start_keyed(place, db, keyring)
    ann = keyring.key("ann", "--project=old")
    wait_for(lambda: tocsind.metrics()["tocsin_keys"] == 1)
    emitters = [KeyedEmitter(tocsind.endpoint, keyring.server, ann, project="old", run_id=n) for n in (7, 8, 9)]
    emitters[0].hello()
    emitters[0].log(["x"], [(0, (1.0,))])
    assert owner.run("rename", "project", "--project", "old", "--to", "new", "--yes").rc == 0
    emitters[0].hello()
    emitters[0].log(["x"], [(1, (1.0,))])
    emitters[1].hello()
    keyring.authorize(ann, "--project=old")  # somebody who does not know the new name
    emitters[0].hello()
    emitters[2].hello()
    assert db.query("select project, run_id from runs_overview order by run_id") == [
        ("new", 7), ("new", 8), ("new", 9)]
    for emitter in emitters:
        emitter.close()
    assert tocsind.stop() == 0, tocsind.log
