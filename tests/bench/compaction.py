#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""What compaction costs and gives: series of ten and of fifty metrics that came one call at a time, before and after
it. A PostgreSQL and a tocsind of its own.

    tests/bench/compaction.py BUILD_FOLDER [--steps N] [--series N] [--repeat N] [--churn SECONDS]
                              [--ingest SECONDS]

Prints bytes a point, milliseconds to read, and how fast it goes; with --churn, how much room dead rows take while calls
come and are joined all the time; with --ingest, how fast 64 producers of ten metrics are taken in while compaction works
and while it does not, in turn. The load before and after says what the figures are worth."""

import argparse
import os
import pathlib
import statistics
import sys
import tempfile
import time

from cliread import shell, show, times

TOP = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(TOP / "tests/integration"))

# Random walks, three of four of single precision as loss.item() gives; a call a second, and a little jitter.
FILL = """
set search_path = tocsin;
insert into projects (name) values ('m') on conflict do nothing;
insert into runs (run_id, project_id, name, created) select r, project_id, 'run' || r, now()
  from projects, generate_series({first}, {last}) r;
insert into attempts (run_id, rank, attempt, producer_id, world_size, host, pid, client, started, ended, ending)
  select r, 0, 0, gen_random_uuid(), 1, 'node', 1, 'bench', now(), now(), 'finished' from generate_series({first}, {last}) r;
insert into series select r, r, c, 'm' || c, 'metric' from generate_series({first}, {last}) r, generate_series(1, {metrics}) c;
insert into blocks (run_id, keyset_id, rank, attempt, first_step, last_step, steps, times, values)
  select r, r, 0, 0, step, step, array[step],
         array[timestamptz '2026-01-01' + make_interval(secs => step + 0.05 * random())],
         array(select case when c % 4 = 0 then v else v::float4 end
                 from generate_series(1, {metrics}) c, lateral (select 1 / (1 + step / 10000.0) + 0.1 * random() + 0 * c as v) w)
    from generate_series(0, {steps} - 1) step, generate_series({first}, {last}) r;
insert into run_state
  select r, r, 0, 0, {steps}, 0, {steps} - 1, now(), zero, zero, zero
    from generate_series({first}, {last}) r, array_fill(0::float8, array[{metrics}]) zero;
"""
# A call of each of the series.
TICK = """
insert into blocks (run_id, keyset_id, rank, attempt, first_step, last_step, steps, times, values)
  select r, r, 0, 0, {step}, {step}, array[{step}::bigint], array[clock_timestamp()],
         array(select (1 + random())::float4 + 0 * r from generate_series(1, 10))
    from generate_series({first}, {last}) r;
update run_state set calls = calls + 1, last_step = {step};
"""
READ = """
select u.step, u.time, u.value
  from metric_blocks, unnest(steps, times, values) u(step, time, value)
 where run_id = 1 and kind = 'metric' and name = 'm3'"""
LIVE = """
create temp table {table}_only (like {table} including storage including compression);
insert into {table}_only select * from {table};
select pg_total_relation_size('{table}_only')"""


class Measure:
    def __init__(self, args, cluster, db):
        self.args, self.cluster, self.db = args, cluster, db
        self.program = pathlib.Path(args.build).resolve() / "cli/tocsin"
        self.env = dict(os.environ, TOCSIN_DSN=db.dsn_reader)

    def psql(self, text):
        return shell("psql", "-X", "-q", "-t", "-A", "-v", "ON_ERROR_STOP=1", "-d", self.db.dsn_superuser, "-c",
                     "set search_path = tocsin", "-c", text).decode()

    def size(self, points, what):
        self.psql("vacuum analyze blocks"), self.psql("vacuum analyze rollups")
        on_disk = [int(self.psql(f"select pg_total_relation_size('{table}')")) for table in ("blocks", "rollups")]
        live = []
        for table in ("blocks", "rollups"):
            with self.db.connect() as connection, connection.cursor() as cursor:
                cursor.execute("set search_path = tocsin, pg_temp;" + LIVE.format(table=table))
                live.append(cursor.fetchone()[0])
        print(f"{what:<44} {live[0] / points:8.2f} {live[1] / points:8.2f} {sum(live) / points:8.2f}   "
              f"{sum(on_disk) / points:8.2f}")

    def read(self, what):
        found = []
        with self.db.connect("tocsin_reader") as connection, connection.cursor() as cursor:
            cursor.execute("set search_path = tocsin; prepare read as " + READ)
            for _ in range(self.args.repeat):
                begin = time.perf_counter()
                cursor.execute("execute read")
                found.append(1000 * (time.perf_counter() - begin))
                assert len(cursor.fetchall()) == self.args.steps
        show(f"{what}: one metric in SQL, sent to the client", found)
        get = [self.program, "get", "metric", "--project", "m", "--run", "run1", "--metric", "m3", "--json"]
        show(f"{what}: get metric, a process", times(self.args.repeat, *get, env=self.env))
        show(f"{what}: get metric --max-points 0", times(self.args.repeat, *get, "--max-points", "0", env=self.env))

    def compact(self, points, series):
        from rig.programs import Tocsind
        self.psql("vacuum analyze")
        tocsind = Tocsind(self.cluster.place, self.db.dsn_collector)
        tocsind.start("--compaction-quiet-s=1", "--compaction-interval-ms=100", f"--compaction-share={self.args.share}")
        try:
            while int(self.psql("select coalesce(sum(calls), 0) from compaction_backlog")) > 0:
                time.sleep(0.2)
            seconds = tocsind.metrics()["tocsin_compaction_seconds_total"]
        finally:
            tocsind.stop()
        print(f"  compacted in {seconds:.2f} s of work, PostgreSQL's part included: {points / seconds / 1e6:.2f} M points/s, "
              f"{1000 * seconds / series:.1f} ms a series of {self.args.steps if series == 1 else 512} calls")


def churn(m, args):
    """128 series log eight times a second; autovacuum is PostgreSQL's own."""
    from rig.programs import Tocsind
    first, last = 2001, 2128
    m.psql("truncate blocks, rollups, compacted, run_state")
    m.psql(FILL.format(first=first, last=last, metrics=10, steps=1))
    m.psql("update attempts set ended = null, ending = null; insert into producers (run_id, producer_id, lane) "
           f"select run_id, producer_id, 1 from attempts where run_id >= {first}")
    tocsind = Tocsind(m.cluster.place, m.db.dsn_collector)
    tocsind.start()
    began, step = time.monotonic(), 1
    print(f"{'churn, seconds':<16} {'calls':>9} {'blocks':>8} {'dead':>8} {'MB':>7} {'B/point':>8} {'vacuums':>8}")
    connection = m.db.connect()
    connection.autocommit = True
    with connection.cursor() as cursor:
        cursor.execute("set search_path = tocsin")
        while time.monotonic() < began + args.churn:
            cursor.execute(TICK.format(first=first, last=last, step=step))
            step += 1
            time.sleep(max(0, began + step / 8 - time.monotonic()))
            if step % 240 == 0:
                cursor.execute("""select n_live_tup, n_dead_tup, pg_total_relation_size(relid), autovacuum_count
                                    from pg_stat_user_tables where relname = 'blocks'""")
                live, dead, size, vacuums = cursor.fetchone()
                points = step * (last - first + 1) * 10
                print(f"{time.monotonic() - began:<16.0f} {points // 10:9} {live:8} {dead:8} {size / 1e6:7.1f} "
                      f"{size / points:8.2f} {vacuums:8}", flush=True)
    tocsind.stop()
    m.size(step * (last - first + 1) * 10, "at the end")


