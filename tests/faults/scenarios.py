# SPDX-License-Identifier: Apache-2.0
"""The faults, one function each: what dies, stops or is cut off, so many times, at drawn instants.

A scenario gets a world without collectors or trainers running and the number of faults; it starts
what it needs and leaves with all faults healed. faults.py finishes and asks the oracle."""

import os
import signal

from world import LIVELY_S

ZOMBIE_HOLDS_S = 60  # its locks, if it stands in the middle of a COPY: collector/sql/set_session.sql
SCENARIOS = {}  # name: (function, arguments of its World)


def scenario(**world):
    def register(function):
        SCENARIOS[function.__name__] = (function, world)
        return function
    return register


def kill_collector(world, collector=None):
    collector = collector or world.collectors[0]
    with world.hold():
        world.go_on(world.rng.uniform(0, 0.3))
        collector.kill9()
    world.go_on(world.rng.choice([0, 0, world.rng.uniform(0, 0.5)]))
    collector.start()
    world.kills["collector"] += 1


def kill_postgres(world):
    with world.hold():
        world.go_on(world.rng.uniform(0, 0.3))
        world.db.close()
        world.cluster.kill9()
    world.go_on(world.rng.choice([0, 0, world.rng.uniform(0, 0.5)]))
    world.restart_postgres()
    world.kills["postgres"] += 1


def kill_backend(world):
    """The server process that serves tocsind; PostgreSQL then restarts all of its processes."""
    def pids():
        return world.ask("select pid from pg_stat_activity where application_name = 'tocsind'")

    with world.hold():
        world.go_on(world.rng.uniform(0, 0.3))
        world.wait(pids, what="tocsind is connected")
        for (pid,) in pids() or []:
            os.kill(pid, signal.SIGKILL)
            world.kills["backend"] += 1
    world.wait(lambda: world.committed() is not None, what="PostgreSQL is back")


def kill_trainer(world):
    world.go_on(world.rng.uniform(0, 0.3))
    trainers = world.rng.choice(world.trainers)
    trainers.processes[world.rng.choice(list(trainers.processes))].kill9()
    world.kills["trainer"] += 1


def wait_sometimes(world):
    """Usually a fault strikes what works; now and then what is just getting up."""
    if world.rng.random() < 0.8:
        world.wait_progress()


def repeat(world, kills, fault):
    world.start()
    for _ in range(kills):
        wait_sometimes(world)
        fault(world)
    world.wait_progress()


@scenario()
def collector(world, kills):
    repeat(world, kills, kill_collector)


@scenario()
def postgres(world, kills):
    repeat(world, kills, kill_postgres)


@scenario()
def backend(world, kills):
    repeat(world, kills, kill_backend)


@scenario()
def trainer(world, kills):
    repeat(world, kills, kill_trainer)


@scenario()
def mixed(world, kills):
    faults = (kill_collector, kill_postgres, kill_backend, kill_trainer)
    repeat(world, kills, lambda w: w.rng.choice(faults)(w))


@scenario(collectors=2, proxied=True)
def zombie(world, kills):
    """Trainers move to the other collector while the first still holds what they sent, and goes on
    with it later: stopped, cut off, and woken again."""
    world.start()
    for _ in range(kills):
        world.wait_progress()
        used = max((0, 1), key=lambda i: world.proxies[i].connections)
        first, proxy = world.collectors[used], world.proxies[used]
        with world.hold():
            first.pause()
            world.go_on(world.rng.uniform(0, 0.5))  # more arrives at its socket
            proxy.set("open", refusing=True)
            proxy.cut()
            world.go_on(world.rng.uniform(0, 0.8))
            if world.rng.random() < 0.7:
                first.resume()
                world.go_on(world.rng.uniform(0, 0.2))
        world.wait_progress(deadline_s=ZOMBIE_HOLDS_S + LIVELY_S)
        first.resume()
        proxy.set("open")
        world.kills["zombie"] += 1
    world.wait_progress()


@scenario(proxied=True)
def cut(world, kills):
    """Connections are reset and made again at once, while their batches are being committed."""
    def fault(_):
        with world.hold():
            world.go_on(world.rng.uniform(0, 0.3))
            world.proxies[0].cut()
            world.go_on(world.rng.uniform(0, 0.8))
        world.kills["cut"] += 1

    repeat(world, kills, fault)


@scenario(postgres_proxied=True)
def reply(world, kills):
    """COMMIT reaches PostgreSQL, its answer does not arrive: the outcome is unknown."""
    def fault(_):
        proxy = world.postgres_proxy
        proxy.deaf_after = b"commit\0"
        world.wait(lambda: proxy.mode == "deaf", what="a commit passes by")
        world.go_on(world.rng.uniform(0, 0.1))
        proxy.set("open", refusing=world.rng.random() < 0.3)
        proxy.cut()
        world.go_on(world.rng.uniform(0, 0.2))
        proxy.set("open")
        world.kills["reply"] += 1

    repeat(world, kills, fault)


def strace(call, what, log="/dev/null", detached=True):
    """What runs a program of which each thread meets something at its own calls of one kind.
    detached: the process that is started is the program, not strace."""
    bpf = ["--seccomp-bpf"] if what.startswith("error") else []  # faster; it makes no signals
    return ["strace", *(["-D"] if detached else []), *bpf, "-f", "-A", "-qq", "-o", log, "-e",
            f"trace={call}", "-e", f"inject={call}:{what}"]
