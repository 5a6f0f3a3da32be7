# SPDX-License-Identifier: Apache-2.0
"""Faults that kill nobody: stopped processes, cut networks, absent servers, crowds, clocks."""

import os
import resource
import signal
import time

from scenarios import kill_collector, kill_postgres, repeat, scenario
from world import FULL, OK, Unfit

HEARTBEAT_S = 8  # longer than a silence that heartbeats allow
RSS_MAX_BYTES = 256 * 1024 * 1024


@scenario()
def absent(world, kills):
    """No collector until the rings are full and calls were dropped; then it comes, and goes, while
    the rings stay full."""
    trainers = world.add_trainers(rate=4000, calls=(10000, 20000), ring_bytes=1 << 20)
    world.wait(lambda: len(set(world.starts_of_returns(FULL))) >= len(trainers.processes),
               what="all rings are full")
    world.collectors[0].start()
    for _ in range(kills):
        world.wait_progress()
        kill_collector(world)
    world.kills["absent"] += 1


def stop_for(world, pids, seconds):
    for pid in pids:
        os.kill(pid, signal.SIGSTOP)
    world.go_on(seconds)
    for pid in pids:
        os.kill(pid, signal.SIGCONT)


@scenario()
def stops(world, kills):
    """Everybody in turn stands still, every fourth time longer than heartbeats allow."""
    turns = (lambda: [world.collectors[0].pid],
             lambda: world.postgres_pids(),
             lambda: [p.pid for p in world.trainers[0].processes.values() if p.code is None])

    def fault(_):
        n = world.kills["stop"]
        stop_for(world, turns[n % len(turns)](),
                 HEARTBEAT_S if n % 4 == 3 else world.rng.uniform(0, 1.5))
        world.kills["stop"] += 1

    repeat(world, kills, fault)


@scenario(collectors=2, proxied=True)
def partition(world, kills):
    """Connections that carry nothing, or only one way, and are not closed; they heal, and what was
    on its way arrives late. Every third time longer than heartbeats allow: trainers move."""
    def fault(_):
        n = world.kills["partition"]
        used = max(world.proxies, key=lambda proxy: proxy.connections)
        with world.hold():
            used.set(world.rng.choice(["stalled", "deaf"]))
            world.go_on(2 * HEARTBEAT_S if n % 3 == 2 else world.rng.uniform(0, 2))
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
    """1,024 producers, as 16 processes; the collector and PostgreSQL die under them."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    world.start(ranks=1024, runs=64, rate=150, calls=(40, 60), ring_bytes=1 << 20)
    world.wait(lambda: (world.ask("select count(distinct rank) from attempts") or [[0]])[0][0] == 1024,
               what="1,024 producers said hello")
    for n in range(kills):
        world.wait_progress(64)
        check_rss(world)
        (kill_postgres if n % 3 == 2 else kill_collector)(world)
    world.wait_progress(64)
    check_rss(world)


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