def take_in(m, args, share, turn):
    """Calls a second of 64 producers at full speed, and calls compacted meanwhile."""
    from rig.programs import Tocsind
    tocsind = Tocsind(m.cluster.place, m.db.dsn_collector, f"turn{turn}")
    tocsind.start(f"--compaction-share={share}", "--compaction-interval-ms=100")
    out = shell(pathlib.Path(args.build).resolve() / "tests/bench/bench_producers", tocsind.endpoint, 64, 10, "full",
                args.ingest, 100 + turn).decode()
    compacted = tocsind.metrics()["tocsin_compacted_calls_total"]
    tocsind.stop()
    return int(out.split()[-2]) / args.ingest, compacted / args.ingest


def ingest(m, args):
    m.psql("truncate blocks, rollups, compacted, run_state")
    take_in(m, args, 0, 0)  # what the others have as a backlog
    ratios = []
    print(f"{'ingest, M points/s':<28} {'alone':>8} {'with':>8} {'ratio':>8} {'compacted':>10}")
    for turn in range(1, 2 * args.turns, 2):
        (alone, _), (beside, compacted) = take_in(m, args, 0, turn), take_in(m, args, 20, turn + 1)
        ratios.append(beside / alone)
        print(f"{'':<28} {alone / 1e5:8.2f} {beside / 1e5:8.2f} {ratios[-1]:8.2f} {compacted / 1e5:10.2f}", flush=True)
    print(f"median ratio {statistics.median(ratios):.2f} (>= 0.9)")


def measure(m, args):
    print(f"load {os.getloadavg()[0]:.1f}\n{'bytes a point':<44} {'blocks':>8} {'rollups':>8} {'both':>8}   on disk")
    points = args.steps * 10
    m.psql(FILL.format(first=1, last=1, metrics=10, steps=args.steps))
    m.size(points, f"{args.steps} calls of 10, as they came")
    print(f"{'ms':<60} {'min':>8} {'median':>8} {'max':>8}")
    m.read("as they came")
    m.compact(points, 1)
    m.size(points, "compacted")
    m.read("compacted")
    m.psql("truncate blocks, rollups, compacted, run_state")
    m.psql(FILL.format(first=1001, last=1000 + args.series, metrics=50, steps=512))
    points = args.series * 512 * 50
    m.size(points, f"{args.series} series of 512 calls of 50, as they came")
    m.compact(points, args.series)
    m.size(points, "compacted")
    if args.churn:
        churn(m, args)
    if args.ingest:
        ingest(m, args)
    print(f"load {os.getloadavg()[0]:.1f}")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("build")
    parser.add_argument("--steps", type=int, default=20_000)
    parser.add_argument("--series", type=int, default=128)
    parser.add_argument("--share", type=int, default=100)
    parser.add_argument("--repeat", type=int, default=20)
    parser.add_argument("--turns", type=int, default=5)
    parser.add_argument("--ingest", type=int, default=0, metavar="SECONDS")
    parser.add_argument("--churn", type=int, default=0, metavar="SECONDS")
    args = parser.parse_args()
    os.environ["TOCSIN_BIN_DIR"] = str(pathlib.Path(args.build).resolve())
    from rig.postgres import Cluster  # reads the variable
    with tempfile.TemporaryDirectory(prefix="tb-", dir="/tmp") as place:
        os.chmod(place, 0o755)
        cluster = Cluster(pathlib.Path(place), shared_buffers="1GB", max_wal_size="8GB")
        db = cluster.create()
        try:
            measure(Measure(args, cluster, db), args)
        finally:
            db.close()
            cluster.stop()


if __name__ == "__main__":
    main()
