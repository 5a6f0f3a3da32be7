# SPDX-License-Identifier: Apache-2.0
"""A collector with a key of its own: who gets in, who does not, and what a key may write."""

import time

import pytest

from keyring import Key, KeyedEmitter, Keyring, start_keyed, wait_count
from rig import wire
from rig.programs import Tocsind
from rig.wait import wait_for

FRAMES = "tocsin_frames_received_total"
UNKNOWN = 'tocsin_connections_total{result="unknown_key"}'
REVOKED = 'tocsin_connections_total{result="revoked_key"}'
LOCAL = 'tocsin_connections_total{result="local"}'
REFUSED_KEY = 'tocsin_batches_refused_total{reason="key"}'
REFUSED_PROJECT = 'tocsin_batches_refused_total{reason="project"}'
REJECT_KEY, REJECT_PROJECT = 7, 8


@pytest.fixture
def keyring(place, db):
    return Keyring(place, db)


@pytest.fixture
def keyed(place, db, keyring):
    tocsind = start_keyed(place, db, keyring)
    yield tocsind
    assert tocsind.stop() == 0, tocsind.log


@pytest.fixture
def connect(db, keyed, keyring):
    """Makes emitters: connect(key, project="p", ...). The collector knows all keys by then."""
    made = []

    def make(key, server=None, **fields):
        keys = db.value("select count(*) from keys")
        wait_for(lambda: keyed.metrics()["tocsin_keys"] == keys)
        made.append(KeyedEmitter(keyed.endpoint, server or keyring.server, key, **fields))
        return made[-1]

    yield make
    for emitter in made:
        emitter.close()


def test_an_authorised_key_writes_and_is_remembered(db, keyring, connect):
    ann = keyring.key("ann")
    emitter = connect(ann)
    emitter.hello()
    emitter.log(["x"], [(0, (1.5,))])
    emitter.alert("done")
    assert db.query("select project, value from metrics") == [("p", 1.5)]
    assert db.query("select key_name from attempts_overview") == [("ann",)]
    assert db.value("select a.key_id = k.key_id from attempts a, keys k")


def test_nobody_else_is_heard(keyed, keyring, place, connect):
    """Unknown key, no key, wrong server key, PLAIN: no frame is read, and the collector counts why."""
    keyring.key("ann")
    stranger = Key(place, "stranger")
    strangers = [connect(stranger), connect(None), connect(keyring.key("bob"), server=stranger.public)]
    strangers.append(connect(None, plain=True))
    for emitter in strangers:
        emitter.send_raw(emitter.hello_frame())
    wait_count(keyed, UNKNOWN)
    assert f"--public-key='{stranger.public}'" in keyed.log
    honest = connect(keyring.key("carl"))
    honest.hello()
    honest.log(["x"], [(0, (1.0,))])
    assert keyed.metrics()[FRAMES] == 2, "the honest hello and batch, and nothing else"
    assert all(emitter.is_silent(0.2) for emitter in strangers)


def test_a_key_authorised_later_gets_in_without_a_restart(keyed, keyring, connect):
    late = keyring.key("late", authorised=False)
    emitter = connect(late)
    emitter.send_raw(emitter.hello_frame())
    wait_count(keyed, UNKNOWN)
    keyring.authorize(late)
    end = time.monotonic() + 15
    while time.monotonic() < end:  # after a refusal a socket never tries again: make another
        emitter.reconnect(keyed.endpoint)
        emitter.send_raw(emitter.hello_frame())
        if not emitter.is_silent(0.5):
            break
    assert emitter.expect(wire.WELCOME)


