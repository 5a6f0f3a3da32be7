# SPDX-License-Identifier: Apache-2.0
"""PostgreSQL is down while trainers go on: tocsind's memory is bounded, and it catches up."""

import resource
import time

from scenarios import kill_collector, kill_postgres, scenario
from world import LIVELY_S, OK, Unfit

RSS_MAX_BYTES = 256 * 1024 * 1024
CROWD = 1024  # producers, in processes of so many:
CROWD_RUNS = 64
CROWD_HZ = 4  # 1,024 couriers look at their rings 50 times a second: two cores carry no more
FULL_PART = 0.9  # the writer has some of it in its hands
CROWD_QUEUE_BYTES = 4 << 20  # the least; what a crowd at this rate may send unanswered fills it


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


def wait_for_all(world, producers):
    """Until each producer stored something that it logged after now."""
    ((now,),) = world.ask("select now()")
    world.wait(lambda: world.ask(
        f"select count(*) = {producers} from producers "
        f"where lane = 1 and updated > '{now}'") == [(True,)], 5 * LIVELY_S,
        "all producers go on")
    check_rss(world)


def stand_still(world, seconds, fills):
    """PostgreSQL is down; fills: until the queue is full and nothing more is taken from the bus; and so
    long after."""
    collector = world.collectors[0]

    def is_full():
        check_rss(world)
        return collector.metrics()["tocsin_queue_bytes"] >= FULL_PART * CROWD_QUEUE_BYTES

    world.db.close()
    world.cluster.kill9()
    if fills:
        world.wait(is_full, 5 * LIVELY_S, lambda: f"the queue is full: {collector.metrics()}")
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        world.go_on(0.5)
        check_rss(world)
    world.figures["queue_bytes"] = int(collector.metrics()["tocsin_queue_bytes"])
    world.restart_postgres()
    world.kills["outage"] += 1


@scenario()
def crowd(world, kills):
    """128 producers a kill, up to 1,024. PostgreSQL is down for six seconds a kill; then it and the
    collector die under them."""
    producers = min(CROWD, 128 * kills)
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    world.collectors[0].flags = [f"--queue-bytes={CROWD_QUEUE_BYTES}"]
    world.start(ranks=producers, runs=CROWD_RUNS, rate=CROWD_HZ * CROWD_RUNS * CROWD // producers,
                calls=(10000, 10000), ring_bytes=1 << 20,
                wrapper=["chrt", "--idle", "0"])  # else 3,000 threads leave the servers no time
    began = time.monotonic()
    wait_for_all(world, producers)
    stand_still(world, 6 * kills, producers == CROWD)
    wait_for_all(world, producers)
    calls = len(world.starts_of_returns(OK))
    world.figures["hz"] = round(calls / producers / (time.monotonic() - began), 1)
    for n in range(kills):
        world.wait_progress(64)
        check_rss(world)
        (kill_postgres if n % 3 == 2 else kill_collector)(world)
    wait_for_all(world, producers)
