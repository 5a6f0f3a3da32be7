# SPDX-License-Identifier: Apache-2.0
"""Faults that kill nobody: stopped processes, cut networks, absent servers, crowds, clocks."""

import os
import resource
import signal
import subprocess
import time

from scenarios import kill_collector, kill_postgres, kill_trainer, repeat, scenario, strace
from world import FULL, LIVELY_S, OK, Unavailable, Unfit

HEARTBEAT_S = 8  # longer than a silence that heartbeats allow
RSS_MAX_BYTES = 256 * 1024 * 1024


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


@scenario()
def disk(world, kills):
    """The spool's disk is full, then broken, again and again: each trainer meets an error at its own
    system call, for a while. What cannot be spooled waits in the ring; what that cannot hold is
    dropped and counted."""
    logs = []
    for n in range(kills):
        call = ("pwrite64", "fdatasync")[n % 2]  # of a trainer's only the spool uses them
        error = ("ENOSPC", "EIO")[n // 2 % 2]
        first = world.rng.randint(1, 6) if call == "pwrite64" else 1
        log = world.place / f"strace{n}.log"
        log.touch()
        world.add_trainers(ranks=1, rate=6000, calls=(90000, 99999), ring_bytes=1 << 20,
                           wrapper=strace(call, f"error={error}:when={first}..{first + 8}", log),
                           env={"ASAN_OPTIONS": "detect_leaks=0", "RANK": str(n),
                                "WORLD_SIZE": str(kills)})
        logs.append((log, f"{call} {error}"))
    world.wait(lambda: all("INJECTED" in log.read_text() for log, _ in logs),
               what="each trainer meets its error", deadline_s=60 + 4 * kills)
    world.go_on(2)
    for log, what in logs:
        world.kills[what] += log.read_text().count("INJECTED")
    world.collectors[0].start()
    world.wait_progress()


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


def is_sanitized(pid):
    with open(f"/proc/{pid}/maps", encoding="utf-8") as maps:
        return "libasan" in maps.read()


def check_rss(world):
    collector = world.collectors[0]
    world.figures["rss_bytes"] = max(world.figures["rss_bytes"], collector.rss_bytes())
    if world.figures["rss_bytes"] > RSS_MAX_BYTES and not is_sanitized(collector.pid):
        raise Unfit(f"tocsind uses {world.figures['rss_bytes']} bytes")


def calls_committed(world):
    rows = world.ask("select coalesce(sum(committed), 0) from producers")
    return int(rows[0][0]) if rows else 0


@scenario()
def outage(world, kills):
    """PostgreSQL is down for three seconds a kill. tocsind's memory stays bounded, and what waited
    goes in at several times the rate at which it came."""
    rate = 250
    trainers = world.start(rate=rate, calls=(20000, 40000))
    world.wait_progress(10)
    world.db.close()
    world.cluster.kill9()
    end = time.monotonic() + 3 * kills
    while time.monotonic() < end:
        world.go_on(0.5)
        check_rss(world)
    world.restart_postgres()
    before = calls_committed(world)
    world.wait_progress()
    logged, began = len(world.starts_of_returns(OK)), time.monotonic()
    world.wait(lambda: calls_committed(world) >= logged, what="the backlog is in")
    check_rss(world)
    arrival = rate * len(trainers.processes)
    caught_up = (logged - before) / max(0.001, time.monotonic() - began) / arrival
    world.figures["catch_up_times"] = round(caught_up, 1)
    world.kills["outage"] += 1
    if caught_up < 3:
        raise Unfit(f"the backlog went in at {caught_up:.1f} times the arrival rate")


@scenario()
def crowd(world, kills):
    """128 producers a kill, up to 1,024, in processes of 64; the collector and PostgreSQL die under
    them."""
    producers = min(1024, 128 * kills)
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))

    def wait_for_all():
        """Until each producer stored something that it logged after now."""
        ((now,),) = world.ask("select now()")
        world.wait(lambda: world.ask(
            f"select count(*) = {producers} from producers "
            f"where lane = 1 and updated > '{now}'") == [(True,)], 3 * LIVELY_S,
            "all producers go on")
        check_rss(world)

    world.start(ranks=producers, runs=64, rate=64, calls=(10000, 10000), ring_bytes=1 << 20)
    for n in range(kills):
        world.wait_progress(64)
        check_rss(world)
        (kill_postgres if n % 3 == 2 else kill_collector)(world)
    wait_for_all()


@scenario()
def clock(world, kills):
    """The wall clocks of trainers go back by an hour, again and again, also while they finish."""
    def fault(_):
        for process in world.trainers[0].processes.values():
            if world.rng.random() < 0.5:
                process.send(signal.SIGUSR1)
                world.kills["setback"] += 1
        world.go_on(world.rng.uniform(0, 0.5))

    repeat(world, kills, fault)