def test_a_revoked_key_is_refused_at_its_next_frame_and_its_next_connection(
        db, keyed, keyring, connect):
    ann = keyring.key("ann")
    emitter = connect(ann)
    emitter.hello()
    emitter.log(["x"], [(0, (1.0,))])
    keyring.revoke(ann)

    def refused():
        emitter.send_raw(emitter.batch_frame(wire.METRICS, [], seq=1))
        kind, fields = emitter.receive()
        return kind == wire.REJECT and fields

    reject = wait_for(refused)
    assert (reject["reason"], reject["text"]) == (REJECT_KEY, "this key was revoked")
    emitter.log(["x"], [(1, (2.0,))], wait=False)
    assert emitter.expect(wire.REJECT)["reason"] == REJECT_KEY
    assert keyed.metrics()[REFUSED_KEY] >= 2
    again = connect(ann)
    again.send_raw(again.hello_frame())
    wait_count(keyed, REVOKED)
    assert again.is_silent(0.2)
    assert db.query("select step from metrics") == [(0,)]


def test_a_key_keeps_to_its_projects(db, keyed, keyring, connect):
    ann = keyring.key("ann", "--project=a", "--project=b")
    for project in ("a", "b"):
        connect(ann, project=project).hello()
    emitter = connect(ann, project="c")
    emitter.send_raw(emitter.hello_frame())
    reject = emitter.expect(wire.REJECT)
    assert reject["reason"] == REJECT_PROJECT and '"c"' in reject["text"]
    assert "TOCSIN_PROJECT" in reject["text"]
    emitter.send(wire.METRICS, [])
    assert emitter.expect(wire.NACK)["reason"] == 1
    assert keyed.metrics()[REFUSED_PROJECT] == 1
    assert db.query("select name from projects order by name") == [("a",), ("b",)]


def test_a_project_that_is_taken_away_is_taken_from_live_connections_too(
        db, keyring, connect):
    ann = keyring.key("ann", "--project=a", "--project=b")
    emitter = connect(ann, project="a")
    emitter.hello()
    emitter.log(["x"], [(0, (1.0,))])
    keyring.authorize(ann, "--project=b")

    def told_to_say_hello():
        emitter.send_raw(emitter.batch_frame(wire.METRICS, [], seq=1))
        kind, fields = emitter.receive()
        return kind == wire.NACK and fields["reason"] == 1

    wait_for(told_to_say_hello)
    emitter.send_raw(emitter.hello_frame())
    reject = emitter.expect(wire.REJECT)
    assert reject["reason"] == REJECT_PROJECT
    assert db.query("select step from metrics") == [(0,)]


def test_a_key_cannot_speak_as_another_keys_producer(db, keyed, keyring, connect):
    ann = connect(keyring.key("ann"), run_id=5)
    ann.hello()
    ann.log(["x"], [(0, (1.0,))])
    bob = connect(keyring.key("bob"), run_id=5)
    bob.producer = ann.producer
    bob.seq = dict(ann.seq)
    bob.send(wire.METRICS, [])
    assert bob.expect(wire.REJECT)["reason"] == REJECT_KEY
    bob.send_raw(bob.hello_frame())
    assert bob.expect(wire.REJECT)["reason"] == REJECT_KEY
    ann.log(["x"], [(1, (2.0,))])  # and nothing of Ann's is disturbed
    assert db.query("select step from metrics order by step") == [(0,), (1,)]


def test_a_producer_belongs_to_its_key_after_a_restart_too(place, db, keyring):
    keys = [keyring.key("ann"), keyring.key("bob")]
    first = start_keyed(place, db, keyring)
    ann = KeyedEmitter(first.endpoint, keyring.server, keys[0], run_id=5)
    ann.hello()
    ann.log(["x"], [(0, (1.0,))])
    assert first.stop() == 0
    second = start_keyed(place, db, keyring)
    bob = KeyedEmitter(second.endpoint, keyring.server, keys[1], run_id=5)
    bob.producer = ann.producer
    bob.send_raw(bob.hello_frame())
    reject = bob.expect(wire.REJECT)
    assert (reject["reason"], reject["text"]) == (REJECT_KEY, "this producer belongs to another key")
    ann.reconnect(second.endpoint)
    ann.hello()
    ann.log(["x"], [(1, (2.0,))])
    for emitter in (ann, bob):
        emitter.close()
    assert second.stop() == 0


