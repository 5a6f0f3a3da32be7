# SPDX-License-Identifier: Apache-2.0
"""A collector and a trainer on two machines, as far as the kernel can pretend."""

import pytest

from keyring import Keyring, Trainee, start_keyed
from rig.network import Network
from rig.wait import wait_for


@pytest.fixture
def network():
    network = Network()
    problem = network.open()
    if problem:
        network.close()
        pytest.skip(f"network namespaces cannot be made here: {problem}")
    yield network
    network.close()


def test_a_trainer_on_another_machine_delivers(place, db, network):
    keyring = Keyring(place, db)
    ann = keyring.key("ann")
    tocsind = start_keyed(place, db, keyring, "tcp://10.213.0.1:5555",
                          prefix=network.inside("a"))
    trainee = Trainee(place, keyring.environment(ann, tocsind), prefix=network.inside("b"))
    wait_for(lambda: db.value("select count(*) from blocks") > 0, 30,
             lambda: trainee.log + tocsind.log)
    calls = trainee.finish()
    assert db.query("select count(*), count(distinct step) from metrics where name = 'loss'"
                    ) == [(calls, calls)]
    stranger = Trainee(place, {"TOCSIN_ENDPOINT": tocsind.endpoint}, "stranger",
                       prefix=network.inside("b"))
    stranger.says("admits keys only")
    stranger.process.kill9()
    assert db.value("select count(*) from attempts") == 1
    assert tocsind.stop() == 0


def test_a_wildcard_address_listens_there_too(place, db, network):
    keyring = Keyring(place, db)
    ann = keyring.key("ann")
    tocsind = start_keyed(place, db, keyring, "tcp://*:5555", prefix=network.inside("a"))
    tocsind.endpoint = "tcp://10.213.0.1:5555"
    trainee = Trainee(place, keyring.environment(ann, tocsind), prefix=network.inside("b"))
    wait_for(lambda: db.value("select count(*) from blocks") > 0, 30,
             lambda: trainee.log + tocsind.log)
    assert trainee.finish() > 0
    assert tocsind.stop() == 0
