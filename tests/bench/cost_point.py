# SPDX-License-Identifier: Apache-2.0
"""One point of the cost curve: some producers, one rate, one width; what each part of the chain used meanwhile."""

import dataclasses
import os
import signal
import subprocess
import time

import cost_usage as usage
from rig.process import as_user
from rig.programs import Tocsind
from rig.wait import wait_for

PER_PROCESS = 1024  # simulated producers
READY_S = 120
WARM_S = 1.5
REAL, SIMULATED = "bench-real", "bench-producers"

# blocks and rollups have no foreign key.
EMPTY = "truncate projects, blocks, rollups cascade"

# Bytes of all tables with their indexes and TOAST.
SIZES = """
select coalesce(sum(pg_total_relation_size(c.oid)) filter (where c.relname = 'blocks'), 0),
       coalesce(sum(pg_total_relation_size(c.oid)) filter (where c.relname <> 'blocks'), 0)
  from pg_class c join pg_namespace n on n.oid = c.relnamespace
 where n.nspname = 'tocsin' and c.relkind = 'r'"""

WAL = "select pg_wal_lsn_diff(pg_current_wal_lsn(), '0/0'), wal_sync, wal_sync_time from pg_stat_wal"

COMMITTED = "select coalesce(sum(committed), 0) from producers_overview where project = %s and lane = 'metrics'"

# From each call's own time to the time of its transaction, which PostgreSQL takes just before it flushes the log.
# Blocks that compaction has joined meanwhile are of another transaction.
LAG = """
with calls as (
  select extract(epoch from pg_xact_commit_timestamp(b.xmin) - t) * 1000 as ms
    from blocks b tablesample bernoulli ({percent}), unnest(times) t
   where not rolled and pg_xact_commit_timestamp(b.xmin) between to_timestamp({begin}) and to_timestamp({end}))
select percentile_cont(array[0.5, 0.99]) within group (order by ms) from calls"""

BLOCKS = """
select count(*), coalesce(sum(cardinality(steps)), 0) from blocks b
 where not rolled and pg_xact_commit_timestamp(b.xmin) between to_timestamp({begin}) and to_timestamp({end})"""


@dataclasses.dataclass(frozen=True)
class Config:
    producers: int
    rate: str  # calls a second and producer, or full, or single: batches of one call as fast as the window allows
    metrics: int

    @property
    def hz(self):
        return float(self.rate) if self.rate not in ("full", "single") else None

    @property
    def has_real(self):
        """One of the producers is a real emitter, except where batches are smaller than one would make them."""
        return self.rate != "single"


