# SPDX-License-Identifier: Apache-2.0
"""What the tests of delete, rename and prune share."""

import os
import pty
import subprocess
import zlib

from rig.process import SANITIZER_EXIT, environment, program
from rig.wait import wait_for


class Asked:
    """tocsin with a terminal for stdin: it asks, the test answers."""

    def __init__(self, place, dsn, *argv):
        self.master, slave = pty.openpty()
        self._process = subprocess.Popen(
            [program("tocsin"), *map(str, argv)], stdin=slave,
            env=environment(place, {"TOCSIN_DSN": dsn}), stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        os.close(slave)
        os.set_blocking(self._process.stderr.fileno(), False)
        self.said = ""
        wait_for(self._asks, 30, lambda: self.said)

    def _asks(self):
        self.said += (self._process.stderr.read() or b"").decode()
        return self.said.endswith(": ")

    def answer(self, text):
        """Exit code and what it said after that on stderr; stdout is in .out."""
        os.write(self.master, text.encode())
        os.set_blocking(self._process.stderr.fileno(), True)
        out, err = self._process.communicate(timeout=60)
        os.close(self.master)
        self.out = out.decode()
        assert self._process.returncode != SANITIZER_EXIT, err.decode()
        return self._process.returncode, err.decode()


def tables_of_runs(db):
    return [row[0] for row in db.query(
        """select c.relname from pg_attribute a join pg_class c on c.oid = a.attrelid
            where a.attname = 'run_id' and c.relkind = 'r' and c.relnamespace = 'tocsin'::regnamespace
            order by c.relname""")]


def rows_of(db, run_id):
    """table: how many rows of it are the run's."""
    return {table: db.value(f"select count(*) from {table} where run_id = %s", run_id)
            for table in tables_of_runs(db)}


def add_blocks(db, run_id, n, calls=10, rank=0):
    """n blocks of a metric `m`, in steps from 0; what a run of its ranks would have stored."""
    keyset = zlib.crc32(b"m")
    db.query("insert into series values (%s, %s, 1, 'm', 'metric') on conflict do nothing", run_id, keyset)
    db.query("""insert into blocks
                select %s, %s, i * %s, (i + 1) * %s - 1, %s, 0,
                       array(select generate_series(i * %s, (i + 1) * %s - 1)),
                       array_fill(now(), array[%s]), array(select random() from generate_series(1, %s) where i >= 0)
                  from generate_series(0, %s - 1) i""",
             run_id, keyset, calls, calls, rank, calls, calls, calls, calls, n)


def add_rollups(db, run_id, n, series=1):
    """n rows for each of so many series, in which compaction says how far it is."""
    db.query("""insert into rollups
                select %s, k, 32, i * 32, i * 32 + 31, 0, 0, 1, array[32], array[i * 32], array[i * 32 + 31], array[now()],
                       array[now()], array[1], array[1], array[1], array[1], array[1], array[1], array[0]
                  from generate_series(1, %s) k, generate_series(0, %s - 1) i""", run_id, series, n)
    db.query("insert into compacted select %s, k, 0, 0, 0, 0 from generate_series(1, %s) k", run_id, series)
