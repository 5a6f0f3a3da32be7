# SPDX-License-Identifier: Apache-2.0
"""A PostgreSQL of its own, rows as the collector would write them, and the program `tocsin`."""

import glob
import json
import os
import pty
import select
import shutil
import struct
import subprocess
import tempfile
import termios
import fcntl
import zlib
from datetime import datetime, timedelta, timezone

import psycopg2

TOCSIN = os.environ["TOCSIN_BIN"]
T0 = datetime(2026, 11, 23, 12, 30, 0, tzinfo=timezone.utc)


def as_postgres(argv):
    """PostgreSQL refuses to run as root."""
    if os.geteuid() != 0:
        return argv
    return ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups"] + argv


class Cluster:
    """Socket only, in a short directory: a socket's path has at most 107 bytes."""

    def __init__(self):
        self.dir = tempfile.mkdtemp(prefix="tocsin-cli-")
        if os.geteuid() == 0:
            shutil.chown(self.dir, "postgres", "postgres")
        self.bin = sorted(glob.glob("/usr/lib/postgresql/*/bin"), key=len)[-1]
        data = os.path.join(self.dir, "data")
        self._run("initdb", "-D", data, "-A", "trust", "-U", "postgres", "-E", "UTF8",
                  "--locale=C.UTF-8", "--no-sync")
        options = f"-c listen_addresses='' -c unix_socket_directories={self.dir} -c fsync=off"
        self._run("pg_ctl", "-D", data, "-w", "-l", os.path.join(self.dir, "log"),
                  "-o", options, "start")

    def _run(self, program, *argv):
        subprocess.run(as_postgres([os.path.join(self.bin, program), *argv]), check=True,
                       cwd=self.dir, stdout=subprocess.DEVNULL, timeout=60)

    def dsn(self, database, user):
        return f"host={self.dir} dbname={database} user={user}"

    def connect(self, database="postgres", user="postgres"):
        connection = psycopg2.connect(self.dsn(database, user))
        connection.autocommit = True
        return connection

    def database(self, name):
        connection = self.connect()
        connection.cursor().execute(f'create database "{name}"')
        connection.close()
        return Database(self, name)

    def stop(self):
        self._run("pg_ctl", "-D", os.path.join(self.dir, "data"), "-w", "-m", "immediate", "stop")
        shutil.rmtree(self.dir)


class Result:
    def __init__(self, done):
        self.code = done.returncode
        self.out = done.stdout.decode()
        self.err = done.stderr.decode()

    @property
    def json(self):
        return json.loads(self.out)

    @property
    def tsv(self):
        return [line.split("\t") for line in self.out.splitlines()]


def run_cli(*argv, env=None):
    clean = {k: v for k, v in os.environ.items() if not k.startswith("TOCSIN_")}
    clean.update(env or {})
    return Result(subprocess.run([TOCSIN, *argv], env=clean, capture_output=True, timeout=60))


def run_on_terminal(*argv, columns=100, env=None):
    """Exit code and what a terminal of that width would receive on stdout, and stderr apart."""
    clean = {k: v for k, v in os.environ.items() if not k.startswith(("TOCSIN_", "NO_COLOR"))}
    clean.update({"LC_ALL": "C.UTF-8", "TERM": "xterm", **(env or {})})
    master, slave = pty.openpty()
    fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 40, columns, 0, 0))
    process = subprocess.Popen([TOCSIN, *argv], env=clean, stdin=subprocess.DEVNULL, stdout=slave,
                               stderr=subprocess.PIPE)
    os.close(slave)
    shown = b""
    while select.select([master], [], [], 30)[0]:
        try:
            part = os.read(master, 65536)
        except OSError:  # the other end is closed
            break
        if not part:
            break
        shown += part
    os.close(master)
    err = process.stderr.read().decode()
    return process.wait(timeout=30), shown.decode().replace("\r\n", "\n"), err