class Load:
    """The producers of a point: one real emitter in a process of its own, all others simulated in few."""

    def __init__(self, build, place, endpoint, config, seed):
        self.real = None
        self.processes = []
        simulated = config.producers - config.has_real
        env = dict(os.environ, TOCSIN_ENDPOINT=endpoint, TOCSIN_PROJECT=REAL, TOCSIN_SPOOL_DIR=str(place / "spool"),
                   TOCSIN_RING_DIR=str(place / "rings"))
        if config.has_real:
            self.real = self._start(build, env, "bench_paced", config.metrics, f"{config.hz or 0:.0f}")
        for i in range(0, simulated, PER_PROCESS):
            self._start(build, env, "bench_producers", endpoint, min(PER_PROCESS, simulated - i), config.metrics,
                        config.rate, 3600, seed + i // PER_PROCESS)

    def _start(self, build, env, name, *arguments):
        process = subprocess.Popen([*as_user(None), "--pdeathsig", "KILL", str(build / "tests/bench" / name),
                                    *map(str, arguments)], env=env, stdout=subprocess.PIPE, text=True)
        self.processes.append(process)
        return process

    def wait_ready(self):
        for process in self.processes:
            line = process.stdout.readline()
            assert line == "ready\n", (process.args, line)

    def simulated_seconds(self):
        return sum(usage.process_seconds(p.pid) for p in self.processes if p is not self.real)

    def stop(self):
        """Ends them once all is acknowledged; calls that they logged, and how many of them did not get that far."""
        for process in self.processes:
            process.send_signal(signal.SIGTERM)
        calls = late = 0
        for process in self.processes:
            out = process.communicate(timeout=READY_S)[0].split()
            calls += int(out[0] if process is self.real else out[1])
            late += process.returncode != 0
        return calls, late

    def kill(self):
        for process in self.processes:
            if process.poll() is None:
                process.kill()
                process.wait()


@dataclasses.dataclass
class Snapshot:
    at: float
    wall: float
    counters: dict
    threads: dict  # of tocsind
    children: dict  # of PostgreSQL
    load: float
    real: float
    real_calls: int
    idle: float
    wal: tuple
    sizes: tuple


class Bench:
    """A PostgreSQL cluster and a migrated database, with a new tocsind for each point."""

    def __init__(self, build, place, cluster, database):
        self.build = build
        self.place = place
        self.cluster = cluster
        self.db = database
        self.points = 0

    def snapshot(self, tocsind, load):
        real = load.real.pid if load.real else None
        return Snapshot(
            at=time.monotonic(), wall=time.time(), counters=tocsind.metrics(), threads=usage.thread_seconds(tocsind.pid),
            children=usage.child_seconds(self.cluster.server.pid), load=load.simulated_seconds(),
            real=usage.process_seconds(real) if real else 0.0,
            real_calls=self.db.value(COMMITTED, REAL) if real else 0, idle=usage.machine_idle_seconds(),
            wal=self.db.query(WAL)[0], sizes=self.db.query(SIZES)[0])

    def measure(self, config, seconds):
        """The point as a dictionary of columns."""
        self.points += 1
        self.db.query(EMPTY)
        self.db.query("checkpoint")
        tocsind = Tocsind(self.place, self.db.dsn_collector, f"point{self.points}")
        tocsind.endpoint = "tcp://127.0.0.1:*"
        tocsind.start()
        empty_mb = usage.memory_mb(tocsind.pid, "VmRSS")
        endpoint = wait_for(lambda: tocsind.log.partition("listen=")[2].split()[0])
        load = Load(self.build, self.place, endpoint, config, int(time.time()) * 10)
        try:
            began = time.monotonic()
            load.wait_ready()
            ready_s = time.monotonic() - began
            time.sleep(WARM_S)
            backend = self.db.value("select pid from pg_stat_activity where application_name = 'tocsind'")
            before = self.snapshot(tocsind, load)
            time.sleep(seconds)
            after = self.snapshot(tocsind, load)
            real_mb = usage.memory_mb(load.real.pid, "VmRSS") if load.real else 0
            calls, late = load.stop()
        finally:
            load.kill()
            full_mb = usage.memory_mb(tocsind.pid, "VmHWM")
            tocsind.stop()
        lost = calls - sum(self.db.value(COMMITTED, project) for project in (REAL, SIMULATED))
        row = summary(config, before, after, backend)
        row.update(self.lag(before, after), lost=int(lost), late=late, ready_s=ready_s, collector_mb=full_mb,
                   kb_per_producer=(full_mb - empty_mb) * 1024 / config.producers, emitter_mb=real_mb)
        row["limit"] = limit(config, row)
        return row

    def lag(self, before, after):
        times = {"begin": before.wall, "end": after.wall}
        blocks, calls = self.db.query(BLOCKS.format(**times))[0]
        percent = min(100.0, 100 * 300_000 / max(1, calls))
        p50, p99 = self.db.value(LAG.format(percent=percent, **times)) or (0, 0)
        return {"lag_p50_ms": float(p50), "lag_p99_ms": float(p99), "calls_per_block": float(calls) / max(1, blocks)}


def counted(before, after, name):
    return after.counters[name] - before.counters[name]


def per_thread(before, after):
    """Seconds of tocsind's threads, by the columns that show them."""
    names = {"ZMQbg/IO/0": "zmq", "ingest": "ingest", "writer": "writer", "compactor": "compactor"}
    used = dict.fromkeys(("zmq", "ingest", "writer", "compactor", "rest"), 0.0)
    for name, seconds in after.threads.items():
        used[names.get(name, "rest")] += seconds - before.threads.get(name, 0.0)
    return used


def per_backend(before, after, backend):
    """Seconds of the writer's backend and of all other processes of PostgreSQL."""
    grown = {pid: seconds - before.children.get(pid, 0.0) for pid, seconds in after.children.items()}
    return grown.pop(backend, 0.0), sum(max(0.0, seconds) for seconds in grown.values())


def summary(config, before, after, backend):
    seconds = after.at - before.at
    points = counted(before, after, "tocsin_points_committed_total")
    commits = max(1, counted(before, after, "tocsin_commits_total"))
    threads = per_thread(before, after)
    pg_backend, pg_rest = per_backend(before, after, backend)
    real_points = int(after.real_calls - before.real_calls) * config.metrics
    used = {"load": after.load - before.load, "emitter": after.real - before.real, "pg_backend": pg_backend, "pg_rest": pg_rest,
            **threads}
    wal, syncs, sync_ms = (float(b) - float(a) for a, b in zip(before.wal, after.wal))
    per_point = lambda value: value / points if points else 0.0
    row = {"producers": config.producers, "rate": config.rate, "metrics": config.metrics, "seconds": seconds,
           "offered_per_s": config.producers * config.hz * config.metrics if config.hz else 0.0,
           "points_per_s": points / seconds,
           "batches_per_s": counted(before, after, "tocsin_batches_committed_total") / seconds,
           "commits_per_s": commits / seconds,
           "commit_ms": counted(before, after, "tocsin_commit_seconds_total") / commits * 1000,
           "state_flushes_per_s": counted(before, after, "tocsin_state_flushes_total") / seconds,
           "transaction_share": counted(before, after, "tocsin_commit_seconds_total") / seconds,
           "fsync_ms": sync_ms / max(1, syncs), "fsync_share": sync_ms / 1000 / seconds,
           "emitter_ns": used["emitter"] * 1e9 / real_points if real_points else 0.0,
           "collector_ns": per_point(sum(threads.values()) * 1e9), "pg_ns": per_point((pg_backend + pg_rest) * 1e9),
           "wire_bytes": per_point(counted(before, after, "tocsin_received_bytes_total")),
           "wal_bytes": per_point(wal),
           "disk_bytes": per_point(float(after.sizes[0] - before.sizes[0])),
           "other_disk_bytes": per_point(float(after.sizes[1] - before.sizes[1])),
           "idle_cores": (after.idle - before.idle) / seconds}
    row.update({f"{name}_cores": value / seconds for name, value in used.items()})
    return row


# What holds a point back, by the share of its time that it is busy. The writer's transactions follow one another on one
# connection: backend, writer and disk take turns there, and together are what is full first.
BUSY = 0.85
LATE_MS = 1000
THREADS = {"zmq_cores": "ZeroMQ thread", "ingest_cores": "ingest thread"}
USED = ("load_cores", "emitter_cores", "zmq_cores", "ingest_cores", "writer_cores", "compactor_cores", "rest_cores",
        "pg_backend_cores", "pg_rest_cores")
TURNS = {"pg_backend_cores": "PostgreSQL backend", "writer_cores": "writer thread", "fsync_share": "fsync"}


def keeps_up(row):
    """What is offered gets through, and is not what waited before; or, where there is little to count, nothing waits long."""
    return 0.97 <= row["points_per_s"] / row["offered_per_s"] <= 1.03 or row["lag_p99_ms"] < LATE_MS


def limit(config, row):
    """A dash if the producers got through; else what they wait for: neighbours, if others had the cores; window, if it
    is acknowledgements, as nothing is full."""
    if config.hz and keeps_up(row):
        return "-"
    most = max(TURNS, key=row.get)
    if sum(row[name] for name in TURNS) >= BUSY or row["transaction_share"] >= BUSY:
        return f"{TURNS[most]} {row[most]:.0%}"
    busiest = max(THREADS, key=row.get)
    if row[busiest] >= BUSY:
        return THREADS[busiest]
    if row["idle_cores"] >= 0.2:
        return "window"
    return f"all cores (most: {TURNS[most]})" if sum(row[name] for name in USED) >= BUSY * os.cpu_count() else "neighbours"
