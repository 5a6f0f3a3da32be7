# SPDX-License-Identifier: Apache-2.0
"""A private PostgreSQL cluster, and databases in it that are copies of one migrated template."""

import glob
import os
import shutil
import signal
import subprocess

import psycopg2
import psycopg2.extras

from rig.process import Process, as_user, survivors
from rig.programs import Cli
from rig.wait import wait_for

SUPERUSER = "postgres"
TEMPLATE = "migrated"
# fsync: a test's data need not survive a power cut. A test that measures says fsync="on".
SETTINGS = {"listen_addresses": "", "fsync": "off", "max_connections": "200",
            "shared_buffers": "32MB", "log_line_prefix": "%m [%p] %u@%d "}


def _bin_dir():
    dirs = glob.glob("/usr/lib/postgresql/*/bin") or [os.path.dirname(shutil.which("initdb") or "")]
    newest = max(dirs, key=lambda path: int("0" + "".join(filter(str.isdigit, path))))
    return os.environ.get("TOCSIN_TEST_PG_BIN", newest)


def server_program(name):
    """initdb, postgres, pg_dump ... of the newest PostgreSQL here, or of $TOCSIN_TEST_PG_BIN."""
    return os.path.join(_bin_dir(), name)


def connect(dsn):
    connection = psycopg2.connect(dsn)
    connection.autocommit = True
    return connection


class Cluster:
    """initdb, then a server on a unix socket inside place. Only this user (as root: and the user
    postgres, because PostgreSQL refuses to run as root) can reach it."""

    def __init__(self, place, **settings):
        self.place = place
        self.dir = place / "pg"
        self.data = self.dir / "data"
        self.settings = {**SETTINGS, "unix_socket_directories": self.dir, **settings}
        self.user = "postgres" if os.geteuid() == 0 else None
        self.server = None
        self.databases = 0
        self.has_template = False
        self.dir.mkdir(mode=0o700)
        if self.user:
            place.chmod(0o711)
            shutil.chown(self.dir, self.user, self.user)
        self._run("initdb", "-D", self.data, "-A", "trust", "-U", SUPERUSER, "-E", "UTF8",
                  "--locale=C.UTF-8", "--no-sync", "--no-instructions")
        self.start()

    def _run(self, name, *argv):
        done = subprocess.run([*as_user(self.user), server_program(name), *map(str, argv)],
                              cwd=self.dir, capture_output=True, timeout=60)
        assert done.returncode == 0, done.stderr.decode()

    def start(self):
        options = [part for k, v in self.settings.items() for part in ("-c", f"{k}={v}")]
        # QUIT: an immediate shutdown; a killed postmaster would leave shared memory behind.
        self.server = Process([server_program("postgres"), "-D", self.data, *options],
                              self.dir, self.place / "postgres.log", user=self.user,
                              death_signal="QUIT")
        wait_for(self._answers, 30, lambda: self.server.log)

    def _answers(self):
        assert self.server.code is None, self.server.log
        try:
            connect(self.dsn("postgres")).close()
            return True
        except psycopg2.OperationalError:
            return False

    def stop(self, number=signal.SIGINT):
        """SIGINT: fast, SIGQUIT: immediate, SIGTERM: waits until all clients are gone."""
        self.server.stop(number, 30)

    def kill9(self):
        """As a crash: recovery at the next start. The server's children notice and end."""
        self.server.kill9()
        wait_for(lambda: not survivors(self.data), 15, "the killed server's children end")

    def dsn(self, database, user=SUPERUSER):
        return f"host={self.dir} dbname={database} user={user}"

    def execute(self, sql):
        """In the database postgres; rows, or None if the statement gives none."""
        connection = connect(self.dsn("postgres"))
        with connection.cursor() as cursor:
            cursor.execute(sql)
            rows = cursor.fetchall() if cursor.description else None
        connection.close()
        return rows

    def _need_template(self):
        if not self.has_template:
            self.execute(f"create database {TEMPLATE}")
            Database(self, TEMPLATE).migrate()
            self.has_template = True

    def create(self, migrated=True):
        """A new database: a copy of the migrated template, or an empty one."""
        if migrated:
            self._need_template()
        self.databases += 1
        name = f"test_{self.databases}"
        self.execute(f"create database {name} template {TEMPLATE if migrated else 'template0'}")
        database = Database(self, name)
        if migrated:
            database.migrate()  # a copy has the tables, but not the roles' settings in it
        return database


class Database:
    """One database, seen by a superuser with the schema's search path."""

    def __init__(self, cluster, name):
        self.cluster = cluster
        self.name = name
        self.dsn_superuser = cluster.dsn(name)
        self.dsn_owner = cluster.dsn(name, "tocsin_owner")
        self.dsn_collector = cluster.dsn(name, "tocsin_collector")
        self.dsn_reader = cluster.dsn(name, "tocsin_reader")
        self._connection = None

    def migrate(self):
        done = Cli(self.cluster.place).run("migrate", "--dsn", self.dsn_superuser)
        assert done.rc == 0, done.stderr
        return self

    def connect(self, user=SUPERUSER):
        """A new autocommit connection as user; the caller closes it."""
        return connect(self.cluster.dsn(self.name, user))

    def query(self, sql, *params):
        """Rows of a statement as tuples; None if it returns none. Connects again after a restart."""
        if self._connection is None or self._connection.closed:
            self._connection = self.connect()
            self._execute("set search_path = tocsin, public")
        return self._execute(sql, params)

    def _execute(self, sql, params=()):
        with self._connection.cursor() as cursor:
            cursor.execute(sql, params or None)
            return cursor.fetchall() if cursor.description else None

    def value(self, sql, *params):
        """The one value of a statement's one row."""
        ((value,),) = self.query(sql, *params)
        return value

    def close(self):
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def drop(self):
        self.close()
        self.cluster.execute(f"drop database if exists {self.name} with (force)")
