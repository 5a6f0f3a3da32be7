#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""What compaction costs and gives: series of ten and of fifty metrics that came one call at a time, before and after
it. A PostgreSQL and a tocsind of its own.

    tests/bench/compaction.py BUILD_FOLDER [--steps N] [--series N] [--repeat N]

Prints bytes a point, milliseconds to read, and how fast it goes; the load before and after says what they are
worth."""

import argparse
import os
import pathlib
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
    print(f"load {os.getloadavg()[0]:.1f}")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("build")
    parser.add_argument("--steps", type=int, default=20_000)
    parser.add_argument("--series", type=int, default=128)
    parser.add_argument("--share", type=int, default=100)
    parser.add_argument("--repeat", type=int, default=20)
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
