#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""What `tocsin get metric` costs as a process for a series of a million steps, by the size of the blocks in which it
came, beside what PostgreSQL needs only to unpack these blocks; and the same when it was compacted. A PostgreSQL and a
tocsind of its own.

    tests/bench/metricread.py BUILD_FOLDER [--steps N] [--repeat N]

Prints minimum, median and maximum in milliseconds; the load before and after says what they are worth."""

import argparse
import os
import pathlib
import subprocess
import sys
import tempfile
import time

from cliread import shell, show, times

TOP = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(TOP / "tests/integration"))

# name, run, steps of the whole, ranks, calls a block, metrics a call. A frame of 64 KiB holds 680 calls of ten metrics
# and 2,700 of one; a call every 100 ms makes blocks of two.
SHAPES = [
    ("blocks of 600 calls, 10 metrics", 1, 1, 1, 600, 10),
    ("blocks of 2,700 calls, 1 metric", 2, 1, 1, 2700, 1),
    ("blocks of 40 calls, 10 metrics", 3, 1, 1, 40, 10),
    ("blocks of 2 calls, 10 metrics", 4, 1, 1, 2, 10),
    ("8 ranks, an eighth of the steps each", 5, 8, 8, 600, 10),
]

# Walks of single precision, as loss.item() gives, and times that jitter: neither compresses too well.
FILL = """
set search_path = tocsin;
insert into projects (name) values ('m') on conflict do nothing;
insert into runs (run_id, project_id, name, created) select {run}, project_id, 'run{run}', now() from projects;
insert into attempts (run_id, rank, attempt, producer_id, world_size, host, pid, client, started)
  select {run}, rank, 0, gen_random_uuid(), {ranks}, 'node', 1, 'bench', now() from generate_series(0, {ranks} - 1) rank;
insert into series select {run}, {run}, c, 'm' || c, 'metric' from generate_series(1, {metrics}) c;
insert into blocks
  select {run}, {run}, first, last, rank, 0, array(select generate_series(first, last)),
         array(select timestamptz '2026-01-01' + make_interval(secs => s * 0.25 + 0.05 * random())
                 from generate_series(first, last) s),
         array(select (1 / (1 + s / 10000.0) + 0.1 * random())::float4
                 from generate_series(1, {metrics}) c, generate_series(first, last) s)
    from generate_series(0, {ranks} - 1) rank, generate_series(0, {steps} - 1, {calls}) first,
         lateral (select least(first + {calls}, {steps}) - 1 as last) l;
insert into run_state
  select {run}, {run}, rank, 0, {steps}, 0, {steps} - 1, now(), zero, zero, zero
    from generate_series(0, {ranks} - 1) rank, array_fill(0::float8, array[{metrics}]) zero;
"""

# Nothing but this: every value is unpacked.
UNPACK = "select sum(values[cardinality(values)] * 0) from blocks where run_id = {run}"


def fill(db, steps):
    for _, run, ranks, parts, calls, metrics in SHAPES:
        text = FILL.format(run=run, ranks=ranks, calls=calls, metrics=metrics, steps=steps // parts)
        shell("psql", "-X", "-q", "-v", "ON_ERROR_STOP=1", "-d", db.dsn_superuser, "-c", text)
    shell("psql", "-X", "-q", "-d", db.dsn_superuser, "-c", "vacuum analyze")


def unpack_ms(db, run, repeat):
    found = []
    with db.connect() as connection, connection.cursor() as cursor:
        cursor.execute("set search_path = tocsin")
        for _ in range(repeat):
            begin = time.perf_counter()
            cursor.execute(UNPACK.format(run=run))
            found.append(1000 * (time.perf_counter() - begin))
    return found


def compact(cluster, db):
    from rig.programs import Tocsind
    tocsind = Tocsind(cluster.place, db.dsn_collector)
    tocsind.start("--compaction-quiet-s=1", "--compaction-interval-ms=100", "--compaction-share=100")
    while db.value("select coalesce(sum(calls), 0) from compaction_backlog") > 0:
        time.sleep(0.2)
    tocsind.stop()
    shell("psql", "-X", "-q", "-d", db.dsn_superuser, "-c", "vacuum analyze")


def measure(args, cluster, db):
    program = pathlib.Path(args.build).resolve() / "cli/tocsin"
    env = dict(os.environ, TOCSIN_DSN=db.dsn_reader)
    fill(db, args.steps)
    print(f"{args.steps} values a series as they came; load {os.getloadavg()[0]:.1f}\n{'ms':<60} {'min':>8} {'median':>8} {'max':>8}")
    show("get run --json: the process, one statement",
         times(args.repeat, program, "get", "run", "--project", "m", "--run", "run1", "--json", env=env))
    read(args, db, program, env)
    compact(cluster, db)
    print(f"compacted; load {os.getloadavg()[0]:.1f}")
    read(args, db, program, env)
    print(f"load {os.getloadavg()[0]:.1f}")


def read(args, db, program, env):
    for name, run, ranks, *_ in SHAPES:
        get = [program, "get", "metric", "--project", "m", "--run", f"run{run}", "--metric", "m1", "--json"]
        print(name)
        show("  PostgreSQL unpacks the blocks", unpack_ms(db, run, args.repeat))
        show("  get metric, 1,000 points", times(args.repeat, *get, env=env), 150 if run == 1 else None)
        show("  get metric --around, 2,001 steps", times(args.repeat, *get, "--around", str(args.steps // ranks // 2),
                                                         "--window", "1000", env=env))
        if run == 1 or ranks > 1:
            few = max(1, args.repeat // 10)
            show("  get metric --max-points 0", times(few, *get, "--max-points", "0", env=env))
            show("  get metric --agg mean, 1,000 points", times(few, *get, "--agg", "mean", env=env))


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("build")
    parser.add_argument("--steps", type=int, default=1_000_000)
    parser.add_argument("--repeat", type=int, default=30)
    args = parser.parse_args()
    os.environ["TOCSIN_BIN_DIR"] = str(pathlib.Path(args.build).resolve())
    from rig.postgres import Cluster  # reads the variable
    with tempfile.TemporaryDirectory(prefix="tb-", dir="/tmp") as place:
        os.chmod(place, 0o755)
        cluster = Cluster(pathlib.Path(place), shared_buffers="1GB", max_wal_size="8GB")
        db = cluster.create()
        try:
            measure(args, cluster, db)
        finally:
            db.close()
            cluster.stop()


if __name__ == "__main__":
    main()
