# SPDX-License-Identifier: Apache-2.0
"""Two machines, as far as the kernel can pretend: a collector and a trainer in network namespaces of
their own, joined by a cable. Here an address is not loopback."""

import os
import subprocess

import pytest

from keyring import Keyring, Trainee, start_keyed
from rig.wait import wait_for


def ip(*argv):
    return subprocess.run(["ip", *argv], capture_output=True, check=False, timeout=20)


class Network:
    """Namespaces a (10.213.0.1) and b (10.213.0.2); nobody else is on the cable."""

    def __init__(self):
        self.names = {side: f"tocsin-{os.getpid()}-{side}" for side in "ab"}

    def open(self):
        """None, or why it cannot be had."""
        steps = [("netns", "add", self.names["a"]), ("netns", "add", self.names["b"]),
                 ("-n", self.names["a"], "link", "add", "cable", "type", "veth", "peer", "name",
                  "cable", "netns", self.names["b"])]
        for side, address in (("a", "10.213.0.1/24"), ("b", "10.213.0.2/24")):
            name = self.names[side]
            steps += [("-n", name, "address", "add", address, "dev", "cable"),
                      ("-n", name, "link", "set", "cable", "up"),
                      ("-n", name, "link", "set", "lo", "up")]
        for step in steps:
            done = ip(*step)
            if done.returncode != 0:
                return f"ip {' '.join(step)}: {done.stderr.decode().strip()}"
        return None

    def close(self):
        for name in self.names.values():
            ip("netns", "del", name)

    def inside(self, side):
        """What a program's arguments begin with to run there."""
        return ["ip", "netns", "exec", self.names[side]]


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