def test_a_new_public_key_under_the_old_name_goes_on_with_its_producers(
        place, keyed, keyring, connect):
    old = keyring.key("ann")
    emitter = connect(old)
    emitter.hello()
    emitter.log(["x"], [(0, (1.0,))])
    new = Key(place, "new")
    new.name = "ann"
    keyring.authorize(new, "--replace")

    def welcomed():
        emitter._key = new
        emitter.reconnect(keyed.endpoint)
        emitter.send_raw(emitter.hello_frame())
        return not emitter.is_silent(0.5)

    wait_for(welcomed)
    assert emitter.expect(wire.WELCOME)["metrics_seq"] == 1


def test_the_socket_file_stays_for_this_user(place, db, keyring):
    tocsind = start_keyed(place, db, keyring, f"tcp://127.0.0.1:*,ipc://{place}/local.sock")
    emitter = KeyedEmitter(f"ipc://{place}/local.sock", None, None)
    emitter.hello()
    emitter.log(["x"], [(0, (1.0,))])
    assert tocsind.metrics()[LOCAL] == 1
    assert db.query("select key_id from attempts") == [(None,)]
    emitter.close()
    stranger = KeyedEmitter(tocsind.endpoint, None, None)
    stranger.send_raw(stranger.hello_frame())
    assert stranger.is_silent(0.5)
    stranger.close()
    assert tocsind.metrics()[FRAMES] == 2
    assert tocsind.stop() == 0


def test_a_peer_cannot_name_itself(place, db):
    """Without keys nothing that a peer says about itself counts as its identity."""
    tocsind = Tocsind(place, db.dsn_collector)
    tocsind.endpoint = "tcp://127.0.0.1:*"
    tocsind.start()
    address = tocsind.log.split("listen=")[1].split()[0]
    emitter = KeyedEmitter(address, None, None)
    emitter.hello()
    assert db.query("select key_id from attempts") == [(None,)]
    emitter.close()
    assert tocsind.stop() == 0


def test_the_list_outlives_the_database(place, own_cluster):
    db = own_cluster.create()
    keyring = Keyring(place, db)
    key = keyring.key("ann")
    tocsind = start_keyed(place, db, keyring)
    own_cluster.stop()
    emitter = KeyedEmitter(tocsind.endpoint, keyring.server, key)
    emitter.send_raw(emitter.hello_frame())
    wait_count(tocsind, FRAMES)
    wait_for(lambda: "event=keys_stale" in tocsind.log)
    own_cluster.start()
    emitter.expect(wire.WELCOME)
    wait_for(lambda: "event=keys_current" in tocsind.log)
    emitter.close()
    assert tocsind.stop() == 0


@pytest.mark.parametrize("spoil, sentence", [
    (lambda file: file.chmod(0o640), "chmod 600"),
    (lambda file: file.unlink(), "cannot read the key file"),
    (lambda file: file.write_text("no key"), "is not a key file"),
    (lambda file: (file.rename(f"{file}.real"), file.symlink_to(f"{file}.real")), "symbolic link"),
])
def test_a_bad_key_file_stops_the_start(place, db, keyring, spoil, sentence):
    file = place / "data" / "server.key"
    spoil(file)
    tocsind = Tocsind(place, db.dsn_collector).spawn(f"--server-key={keyring.server_file}")
    wait_for(lambda: tocsind.process.code is not None)
    assert tocsind.process.code in (1, 2)
    assert sentence in tocsind.log and len(tocsind.log.splitlines()) == 1


def test_no_secret_key_is_logged_or_shown(keyed, keyring, place, db):
    secret = (place / "data" / "server.key").read_text().split("secret = ")[1].strip()
    assert secret not in keyed.log
    for table in ("keys", "keys_overview"):
        assert secret not in str(db.query(f"select * from {table}"))
