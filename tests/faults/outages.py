# SPDX-License-Identifier: Apache-2.0
"""Faults that kill nobody: absent collectors, spoiled disks, stopped processes, clocks."""

import os
import signal
import subprocess

from scenarios import kill_backend, kill_collector, kill_trainer, repeat, scenario, strace
from world import FULL, LIVELY_S, Unavailable, build_dir

HEARTBEAT_S = 8  # longer than a silence that heartbeats allow


@scenario()
def absent(world, kills):
    """No collector until rings and spools are full and calls were dropped; then it comes, and goes,
    while they stay full."""
    trainers = world.add_trainers(rate=4000, calls=(20000, 30000), ring_bytes=1 << 20,
                                  spool_bytes=1 << 20)
    world.wait(lambda: len(set(world.starts_of_returns(FULL))) >= len(trainers.processes),
               what="all rings and spools are full")
    world.collectors[0].start()
    for _ in range(kills):
        world.wait_progress()
        kill_collector(world)
    world.kills["absent"] += 1


def spools(world):
    return sorted((world.place / "data/spool").glob("*.spool"))


@scenario()
def spooled(world, kills):
    """No collector at all while trainers fill spools and are killed; their next starts, and tocsin
    ship, deliver what they left."""
    world.add_trainers(rate=3000, calls=(10000, 30000), ring_bytes=1 << 20)
    world.wait(lambda: spools(world), what="something is spooled")
    for _ in range(kills):
        world.go_on(world.rng.uniform(0.2, 1))
        kill_trainer(world)
    world.collectors[0].start()
    world.wait_progress()


DISK_TRAINERS = 6  # at once
DISK_ERRORS = [("pwrite64", "ENOSPC"), ("fdatasync", "EIO"), ("pwrite64", "EIO"),
               ("fdatasync", "ENOSPC")]  # of a trainer's calls only the spool's are of these


def add_unlucky(world, n):
    """A trainer that meets one error, once or for a while; where strace tells of it, and its name."""
    call, error = DISK_ERRORS[n % len(DISK_ERRORS)]
    first = world.rng.randint(1, 6) if call == "pwrite64" else 1
    log = world.place / f"strace{n}.log"
    log.touch()
    what = f"error={error}:when={first}..{first + world.rng.choice([0, 0, 1, 8])}"
    world.add_trainers(ranks=1, rate=12000, calls=(90000, 99999), ring_bytes=1 << 20,
                       wrapper=strace(call, what, log),
                       env={"ASAN_OPTIONS": "detect_leaks=0", "RANK": str(n),
                            "WORLD_SIZE": str(n + 1)})
    return log, f"{call} {error}"


@scenario()
def disk(world, kills):
    """The spool's disk is full, then broken: each trainer meets an error at its own system call. What
    cannot be spooled waits in the ring; what that cannot hold is dropped and counted. What was spooled
    and not made durable is spooled again."""
    for first in range(0, kills, DISK_TRAINERS):
        logs = [add_unlucky(world, n) for n in range(first, min(kills, first + DISK_TRAINERS))]
        world.wait(lambda: all("INJECTED" in log.read_text() for log, _ in logs),
                   what="each trainer meets its error", deadline_s=3 * LIVELY_S)
        world.go_on(1)
        world.collectors[0].start()
        world.wait_progress()
        while world.trainers:
            world.trainers.pop().finish()
        world.collectors[0].stop()
        for log, what in logs:
            world.kills[what] += log.read_text().count("INJECTED")
    world.collectors[0].start()


@scenario()
def shm(world, kills):
    """/dev/shm is full: the ring is made in the data directory instead, and nothing dies of it."""
    if subprocess.run(["unshare", "-m", "true"], check=False, capture_output=True).returncode != 0:
        raise Unavailable("mount namespaces are not to be had here")
    full = "mount -t tmpfs -o size=64k tmpfs /dev/shm && exec \"$@\""
    world.collectors[0].start()
    world.add_trainers(wrapper=["unshare", "-m", "sh", "-c", full, "sh"],
                       env={"TOCSIN_RING_DIR": None})
    for _ in range(kills):
        world.wait_progress()
        kill_collector(world)
    world.kills["full"] += 1


def spoil(world, path):
    """A tail that was torn, or bytes that rotted."""
    data = bytearray(path.read_bytes())
    at = world.rng.randrange(len(data))
    if world.rng.random() < 0.5:
        del data[at:]
    else:
        for i in range(at, min(len(data), at + world.rng.choice([1, 8, 512]))):
            data[i] ^= 1 + world.rng.randrange(255)
    path.write_bytes(data)


@scenario()
def torn(world, kills):
    """Trainers die without a collector, and each spool file is damaged. Nothing wrong may come of it,
    and what is gone must be counted."""
    for _ in range(kills):
        trainers = world.add_trainers(ranks=2, rate=4000, calls=(30000, 40000), ring_bytes=1 << 20)
        world.wait(lambda: len(spools(world)) >= 2, what="both ranks spool")
        world.go_on(world.rng.uniform(0.5, 2))
        world.damaged.update(range(world.starts - 2, world.starts))
        world.trainers.remove(trainers)
        for process in trainers.processes.values():
            process.kill9()
        for path in spools(world):
            spoil(world, path)
            world.kills["torn"] += 1
        world.collectors[0].start()
        world.deliver()
        world.collectors[0].stop()
    world.collectors[0].start()


def stop_for(world, pids, seconds):
    def send(number):
        for pid in pids:
            try:
                os.kill(pid, number)
            except ProcessLookupError:
                pass  # a worker of PostgreSQL that was just ending

    send(signal.SIGSTOP)
    world.go_on(seconds)
    send(signal.SIGCONT)


@scenario()
def stops(world, kills):
    """Everybody in turn stands still, every eighth time longer than heartbeats allow."""
    turns = (lambda: [world.collectors[0].pid],
             lambda: world.postgres_pids(),
             lambda: [p.pid for p in world.trainers[0].processes.values() if p.code is None])

    def fault(_):
        n = world.kills["stop"]
        stop_for(world, turns[n % len(turns)](),
                 HEARTBEAT_S if n % 8 == 3 else world.rng.uniform(0, 1.5))
        world.kills["stop"] += 1

    repeat(world, kills, fault)


@scenario(collectors=2, proxied=True)
def partition(world, kills):
    """Connections that carry nothing, or only one way, and are not closed; they heal, and what was
    on its way arrives late. Every eighth time longer than heartbeats allow: trainers move."""
    def fault(_):
        n = world.kills["partition"]
        used = max(world.proxies, key=lambda proxy: proxy.connections)
        with world.hold():
            used.set(world.rng.choice(["stalled", "deaf"]))
            world.go_on(2 * HEARTBEAT_S if n % 8 == 2 else world.rng.uniform(0, 2))
            used.set("open")
        world.kills["partition"] += 1

    repeat(world, kills, fault)


@scenario()
def clock(world, kills):
    """The wall clocks of tocsind and of trainers go back by an hour, again and again, also while they
    finish, and while PostgreSQL is being reached again."""
    def fault(_):
        processes = [world.collectors[0].process, *world.trainers[0].processes.values()]
        if world.rng.random() < 0.2:
            kill_backend(world)
        for process in processes:
            if world.rng.random() < 0.5:
                process.send(signal.SIGUSR1)
                world.kills["setback"] += 1
        world.go_on(world.rng.uniform(0, 0.5))

    world.collectors[0].env = {"LD_PRELOAD": build_dir() / "tests/faults/libsetback.so",
                               "ASAN_OPTIONS": "verify_asan_link_order=0"}
    repeat(world, kills, fault)
