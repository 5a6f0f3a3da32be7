# SPDX-License-Identifier: Apache-2.0
"""libtocsin with keys: what it says when it is not admitted, and that it goes on by itself."""

import pytest

from keyring import Key, Keyring, Trainee, start_keyed, wait_count
from rig.process import Process, program
from rig.programs import Cli, Tocsind
from rig.wait import wait_for

FRAMES = "tocsin_frames_received_total"
UNKNOWN = 'tocsin_connections_total{result="unknown_key"}'
REVOKED = 'tocsin_connections_total{result="revoked_key"}'
NOT_ADMITTED = "does not admit this key: not authorised, or revoked"


@pytest.fixture
def keyring(place, db):
    return Keyring(place, db)


@pytest.fixture
def keyed(place, db, keyring):
    tocsind = start_keyed(place, db, keyring)
    yield tocsind
    assert tocsind.stop() == 0, tocsind.log


def all_are_stored(db, calls):
    assert db.query("select count(*), count(distinct step) from metrics where name = 'loss'"
                    ) == [(calls, calls)]
    assert db.query("select distinct on_node from producers_overview") == [(0,)]


def test_an_authorised_key_delivers(place, db, keyring, keyed):
    ann = keyring.key("ann")
    wait_count(keyed, "tocsin_keys")
    trainee = Trainee(place, keyring.environment(ann, keyed))
    wait_for(lambda: db.value("select count(*) from blocks") > 0)
    all_are_stored(db, trainee.finish())
    assert db.query("select key_name from attempts_overview") == [("ann",)]
    assert [line for line in trainee.log.splitlines() if line.startswith("tocsin:")] == [
        line for line in trainee.log.splitlines() if ": run " in line]


def test_an_unknown_key_is_told_what_to_do_and_goes_on_once_admitted(place, db, keyring, keyed):
    late = keyring.key("late", authorised=False)
    trainee = Trainee(place, keyring.environment(late, keyed))
    trainee.says(NOT_ADMITTED)
    trainee.says(f"tocsin keys authorize --name NAME --public-key='{late.public}'")
    wait_count(keyed, UNKNOWN, 3)
    assert trainee.log.count(NOT_ADMITTED) == 1, "once, not per retry"
    assert keyed.metrics()[FRAMES] == 0
    keyring.authorize(late)
    wait_for(lambda: db.value("select count(*) from blocks") > 0, 30, lambda: trainee.log)
    all_are_stored(db, trainee.finish())


def test_a_revoked_key_is_told_and_goes_on_once_authorised_again(place, db, keyring, keyed):
    ann = keyring.key("ann")
    trainee = Trainee(place, keyring.environment(ann, keyed))
    wait_for(lambda: db.value("select count(*) from blocks") > 0, 30, lambda: trainee.log)
    keyring.revoke(ann)
    trainee.says("the collector refuses this run's data: this key was revoked")
    trainee.says(NOT_ADMITTED, 40)
    wait_count(keyed, REVOKED)
    before = db.value("select count(*) from blocks")
    keyring.authorize(ann)
    wait_for(lambda: db.value("select count(*) from blocks") > before, 40, lambda: trainee.log)
    all_are_stored(db, trainee.finish())


def test_a_wrong_server_key_is_told(place, db, keyring, keyed):
    env = keyring.environment(keyring.key("ann"), keyed)
    env["TOCSIN_SERVER_KEY"] = Key(place, "other").public
    trainee = Trainee(place, env)
    trainee.says("TOCSIN_SERVER_KEY is not its key")
    assert keyed.metrics()[FRAMES] == 0
    trainee.process.kill9()


def test_a_trainer_without_keys_is_told(place, db, keyring, keyed):
    trainee = Trainee(place, {"TOCSIN_ENDPOINT": keyed.endpoint})
    trainee.says("admits keys only: make one with tocsin keys client")
    assert keyed.metrics()[FRAMES] == 0
    assert trainee.log.count("admits keys only") == 1
    trainee.process.kill9()


def test_a_collector_without_keys_is_told(place, db, keyring):
    tocsind = Tocsind(place, db.dsn_collector)
    tocsind.endpoint = "tcp://127.0.0.1:*"
    tocsind.start()
    tocsind.endpoint = tocsind.log.split("listen=")[1].split()[0]
    trainee = Trainee(place, keyring.environment(keyring.key("ann"), tocsind))
    trainee.says("takes no keys")
    assert tocsind.metrics()[FRAMES] == 0
    trainee.process.kill9()
    assert tocsind.stop() == 0


