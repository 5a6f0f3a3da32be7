# SPDX-License-Identifier: Apache-2.0
"""Death before the k-th system call of one kind, also those of a start: strace sends SIGKILL instead
of the call. Every thread counts its own."""

from rig.process import Process
from rig.wait import wait_for

from scenarios import scenario, strace, wait_sometimes
from world import build_dir

EVERY_K_FROM = 50  # with more kills than this k is not drawn, but every one from 1 on

# What dies at which calls, and the highest k of each that is reached in a short life.
COLLECTOR = {"sendto": 150, "recvfrom": 150, "write": 150}
TRAINER = {"pwrite64": 12, "sync_file_range": 12, "fdatasync": 2, "fsync": 3, "unlinkat": 2,
           "fallocate": 1, "rename": 1, "pread64": 20, "sendto": 60, "recvfrom": 40, "write": 400}
SHIP = {"sendto": 60, "recvfrom": 10, "write": 40, "pread64": 80, "unlinkat": 4, "fsync": 2,
        "unlink": 2, "fallocate": 2}
BACKEND = {"sendto": 40, "recvfrom": 40, "pwrite64": 20, "fdatasync": 10}

TRACED = {"ASAN_OPTIONS": "detect_leaks=0"}  # two tracers cannot share a process
SPOOLING = {"rate": 4000, "calls": (10000, 20000), "ring_bytes": 1 << 20}


def deaths(world, table, kills):
    """For ever: a call, and before which of its kind to die."""
    calls = list(table)
    n = 0
    while True:
        call = calls[n % len(calls)]
        k = n // len(calls) % table[call] + 1 if kills > EVERY_K_FROM \
            else world.rng.randint(1, table[call])
        yield call, f"signal=KILL:when={k}"
        n += 1


@scenario()
def syscalls(world, kills):
    """tocsind."""
    collector = world.collectors[0]
    world.add_trainers()
    for _, death in zip(range(kills), deaths(world, COLLECTOR, kills)):
        collector.wrapper = strace(*death)
        collector.spawn(env=TRACED)
        before = world.committed()
        world.wait(lambda: not collector.is_alive() or world.committed() > before + 100,
                   what="tocsind dies, or works on")
        world.kills["syscall"] += not collector.is_alive()
        collector.kill9()
    collector.wrapper = []
    collector.start()
    world.wait_progress()


@scenario()
def trainer_syscalls(world, kills):
    """Trainers, whose couriers send and spool: the collector is away for half of the time."""
    collector = world.collectors[0]
    planned = deaths(world, TRAINER, kills)
    trainers = world.add_trainers(wrapper=lambda: strace(*next(planned)), env=TRACED, **SPOOLING)
    while trainers.killed < kills:
        world.go_on(world.rng.uniform(0.5, 3))
        collector.start()
        wait_sometimes(world)
        world.go_on(world.rng.uniform(0, 2))
        collector.kill9()
    world.kills["syscall"] += trainers.killed
    trainers.wrapper = list
    collector.start()
    world.wait_progress()


def fill(world):
    """What killed trainers leave, who never knew a collector."""
    trainers = world.add_trainers(ranks=2, endpoints=f"ipc://{world.place}/nobody.sock", **SPOOLING)
    world.wait(lambda: list((world.place / "data/spool").glob("*.spool")), what="both spool")
    world.go_on(world.rng.uniform(0.5, 2))
    world.trainers.remove(trainers)
    for process in trainers.processes.values():
        process.kill9()


@scenario()
def ship_syscalls(world, kills):
    """`tocsin ship`; the next one goes on with what is left."""
    world.start(ranks=1)
    planned = deaths(world, SHIP, kills)
    while world.kills["syscall"] < kills:
        fill(world)
        code = None
        while code != 0 and world.kills["syscall"] < kills:
            ship = Process(
                [*strace(*next(planned)), build_dir() / "cli/tocsin", "ship", "--endpoint",
                 world.endpoints], world.place, world.place / "ship.log",
                {"TOCSIN_RING_DIR": str(world.rings), **TRACED})
            world.wait(lambda: ship.code is not None, what="tocsin ship ends")
            code = ship.code
            world.kills["syscall"] += code == -9
    world.wait_progress()


@scenario()
def backend_syscalls(world, kills):
    """The server process of PostgreSQL that serves tocsind's writer; all of PostgreSQL starts anew."""
    def pid():
        rows = world.ask("select pid from pg_stat_activity where application_name = 'tocsind' "
                         "and query ilike '%producers%' limit 1")
        return rows and rows[0][0]

    world.start()
    planned = deaths(world, BACKEND, kills)
    while world.kills["syscall"] < kills:
        world.wait_progress()
        victim = []
        world.wait(lambda: victim.append(pid()) or victim[-1], what="tocsind is connected")
        before = world.committed()
        tracer = Process([*strace(*next(planned), detached=False), "-p", victim[-1]], world.place,
                         world.place / "strace.log")
        world.wait(lambda: tracer.code is not None or (world.committed() or 0) > before + 100,
                   what="the server process dies, or works on")
        world.kills["syscall"] += tracer.code == 0  # else it came too late
        tracer.kill9()
    world.wait_progress()
