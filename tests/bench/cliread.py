#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""What the reading commands cost as processes, on a database with a million alerts and a sweep of a thousand
runs, beside the bare start of the program and a bare statement of psql. A PostgreSQL and a tocsind of its own.

    tests/bench/cliread.py BUILD_FOLDER [--alerts N] [--runs N] [--repeat N]

Prints minimum, median and maximum in milliseconds."""

import argparse
import os
import pathlib
import statistics
import subprocess
import sys
import tempfile
import threading
import time

TOP = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(TOP / "tests/integration"))

FILL = """
set search_path = tocsin;
insert into projects (name) values ('sweep'), ('noisy');
insert into runs (run_id, project_id, name, config, created)
  select i, (select project_id from projects where name = 'sweep'), 'run-' || i,
         jsonb_build_object('lr', 0.001 * (i % 17), 'seed', i, 'optim', jsonb_build_object('name', 'adam')),
         now() - i * interval '1 minute'
    from generate_series(1, {runs}) i;
insert into attempts (run_id, rank, attempt, producer_id, world_size, host, pid, client, started, ended, ending)
  select i, 0, 0, gen_random_uuid(), 1, 'node' || i % 8, i, 'bench', now(), now(), 'finished'
    from generate_series(1, {runs}) i;
insert into series (run_id, keyset_id, position, name, kind)
  select i, 7, m, 'metric/' || m, 'metric' from generate_series(1, {runs}) i, generate_series(1, 50) m;
insert into run_state
  select i, 7, 0, 0, 10000, 0, 9999, now(), array_agg(random()), array_agg(random()), array_agg(1 + random())
    from generate_series(1, {runs}) i, generate_series(1, 50) group by i;
insert into runs (run_id, project_id, name, created)
  select 1000000 + i, (select project_id from projects where name = 'noisy'), 'loud-' || i, now()
    from generate_series(1, 10) i;
insert into alerts (project_id, run_id, rank, attempt, level, title, text, step, time)
  select (select project_id from projects where name = 'noisy'), 1000001 + i % 10, i % 64, 0,
         case when i % 1000 = 0 then 2 when i % 10 = 0 then 1 else 0 end, 'alert ' || i % 100,
         'something happened at ' || i, i, now() - ({alerts} - i) * interval '1 second'
    from generate_series(1, {alerts}) i;
vacuum analyze;
"""


def shell(*argv, env=None):
    done = subprocess.run(list(map(str, argv)), capture_output=True, env=env)
    if done.returncode not in (0, 8):
        raise SystemExit(f"{argv}: {done.stderr.decode()}")
    return done.stdout


def times(repeat, *argv, env):
    found = []
    for _ in range(repeat):
        begin = time.perf_counter()
        shell(*argv, env=env)
        found.append(1000 * (time.perf_counter() - begin))
    return found


def show(name, found, limit=None):
    print(f"{name:<60} {min(found):8.1f} {statistics.median(found):8.1f} {max(found):8.1f}"
          f"  {'' if limit is None else f'<= {limit}'}", flush=True)


def wait_latency(db, program, env, repeat):
    """From the moment when COMMIT returned to the answer of who waits."""
    found = []
    connection = db.connect()
    for _ in range(repeat):
        started = db.value("select clock_timestamp()")  # the one before may still be closing
        waiting = subprocess.Popen([program, "list", "alerts", "--project", "noisy", "--wait", "30s", "--json"],
                                   stdout=subprocess.PIPE, env=env)
        while db.value("select count(*) from pg_stat_activity where application_name = 'tocsin' and "
                       "state = 'idle' and query = 'commit' and backend_start > %s", started) == 0:  # it has looked
            time.sleep(0.005)
        stamps = {}
        reader = threading.Thread(target=lambda: stamps.update(
            first=waiting.stdout.read(1) and time.perf_counter()))
        reader.start()
        with connection.cursor() as cursor:
            connection.autocommit = False
            cursor.execute("insert into tocsin.alerts (project_id, run_id, rank, attempt, level, title, time) "
                           "select project_id, run_id, 0, 0, 1, 'now', now() from tocsin.runs "
                           "where run_id = 1000001")
            cursor.execute("select pg_notify('tocsin_alerts', '')")
            connection.commit()
            committed = time.perf_counter()
        reader.join()
        waiting.communicate()
        found.append(1000 * (stamps["first"] - committed))
    connection.close()
    return found


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("build")
    parser.add_argument("--alerts", type=int, default=1_000_000)
    parser.add_argument("--runs", type=int, default=1000)
    parser.add_argument("--repeat", type=int, default=40)
    args = parser.parse_args()
    os.environ["TOCSIN_BIN_DIR"] = str(pathlib.Path(args.build).resolve())
    from rig.postgres import Cluster  # reads the variable
    with tempfile.TemporaryDirectory(prefix="tb-", dir="/tmp") as place:
        os.chmod(place, 0o755)
        cluster = Cluster(pathlib.Path(place))
        db = cluster.create()
        try:
            measure(args, db)
        finally:
            db.close()
            cluster.stop()


def measure(args, db):
    program = pathlib.Path(args.build).resolve() / "cli/tocsin"
    env = dict(os.environ, TOCSIN_DSN=db.dsn_reader)
    shell("psql", "-X", "-q", "-v", "ON_ERROR_STOP=1", "-d", db.dsn_superuser, "-c",
          "set client_min_messages = error", *(part for one in FILL.format(alerts=args.alerts, runs=args.runs).split(";\n")
                                               if one.strip() for part in ("-c", one)))
    print(f"{args.runs} runs, {args.alerts} alerts; load {os.getloadavg()[0]:.1f}\n"
          f"{'ms':<60} {'min':>8} {'median':>8} {'max':>8}")
    noisy = [program, "list", "alerts", "--project", "noisy", "--json"]
    cursor = __import__("json").loads(shell(*noisy, env=env))["cursor"]
    sweep = [program, "list", "runs", "--project", "sweep", "--json", "--limit", "0"]
    rows = [
        ("tocsin --version: the bare start", [program, "--version"], None),
        ("psql, select 1", ["psql", "-X", "-d", db.dsn_reader, "-c", "select 1"], None),
        ("list alerts --json", noisy, 20),
        ("list alerts --level error --json", [*noisy, "--level", "error"], 20),
        ("list alerts --run loud-1 --json", [*noisy, "--run", "loud-1"], 20),
        ("list alerts --after CURSOR --json, nothing new", [*noisy, "--after", cursor], 20),
        ("list alerts --after start --limit 50 --json", [*noisy, "--after", "start"], 20),
        ("list runs --json, all", sweep, 100),
        ("list runs --metric, 2 metrics, all", [*sweep, "--metric", "metric/1", "--metric", "metric/2"], 100),
        ("list runs --sort metric --top 10", [program, "list", "runs", "--project", "sweep", "--json", "--sort",
                                              "metric:metric/1", "--top", "10", "--metric", "metric/1"], 100),
        ("list runs --filter config, metric", [*sweep, "--filter", "config.lr<0.005", "--filter",
                                               "metric:metric/3<0.5"], 100),
    ]
    for name, argv, limit in rows:
        show(name, times(args.repeat, *argv, env=env), limit)
    show("COMMIT to the output of --wait", wait_latency(db, program, env, args.repeat), 20)


if __name__ == "__main__":
    main()