def test_a_socket_file_needs_no_keys(place, db, keyring):
    tocsind = start_keyed(place, db, keyring, f"tcp://127.0.0.1:*,ipc://{place}/local.sock")
    env = keyring.environment(keyring.key("ann"), tocsind)
    trainee = Trainee(place, {**env, "TOCSIN_ENDPOINT": f"ipc://{place}/local.sock"})
    wait_for(lambda: db.value("select count(*) from blocks") > 0, 30, lambda: trainee.log)
    all_are_stored(db, trainee.finish())
    assert tocsind.stop() == 0


def test_an_unknown_host_is_told(place, db, keyring):
    trainee = Trainee(place, {"TOCSIN_ENDPOINT": "tcp://no-such-host.invalid:5555"})
    trainee.says("the host of tcp://no-such-host.invalid:5555 is unknown")
    trainee.says("no collector at")
    assert trainee.log.count("is unknown") == 1
    trainee.process.kill9()


def test_what_a_killed_trainer_left_is_shipped_with_its_key(place, db, keyring, keyed):
    """By tocsin ship in its environment; without the keys nothing is delivered, and nothing lost."""
    late = keyring.key("late", authorised=False)
    env = {**keyring.environment(late, keyed), "TOCSIN_SPOOL_DIR": str(place / "spool")}
    trainee = Trainee(place, env)
    trainee.says(NOT_ADMITTED)
    trainee.process.kill9()
    keyring.authorize(late)
    wait_count(keyed, "tocsin_keys")
    del env["TOCSIN_ENDPOINT"]
    stranger = {**env, "TOCSIN_SERVER_KEY": None, "TOCSIN_KEY_FILE": None}
    assert Cli(place).run("ship", "--json", env=stranger).rc == 5
    assert db.value("select count(*) from attempts") == 0
    report = Cli(place).run("ship", "--json", env=env).json()
    assert (report["found"], report["delivered"]) == (1, 1)
    all_are_stored(db, report["calls"])
    assert report["calls"] > 0
    assert db.query("select key_name from attempts_overview") == [("late",)]


def test_a_foreign_project_is_told(place, db, keyring, keyed):
    ann = keyring.key("ann", "--project=a")
    trainee = Trainee(place, keyring.environment(ann, keyed))
    trainee.says('this key may not write into project "p"', 40)
    assert db.query("select name from projects") == []
    keyring.authorize(ann, "--project=a", "--project=p")
    wait_for(lambda: db.value("select count(*) from blocks") > 0, 40, lambda: trainee.log)
    all_are_stored(db, trainee.finish())


@pytest.mark.parametrize("change, sentence", [
    ({"TOCSIN_KEY_FILE": None}, "go together"),
    ({"TOCSIN_SERVER_KEY": None}, "go together"),
    ({"TOCSIN_SERVER_KEY": "short"}, "TOCSIN_SERVER_KEY is not a key"),
    ({"TOCSIN_KEY_FILE": "/nowhere"}, "cannot read the key file"),
])
def test_a_bad_setting_is_told_at_start(place, keyring, change, sentence):
    key = Key(place, "ann")
    env = {"TOCSIN_PROJECT": "p", "TOCSIN_ENDPOINT": "tcp://127.0.0.1:1",
           "TOCSIN_SERVER_KEY": keyring.server, "TOCSIN_KEY_FILE": str(key.file),
           "TOCSIN_RING_DIR": str(place / "rings"), **change}
    process = Process([program("trainee"), place / "stop"], place, place / "log", env)
    wait_for(lambda: process.code is not None)
    assert process.code == 2 and sentence in process.log, process.log


def test_a_key_file_that_others_can_read_stops_the_start(place, keyring, keyed):
    ann = keyring.key("ann")
    ann.file.chmod(0o640)
    process = Process([program("trainee"), place / "stop"], place, place / "log",
                      {"TOCSIN_PROJECT": "p", **keyring.environment(ann, keyed)})
    wait_for(lambda: process.code is not None)
    assert process.code == 2 and f"chmod 600 {ann.file}" in process.log
    assert not list((place / "rings").glob("*")), "nothing is left behind"
