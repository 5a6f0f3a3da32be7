# SPDX-License-Identifier: Apache-2.0
"""An acknowledgement means: committed, once. Whatever dies, and whoever comes back."""

import random
import signal

from resender import Resender, acked, check_stored, drive, wait_for_state
from rig import wire
from rig.wait import wait_for


def make_resenders(closing, endpoints, n=6, run_id=1, **fields):
    resenders = [Resender(endpoints, run_id, rank=rank, world_size=n, **fields)
                 for rank in range(n)]
    closing.extend(resenders)
    return resenders


def finish_resenders(resenders):
    for resender in resenders:
        resender.close()


def test_an_ack_follows_its_commit(db, tocsind, make_emitter):
    emitter = make_emitter(tocsind)
    emitter.hello()
    blocker = db.connect()
    blocker.autocommit = False
    blocker.cursor().execute("lock table tocsin.blocks in access exclusive mode")
    emitter.log(["x"], [(0, (1.0,))], wait=False)
    wait_for(lambda: db.value("select count(*) from pg_locks where not granted") == 1)
    assert emitter.is_silent(1)
    assert db.value("select last_seq from producers where lane = 1") == 0
    blocker.rollback()
    emitter.wait_acked(wire.METRICS)
    assert db.value("select last_seq from producers where lane = 1") == 1
    blocker.close()


def test_a_duplicate_of_a_batch_in_flight_is_answered_once_by_its_commit(db, tocsind, make_emitter):
    emitter = make_emitter(tocsind)
    emitter.hello()
    blocker = db.connect()
    blocker.autocommit = False
    blocker.cursor().execute("lock table tocsin.blocks in access exclusive mode")
    frame = emitter.batch_frame(wire.METRICS, [wire.block(wire.METRIC, ["x"], [(0, 1, (1.0,))])],
                                seq=1)
    for _ in range(3):
        emitter.send_raw(frame)
    wait_for(lambda: tocsind.metrics()[
        'tocsin_batches_duplicate_total{when="in_flight"}'] == 2)
    assert emitter.is_silent(0.3)
    blocker.rollback()
    blocker.close()
    assert emitter.expect(wire.ACK)["last_seq"] == 1
    assert emitter.is_silent(0.3)
    assert db.value("select count(*) from blocks") == 1


def test_a_hello_on_a_new_connection_gets_the_acks_of_the_old_one(db, tocsind, make_emitter):
    emitter = make_emitter(tocsind)
    emitter.hello()
    blocker = db.connect()
    blocker.autocommit = False
    blocker.cursor().execute("lock table tocsin.blocks in access exclusive mode")
    emitter.log(["x"], [(0, (1.0,))], wait=False)
    wait_for(lambda: db.value("select count(*) from pg_locks where not granted") == 1)
    emitter.reconnect(tocsind.endpoint)
    emitter.send_raw(emitter.hello_frame())
    wait_for(lambda: tocsind.metrics()["tocsin_queue_messages"] == 1)
    blocker.rollback()
    blocker.close()
    assert emitter.expect(wire.ACK)["last_seq"] == 1
    assert emitter.expect(wire.WELCOME)["metrics_seq"] == 1


def test_a_killed_collector_loses_and_doubles_nothing(db, make_tocsind, request):
    tocsind = make_tocsind().start()
    resenders = make_resenders(closing(request), tocsind.endpoint, batches=150)
    for share in (0.2, 0.4, 0.6, 0.8):
        drive(resenders, lambda: acked(resenders) > share * 6 * 150)
        tocsind.kill9()
        tocsind.start()
    drive(resenders)
    check_stored(db, resenders)
    wait_for_state(db)


def test_a_restarted_database_loses_and_doubles_nothing(place, own_cluster, request):
    from rig.programs import Tocsind
    db = own_cluster.create()
    tocsind = Tocsind(place, db.dsn_collector).start()
    resenders = make_resenders(closing(request), tocsind.endpoint, batches=150)
    for i, share in enumerate((0.2, 0.4, 0.6, 0.8)):
        drive(resenders, lambda: acked(resenders) > share * 6 * 150)
        if i % 2:
            own_cluster.kill9()
        else:
            own_cluster.stop(signal.SIGQUIT)
        db.close()
        own_cluster.start()
    drive(resenders)
    check_stored(db, resenders)
    wait_for_state(db)
    assert tocsind.metrics()["tocsin_database_connects_total"] >= 4
    assert tocsind.stop() == 0


def test_ended_sessions_are_replayed(db, tocsind, request):
    """57P01 in the middle of whatever the writer does."""
    resenders = make_resenders(closing(request), tocsind.endpoint, batches=200)
    for share in (0.1, 0.3, 0.5, 0.7, 0.9):
        drive(resenders, lambda: acked(resenders) > share * 6 * 200)
        db.query("select pg_terminate_backend(pid) from pg_stat_activity "
                 "where application_name = 'tocsind' and datname = current_database()")
    drive(resenders)
    check_stored(db, resenders)
    wait_for_state(db)


def test_two_collectors_and_zombies_store_everything_once(db, make_tocsind, request):
    """Producers change sides while a paused collector still holds their batches."""
    collectors = [make_tocsind(name="a").start(), make_tocsind(name="b").start()]
    endpoints = [t.endpoint for t in collectors]
    resenders = make_resenders(closing(request), endpoints, batches=250)
    for resender in resenders:
        resender.ANSWER_S = 0.4
    rng = random.Random(3)
    for share in (0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8):
        drive(resenders, lambda: acked(resenders) > share * 6 * 250)
        victim = rng.choice(collectors)
        victim.pause()
        before = [r.hellos for r in resenders]
        drive(resenders, lambda: any(r.hellos > n for r, n in zip(resenders, before))
              or all(r.is_done() for r in resenders))
        victim.resume()
    drive(resenders)
    check_stored(db, resenders)
    wait_for_state(db)


