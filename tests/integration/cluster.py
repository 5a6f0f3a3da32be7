# SPDX-License-Identifier: Apache-2.0
"""A private PostgreSQL server per test file and a fresh database per test."""

import glob
import os
import shutil
import signal
import subprocess
import tempfile

import psycopg2

from deadline import wait_for

POSTGRES_BIN = sorted(glob.glob("/usr/lib/postgresql/*/bin"),
                      key=lambda path: int(path.split("/")[-2]))[-1]


def _as_postgres(argv):
    """PostgreSQL refuses to run as root. Should the test die, the kernel stops the server."""
    user = (["--reuid=postgres", "--regid=postgres", "--clear-groups"]
            if os.geteuid() == 0 else [])
    return ["setpriv", *user, "--pdeathsig", "QUIT", "--", *argv]


class Cluster:
    """Listens on a Unix socket only. `start`, `stop` and `kill9` may be called at any time."""

    def __init__(self):
        self.dir = tempfile.mkdtemp(prefix="tpg-", dir="/tmp")
        os.chmod(self.dir, 0o755)
        if os.geteuid() == 0:
            shutil.chown(self.dir, "postgres", "postgres")
        self.process = None
        self._names = 0
        self._make()

    def _make(self):
        data = os.path.join(self.dir, "data")
        subprocess.run(
            _as_postgres([f"{POSTGRES_BIN}/initdb", "-D", data, "-A", "trust", "-U", "postgres",
                          "-E", "UTF8", "--locale=C.UTF-8", "--no-sync"]),
            check=True, cwd=self.dir, stdout=subprocess.DEVNULL, timeout=60)
        with open(os.path.join(data, "postgresql.conf"), "a", encoding="utf-8") as conf:
            conf.write(f"listen_addresses = ''\nunix_socket_directories = '{self.dir}'\n"
                       "fsync = off\nfull_page_writes = off\nshared_buffers = 32MB\n"
                       "max_connections = 50\nlog_min_messages = warning\n")

    def start(self):
        with open(os.path.join(self.dir, "log"), "ab") as log:
            self.process = subprocess.Popen(
                _as_postgres([f"{POSTGRES_BIN}/postgres", "-D", os.path.join(self.dir, "data")]),
                cwd=self.dir, stdout=log, stderr=log)
        wait_for(self._answers, deadline_s=60)

    def _answers(self):
        if self.process.poll() is not None:
            raise AssertionError(f"PostgreSQL ended:\n{self.log()}")
        try:
            self.connect().close()
        except psycopg2.OperationalError:
            return False
        return True

    def log(self):
        with open(os.path.join(self.dir, "log"), encoding="utf-8", errors="replace") as log:
            return log.read()

    def _end(self, number):
        if self.process is not None:
            self.process.send_signal(number)
            self.process.wait(timeout=30)
            self.process = None

    def stop(self):
        """What `pg_ctl stop -m immediate` does."""
        self._end(signal.SIGQUIT)

    def kill9(self):
        """Every process of the server at once, as when the machine loses power. The postmaster is
        frozen first: it would tidy up after its children."""
        pid = self.process.pid
        os.kill(pid, signal.SIGSTOP)
        with open(f"/proc/{pid}/task/{pid}/children", encoding="ascii") as children:
            for child in children.read().split():
                os.kill(int(child), signal.SIGKILL)
        self._end(signal.SIGKILL)

    def remove(self):
        try:
            self.stop()
        finally:
            if self.process is not None:
                self.process.kill()
                self.process.wait()
            shutil.rmtree(self.dir)

    def dsn(self, name, role):
        return f"host={self.dir} dbname={name} user={role}"

    def connect(self, name="postgres", role="postgres"):
        connection = psycopg2.connect(self.dsn(name, role))
        connection.autocommit = True
        return connection

    def run(self, text):
        connection = self.connect()
        try:
            connection.cursor().execute(text)
        finally:
            connection.close()

    def new_database(self, template="template0"):
        self._names += 1
        name = f"t{self._names}"
        self.run(f"create database {name} template {template}")
        return Database(self, name)


class Database:
    """One test's database. Its own connection is the superuser's, with search_path tocsin."""

    def __init__(self, cluster, name):
        self.cluster = cluster
        self.name = name
        self._connection = None

    def dsn(self, role="tocsin_collector"):
        return self.cluster.dsn(self.name, role)

    def connect(self, role="postgres"):
        connection = self.cluster.connect(self.name, role)
        connection.cursor().execute("set search_path = tocsin")
        return connection

    def _cursor(self):
        if self._connection is None or self._connection.closed:
            self._connection = self.connect()
        return self._connection.cursor()

    def query(self, text, *params):
        with self._cursor() as cursor:
            cursor.execute(text, params or None)
            return cursor.fetchall()

    def value(self, text, *params):
        """The one value of a query that returns one row with one column."""
        ((value,),) = self.query(text, *params)
        return value

    def execute(self, text, *params):
        with self._cursor() as cursor:
            cursor.execute(text, params or None)

    def close(self):
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def drop(self):
        self.close()
        self.cluster.run(f"drop database {self.name} with (force)")
