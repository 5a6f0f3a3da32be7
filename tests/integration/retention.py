# SPDX-License-Identifier: Apache-2.0
"""What the tests of retention share: runs to be removed, and the removal without a collector."""

import subprocess

from rig.process import environment, program

PROBE = "tests/integration/retention_probe"


def apply_retention(place, db):
    """Goes through all that is due, as the collector does; the number of transactions."""
    db.query("update retention_rounds set due = now()")
    done = subprocess.run([program(PROBE), db.dsn_collector], env=environment(place, {}), capture_output=True, timeout=60)
    assert done.returncode == 0, done.stderr.decode()
    return len(done.stdout.splitlines())


def keep(db, kind, seconds, project=None):
    """Says how long; None: forever."""
    db.query("""insert into retention (project_id, kind, keep_s)
                values ((select project_id from projects where name = %s), %s, %s)
                on conflict (project_id, kind) do update set keep_s = excluded.keep_s""", project, kind, seconds)


def fill(stored, run_id, project="p", calls=100, spacing_s=600, **fields):
    """A run of two metrics with a call every ten minutes, in rolled blocks of two calls."""
    stored.run(project, f"r{run_id}", run_id, **fields)
    stored.log(run_id, ["a", "b"], [(s, s * spacing_s, [s, -s]) for s in range(calls)])
    stored.rolled(run_id)
    return run_id


def rest(db, run_id):
    """Blocks, rows of roll-ups, alerts."""
    return tuple(db.value(f"select count(*) from {table} where run_id = %s", run_id)
                 for table in ("blocks", "rollups", "alerts"))


def slow_down(db):
    """Each statement that removes blocks takes a while, so that a test meets it at work."""
    db.query("""create function public.slow() returns trigger language plpgsql
                as $$ begin perform pg_sleep(0.02); return null; end $$""")
    db.query("create trigger slow before delete on blocks for each statement execute function public.slow()")
