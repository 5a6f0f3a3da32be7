# SPDX-License-Identifier: Apache-2.0
"""A network that the kernel cuts: the collector in one namespace, with keys as off loopback they must
be, trainers in another, and between them rules that drop or refuse what passes."""

import contextlib
import shutil
import subprocess

from keyring import Keyring
from rig.network import Network, ip

from outages import HEARTBEAT_S
from scenarios import scenario, wait_sometimes
from world import Unavailable, Unfit

PORT = 5555
TO_COLLECTOR = f"tcp dport {PORT}"
TO_TRAINERS = f"tcp sport {PORT}"

# What packets meet in the collector's namespace, by hook.
CUTS = {
    "to the collector": [("input", f"{TO_COLLECTOR} drop")],
    "to the trainers": [("output", f"{TO_TRAINERS} drop")],
    "half-open": [("input", f"{TO_COLLECTOR} drop"), ("output", f"{TO_TRAINERS} drop")],
    "reset": [("input", f"{TO_COLLECTOR} reject with tcp reset")],
    "loss": [("input", f"{TO_COLLECTOR} numgen random mod 100 < 30 drop"),
             ("output", f"{TO_TRAINERS} numgen random mod 100 < 30 drop")],
    "link": [],  # the cable is pulled
}


class Cable:
    def __init__(self, network):
        self.network = network

    def _filter(self, rules):
        text = "flush ruleset\ntable inet cut {\n" + "".join(
            f"chain {hook} {{ type filter hook {hook} priority 0; {rule}; }}\n"
            for hook, rule in rules) + "}\n"
        done = subprocess.run([*self.network.inside("a"), "nft", "-f", "-"], input=text.encode(),
                              capture_output=True, check=False, timeout=20)
        if done.returncode != 0:
            raise Unfit(f"nft: {done.stderr.decode()}")

    def _link(self, state):
        if ip("-n", self.network.names["a"], "link", "set", "cable", state).returncode != 0:
            raise Unfit(f"the cable cannot be set {state}")

    def cut(self, how):
        self._filter(CUTS[how])
        if how == "link":
            self._link("down")

    def heal(self):
        self._filter([])
        self._link("up")


@contextlib.contextmanager
def two_machines():
    network = Network()
    try:
        problem = network.open()
        if problem or not shutil.which("nft"):
            raise Unavailable(problem or "nft is not installed")
        yield network
    finally:
        network.close()


@scenario()
def network(world, kills):
    """Packets are dropped one way, both ways, now and then, or answered with a reset, or the link goes
    down; every eighth time longer than heartbeats allow."""
    with two_machines() as machines:
        keyring = Keyring(world.place, world.db)
        collector = world.collectors[0]
        listen = f"tcp://10.213.0.1:{PORT}"
        collector.wrapper = machines.inside("a")
        collector.flags = [f"--listen={listen},{collector.endpoint}",  # ipc for tocsin ship
                           f"--server-key={keyring.server_file}"]
        collector.start()
        world.add_trainers(endpoints=listen, wrapper=machines.inside("b"), env={
            "TOCSIN_SERVER_KEY": keyring.server, "TOCSIN_KEY_FILE": str(keyring.key("ann").file)})
        cable = Cable(machines)
        cuts = list(CUTS)
        for n in range(kills):
            wait_sometimes(world)
            how = cuts[n % len(cuts)]
            with world.hold():
                world.go_on(world.rng.uniform(0, 0.3))
                cable.cut(how)
                world.go_on(2 * HEARTBEAT_S if n % 8 == 7 else world.rng.uniform(0, 2))
                cable.heal()
            world.kills[how] += 1
        world.wait_progress()
        world.finish()
