# SPDX-License-Identifier: Apache-2.0
"""Quotas of keys: what is over is refused and counted, waits with its trainer, and is stored later."""

import pytest

from keyring import KeyedEmitter, Keyring, Trainee, start_keyed, wait_count
from rig import wire
from rig.wait import wait_for

QUOTA_METRICS, QUOTA_EVENTS = 9, 10


def refused(kind):
    return f'tocsin_batches_refused_total{{reason="quota_{kind}"}}'


@pytest.fixture
def keyring(place, db):
    return Keyring(place, db)


@pytest.fixture
def keyed(place, db, keyring):
    tocsind = start_keyed(place, db, keyring)
    yield tocsind
    assert tocsind.stop() == 0, tocsind.log


@pytest.fixture
def connect(keyed, keyring):
    """connect("--points-per-s=10"): an emitter whose key has these quotas."""
    made = []

    def make(*quotas):
        key = keyring.key(f"key{len(made)}", *quotas)
        wait_count(keyed, "tocsin_keys", len(made) + 1)
        made.append(KeyedEmitter(keyed.endpoint, keyring.server, key))
        made[-1].hello()
        return made[-1]

    yield make
    for emitter in made:
        emitter.close()


def test_a_trainer_over_its_quota_loses_nothing_and_its_alerts_do_not_wait(
        place, db, keyring, keyed):
    ann = keyring.key("ann", "--points-per-s=150")
    wait_count(keyed, "tocsin_keys")
    trainee = Trainee(place, keyring.environment(ann, keyed), alerts=3)
    wait_count(keyed, refused("points"), 2, 30)
    assert db.value("select count(*) from alerts") == 3
    calls = trainee.finish()
    assert db.query("select count(*), count(distinct step) from metrics where name = 'loss'"
                    ) == [(calls, calls)]
    assert db.query("select emitted, committed, dropped from producers_overview "
                    "where lane = 'metrics'") == [(calls, calls, 0)]
    assert trainee.log.count("over the key's quota of values a second") == 1
    assert keyed.metrics()["tocsin_hellos_total"] == 1, "it waited on the connection it had"


def test_points_are_refused_and_counted_and_pass_later(db, keyed, connect):
    emitter = connect("--points-per-s=10")
    emitter.log(["x"], [(i, (1.0,)) for i in range(30)])
    emitter.log(["x"], [(30, (1.0,))], wait=False)
    reject = emitter.expect(wire.REJECT)
    assert reject["reason"] == QUOTA_METRICS and reject["producer"] == emitter.producer
    assert "values a second" in reject["text"]
    assert keyed.metrics()[refused("points")] == 1

    def passes():
        emitter.send_raw(emitter.batch_frame(wire.METRICS, [
            wire.block(wire.METRIC, ["x"], [(30, 1, (1.0,))])]))
        return emitter.receive()[0] == wire.ACK

    wait_for(passes)
    assert db.value("select count(*) from metrics") == 31


def test_what_follows_a_refused_batch_is_not_taken_before_it(db, connect):
    emitter = connect("--points-per-s=10")
    emitter.log(["x"], [(i, (1.0,)) for i in range(30)])
    first = emitter.send(wire.METRICS, [wire.block(wire.METRIC, ["x"], [(30, 1, (1.0,))])])
    emitter.send(wire.METRICS, [])
    assert emitter.expect(wire.REJECT)["reason"] == QUOTA_METRICS
    nack = emitter.expect(wire.NACK)
    assert (nack["reason"], nack["last_seq"]) == (0, first - 1)
    assert db.value("select max(step) from metrics") == 29


def test_new_names_are_refused_and_known_ones_are_not(db, keyed, connect):
    emitter = connect("--series-per-min=2")
    emitter.log(["a", "b"], [(0, (1.0, 2.0))])
    emitter.log(["c"], [(0, (1.0,))], wait=False)
    reject = emitter.expect(wire.REJECT)
    assert reject["reason"] == QUOTA_METRICS and "new metric names" in reject["text"]
    assert keyed.metrics()[refused("series")] == 1
    emitter.seq[wire.METRICS] -= 1
    emitter.calls[wire.METRICS] -= 1
    emitter.log(["a", "b"], [(1, (1.0, 2.0))])
    assert db.query("select distinct name from metrics order by name") == [("a",), ("b",)]


def test_alerts_are_refused_and_metrics_go_on(db, keyed, connect):
    emitter = connect("--alerts-per-min=2")
    emitter.alert("one")
    emitter.alert("two")
    emitter.alert("three", wait=False)
    reject = emitter.expect(wire.REJECT)
    assert reject["reason"] == QUOTA_EVENTS and "alerts a minute" in reject["text"]
    assert keyed.metrics()[refused("alerts")] == 1
    emitter.log(["x"], [(0, (1.0,))])
    assert db.value("select count(*) from alerts") == 2


def test_a_raised_quota_counts_at_once(keyed, keyring, connect):
    emitter = connect("--alerts-per-min=1")
    emitter.alert("one")
    emitter.alert("two", wait=False)
    assert emitter.expect(wire.REJECT)["reason"] == QUOTA_EVENTS
    key = emitter._key
    keyring.authorize(key, "--alerts-per-min=1000")

    def passes():
        emitter.send_raw(emitter.batch_frame(wire.EVENTS, [
            [wire.ALERT, 1, "two", None, None, 1, None]]))
        return emitter.receive()[0] == wire.ACK

    wait_for(passes)


def test_without_a_key_there_is_no_quota(place, db, keyring):
    tocsind = start_keyed(place, db, keyring, f"tcp://127.0.0.1:*,ipc://{place}/local.sock")
    keyring.key("ann", "--points-per-s=1", "--series-per-min=1", "--alerts-per-min=1")
    emitter = KeyedEmitter(f"ipc://{place}/local.sock", None, None)
    emitter.hello()
    for i in range(5):
        emitter.log([f"x{i}"], [(j, (1.0,)) for j in range(100)])
        emitter.alert("much")
    emitter.close()
    assert tocsind.stop() == 0