def test_what_the_database_refuses_is_refused_alone(db, make_tocsind, make_emitter):
    """A batch that cannot be stored is found among those it came with; they are stored."""
    db.query("alter table alerts add constraint no_poison check (title <> 'poison')")
    tocsind = make_tocsind().start()
    good = [make_emitter(tocsind, run_id=1, rank=rank) for rank in range(4)]
    bad = make_emitter(tocsind, run_id=1, rank=4)
    for emitter in [*good, bad]:
        emitter.hello()
    blocker = db.connect()
    blocker.autocommit = False
    blocker.cursor().execute("lock table tocsin.blocks in access exclusive mode")
    good[0].log(["x"], [(0, (1.0,))], wait=False)  # holds the writer: the rest becomes one group
    wait_for(lambda: db.value("select count(*) from pg_locks where not granted") == 1)
    for emitter in good:
        emitter.alert("fine", wait=False)
    for title in ("before", "poison", "after"):
        bad.alert(title, wait=False)
    wait_for(lambda: tocsind.metrics()["tocsin_queue_messages"] == 7)
    blocker.rollback()
    blocker.close()
    for emitter in good:
        assert emitter.expect(wire.ACK)
    assert bad.expect(wire.ACK)["last_seq"] == 1
    reject = bad.expect(wire.REJECT)
    assert (reject["producer"], reject["reason"]) == (bad.producer, 5)
    assert "no_poison" in reject["text"]
    nack = bad.expect(wire.NACK)
    assert (nack["lane"], nack["last_seq"], nack["reason"]) == (wire.EVENTS, 1, 0)
    assert db.query("select title from alerts order by 1") \
        == [("before",), ("fine",), ("fine",), ("fine",), ("fine",)]
    bad.seq[wire.EVENTS] = 1
    bad.alert("after")  # its lane goes on from where it stands
    assert db.value("select last_seq from producers where lane = 0 and "
                    "producer_id = (select producer_id from attempts where rank = 4)") == 2


def test_a_lost_lock_race_is_not_taken_for_bad_content(db, tocsind, make_emitter):
    """A statement timeout says nothing about the batch: it is repeated until it goes through."""
    emitter = make_emitter(tocsind)
    emitter.hello()
    blocker = db.connect()
    blocker.autocommit = False
    blocker.cursor().execute("lock table tocsin.blocks in access exclusive mode")
    emitter.log(["x"], [(0, (1.0,))], wait=False)
    for _ in range(2):
        wait_for(lambda: db.value("select count(*) from pg_locks where not granted") == 1)
        db.query("select pg_cancel_backend(pid) from pg_stat_activity "
                 "where application_name = 'tocsind' and datname = current_database()")
        wait_for(lambda: db.value("select count(*) from pg_locks where not granted") == 0)
    blocker.rollback()
    blocker.close()
    emitter.wait_acked(wire.METRICS)
    assert tocsind.metrics()["tocsin_transaction_replays_total"] >= 2


def test_a_stop_commits_and_acknowledges_what_was_received(db, make_tocsind, make_emitter):
    tocsind = make_tocsind().start("--commit-interval-ms=10000", "--state-interval-ms=60000")
    emitters = [make_emitter(tocsind, run_id=1, rank=rank) for rank in range(8)]
    for emitter in emitters:
        emitter.hello()
    before = tocsind.metrics()["tocsin_frames_received_total"]
    for emitter in emitters:
        for step in range(10):
            emitter.log(["x"], [(step, (1.0,))], wait=False)
    wait_for(lambda: tocsind.metrics()["tocsin_frames_received_total"] == before + 80)
    assert tocsind.process.stop(signal.SIGTERM, 10) == 0
    for emitter in emitters:
        emitter.wait_acked(wire.METRICS)
    assert db.value("select count(*) from blocks") == 80
    assert db.value("select sum(on_node) from producers_overview") == 0
    assert db.value("select sum(calls) from run_state") == 80
    assert db.value("select count(*) from producers where state_seq < last_seq") == 0


def test_memory_is_bounded_while_the_database_stands_still(db, make_tocsind, request):
    tocsind = make_tocsind().start("--queue-bytes=4194304", "--commit-bytes=65536")
    resenders = make_resenders(closing(request), tocsind.endpoint, n=16, batches=60, calls=3000)
    for resender in resenders:
        resender.ANSWER_S = 60
    drive(resenders, lambda: acked(resenders) > 20)
    blocker = db.connect()
    blocker.autocommit = False
    blocker.cursor().execute("lock table tocsin.blocks in access exclusive mode")
    drive(resenders, lambda: tocsind.metrics()["tocsin_queue_bytes"] >= 4194304)
    frames = tocsind.metrics()["tocsin_frames_received_total"]
    highest = 0
    for _ in range(20):
        for resender in resenders:
            resender.turn()
        highest = max(highest, tocsind.metrics()["tocsin_queue_bytes"])
    assert highest < 4194304 + 1024 * 1024
    assert tocsind.metrics()["tocsin_frames_received_total"] == frames
    blocker.rollback()
    blocker.close()
    drive(resenders)
    check_stored(db, resenders)


def closing(request):
    """A list whose producers are closed when the test is over."""
    resenders = []
    request.addfinalizer(lambda: finish_resenders(resenders))
    return resenders