class Database:
    """Writes what the collector writes. Times are T0 plus seconds."""

    def __init__(self, cluster, name):
        self.cluster = cluster
        self.name = name
        self.dsn = cluster.dsn(name, "tocsin_reader")
        self.owner_dsn = cluster.dsn(name, "postgres")
        self.connection = cluster.connect(name)
        self.cursor = self.connection.cursor()

    def migrate(self):
        done = run_cli("migrate", "--dsn", self.owner_dsn)
        assert done.code == 0, done.err
        self.cursor.execute("set search_path = tocsin")
        return self

    def cli(self, *argv, **kwargs):
        return run_cli(*argv, "--dsn", self.dsn, **kwargs)

    def terminal(self, *argv, **kwargs):
        return run_on_terminal(*argv, "--dsn", self.dsn, **kwargs)

    def sql(self, text, *params):
        self.cursor.execute(text, params)
        return self.cursor.fetchall() if self.cursor.description else None

    def run(self, project, name, run_id, at=0, config="{}", group=None, username=None,
            world_size=1, attempts=((0, 0),), ending=None):
        self.sql("insert into projects (name) values (%s) on conflict do nothing", project)
        self.sql("""insert into runs (run_id, project_id, name, group_name, username, config, created)
                    select %s, project_id, %s, %s, %s, %s, %s from projects where name = %s""",
                 run_id, name, group, username, config, T0 + timedelta(seconds=at), project)
        for rank, attempt in attempts:
            self.sql("""insert into attempts (run_id, rank, attempt, producer_id, world_size, host,
                                              pid, client, started, ended, ending)
                        values (%s, %s, %s, gen_random_uuid(), %s, %s, 42, 'test', %s, %s, %s)""",
                     run_id, rank, attempt, world_size, f"host{rank}", T0 + timedelta(seconds=at),
                     T0 if ending else None, ending)
        return run_id

    def log(self, run_id, names, calls, rank=0, attempt=0, kind="metric", per_block=2):
        """calls: (step, seconds, values). System calls have no step."""
        keyset = zlib.crc32(repr((kind, names)).encode())
        for position, name in enumerate(names, 1):
            self.sql("insert into series values (%s, %s, %s, %s, %s) on conflict do nothing",
                     run_id, keyset, position, name, kind)
        for i in range(0, len(calls), per_block):
            self._block(run_id, keyset, calls[i:i + per_block], rank, attempt, kind)
        self._state(run_id, keyset, len(names), rank, attempt)

    def _block(self, run_id, keyset, calls, rank, attempt, kind):
        times = [T0 + timedelta(seconds=second) for _, second, _ in calls]
        steps = [step if kind == "metric" else int(time.timestamp() * 1e6)
                 for (step, _, _), time in zip(calls, times)]
        columns = zip(*(values for _, _, values in calls))
        self.sql("insert into blocks values (%s, %s, %s, %s, %s, %s, %s, %s::timestamptz[], %s::float8[])",
                 run_id, keyset, min(steps), max(steps), rank, attempt, steps, times,
                 [float(value) for column in columns for value in column])

    def _state(self, run_id, keyset, n, rank, attempt):
        self.sql("""insert into run_state
                    select %(run)s, %(keyset)s, %(rank)s, %(attempt)s, sum(cardinality(steps)),
                           min(first_step), max(last_step), max(times[cardinality(times)]),
                           array_fill(0::float8, array[%(n)s]), array_fill(0::float8, array[%(n)s]),
                           array_fill(0::float8, array[%(n)s])
                      from blocks where run_id = %(run)s and keyset_id = %(keyset)s
                       and rank = %(rank)s and attempt = %(attempt)s
                    on conflict (run_id, keyset_id, rank, attempt) do update
                       set calls = excluded.calls, first_step = excluded.first_step,
                           last_step = excluded.last_step, last_time = excluded.last_time"""
                 .replace("%(run)s", str(run_id)).replace("%(keyset)s", str(keyset))
                 .replace("%(rank)s", str(rank)).replace("%(attempt)s", str(attempt))
                 .replace("%(n)s", str(n)))

    def alert(self, run_id, title, text=None, level=1, step=None, at=0, rank=0, attempt=0, url=None):
        self.sql("""insert into alerts (run_id, rank, attempt, level, title, text, step, time, webhook_url)
                    values (%s, %s, %s, %s, %s, %s, %s, %s, %s)""",
                 run_id, rank, attempt, level, title, text, step, T0 + timedelta(seconds=at), url)


def iso(seconds):
    return (T0 + timedelta(seconds=seconds)).isoformat()
