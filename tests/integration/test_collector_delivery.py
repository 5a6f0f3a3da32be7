# SPDX-License-Identifier: Apache-2.0
"""An acknowledgement means: committed, once. What is answered when, and what a stop leaves behind."""

import signal

from blocker import blocks_held, wait_blocked
from resender import acked, check_stored, drive
from rig import wire
from rig.wait import wait_for


def test_an_ack_follows_its_commit(db, tocsind, make_emitter):
    emitter = make_emitter(tocsind)
    emitter.hello()
    with blocks_held(db):
        emitter.log(["x"], [(0, (1.0,))], wait=False)
        wait_blocked(db)
        assert emitter.is_silent(0.3)
        assert db.value("select last_seq from producers where lane = 1") == 0
    emitter.wait_acked(wire.METRICS)
    assert db.value("select last_seq from producers where lane = 1") == 1


def test_a_duplicate_of_a_batch_in_flight_is_answered_once_by_its_commit(db, tocsind, make_emitter):
    emitter = make_emitter(tocsind)
    emitter.hello()
    frame = emitter.batch_frame(wire.METRICS, [wire.block(wire.METRIC, ["x"], [(0, 1, (1.0,))])],
                                seq=1)
    with blocks_held(db):
        for _ in range(3):
            emitter.send_raw(frame)
        wait_for(lambda: tocsind.metrics()[
            'tocsin_batches_duplicate_total{when="in_flight"}'] == 2)
        assert emitter.is_silent(0.3)
    assert emitter.expect(wire.ACK)["last_seq"] == 1
    assert emitter.is_silent(0.3)
    assert db.value("select count(*) from blocks") == 1


def test_a_hello_on_a_new_connection_gets_the_acks_of_the_old_one(db, tocsind, make_emitter):
    emitter = make_emitter(tocsind)
    emitter.hello()
    with blocks_held(db):
        emitter.log(["x"], [(0, (1.0,))], wait=False)
        wait_blocked(db)
        emitter.reconnect(tocsind.endpoint)
        emitter.send_raw(emitter.hello_frame())
        wait_for(lambda: tocsind.metrics()["tocsin_queue_messages"] == 1)
    assert emitter.expect(wire.ACK)["last_seq"] == 1
    assert emitter.expect(wire.WELCOME)["metrics_seq"] == 1


def test_a_cancelled_statement_is_not_taken_for_bad_content(db, tocsind, make_emitter):
    """A statement timeout says nothing about the batch: it is repeated until it goes through."""
    emitter = make_emitter(tocsind)
    emitter.hello()
    with blocks_held(db):
        emitter.log(["x"], [(0, (1.0,))], wait=False)
        for _ in range(2):
            wait_blocked(db)
            db.query("select pg_cancel_backend(pid) from pg_stat_activity "
                     "where application_name = 'tocsind' and datname = current_database()")
            wait_for(lambda: db.value("select count(*) from pg_locks where not granted") == 0)
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


def test_a_stop_that_cannot_commit_in_time_acknowledges_nothing(db, make_tocsind, make_emitter):
    tocsind = make_tocsind().start("--shutdown-ms=1000")
    emitter = make_emitter(tocsind)
    emitter.hello()
    with blocks_held(db):
        emitter.log(["x"], [(0, (1.0,))], wait=False)
        wait_blocked(db)
        assert tocsind.process.stop(signal.SIGTERM, 10) == 1
        assert "event=stop_timed_out" in tocsind.log
        assert emitter.is_silent(0)
    tocsind.start()
    emitter.reconnect(tocsind.endpoint)
    emitter.send_raw(emitter.hello_frame())
    assert emitter.expect(wire.WELCOME)["metrics_seq"] == 0


def test_memory_is_bounded_while_the_database_stands_still(db, make_tocsind, make_resenders):
    tocsind = make_tocsind().start("--queue-bytes=4194304", "--commit-bytes=65536")
    resenders = make_resenders(tocsind.endpoint, n=16, batches=10, calls=3000)
    with blocks_held(db):  # before anything is sent: a queue that was full is read at half only
        drive(resenders, lambda: tocsind.metrics()["tocsin_queue_bytes"] >= 4194304)
        frames = tocsind.metrics()["tocsin_frames_received_total"]
        assert frames < 16 * resenders[0].WINDOW
        for _ in range(20):
            for resender in resenders:
                resender.turn()
            assert tocsind.metrics()["tocsin_queue_bytes"] < 4194304 + 1024 * 1024
        assert tocsind.metrics()["tocsin_frames_received_total"] == frames
    drive(resenders)
    assert acked(resenders) == 160
    check_stored(db, resenders)
