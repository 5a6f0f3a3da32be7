# SPDX-License-Identifier: Apache-2.0
"""Reading: what is in the database, by the program `tocsin`.

Each call is one process of `tocsin ... --json`, a few milliseconds. The extension stays free of libpq,
and there is one place that knows the SQL.
"""

import json
import os
import shutil
import subprocess
import time

WAIT_POLL_S = 0.2
ALERTS_AT_ONCE = 1000
NOT_FOUND = 3

# A cursor is the place of the last alert that was read: its transaction and its id. Alerts of
# transactions that are still open may yet come before those that are visible, so nothing is
# returned from the oldest open transaction on.
ALERTS_SQL = """
select xact::text || '-' || alert_id as cursor, alert_id, run, run_id, rank, attempt, host, level, title,
       text, step, time as timestamp
  from alerts_feed
 where project = current_setting('tocsin.project')
   and xact < pg_snapshot_xmin(pg_current_snapshot())
   and (xact, alert_id) > ('{xact}'::xid8, {alert_id}){filters}
 order by alerts_feed.xact, alerts_feed.alert_id
 limit {limit}"""


class ApiError(Exception):
    """What `tocsin` said. not_found: there is no such project, run or metric."""

    def __init__(self, text, code=None):
        super().__init__(text)
        self.not_found = code == NOT_FOUND


def _quoted(text):
    if "\0" in text:
        raise ValueError("text with a NUL")
    return "'" + text.replace("'", "''") + "'"


def _said(stderr, code):
    """The sentence of an error, and its remedy."""
    text = stderr.decode(errors="replace").strip()
    try:
        error = json.loads(text)["error"]
        return " ".join(part for part in (error["message"], error["hint"]) if part)
    except (ValueError, TypeError, KeyError):  # it did not get so far as to write JSON
        return text or f"tocsin ended with {code}"


def _flags(**options):
    return [part for name, value in options.items() if value is not None
            for part in ("--" + name.replace("_", "-"), str(value))]


class Api:
    """dsn: the database; else TOCSIN_DSN, else the private one of `tocsin up`. program: the path of
    `tocsin`; else TOCSIN_PROGRAM, else from PATH. timeout: of one call, in seconds."""

    def __init__(self, dsn=None, program=None, timeout=60):
        self.dsn = dsn
        self.program = program or os.environ.get("TOCSIN_PROGRAM") or shutil.which("tocsin")
        self.timeout = timeout

    def call(self, *arguments):
        """One command, for example call("list", "gaps", "--project", "p"): its JSON."""
        if self.program is None:
            raise ApiError("the program tocsin is not in PATH")
        command = [self.program, *map(str, arguments), "--json", *_flags(dsn=self.dsn)]
        try:
            done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True,
                                  timeout=self.timeout)
        except subprocess.TimeoutExpired:
            raise ApiError(f"tocsin gave no answer within {self.timeout} s") from None
        except (OSError, ValueError) as error:
            raise ApiError(f"tocsin cannot be started: {error}") from None
        if done.returncode != 0:
            raise ApiError(_said(done.stderr, done.returncode), done.returncode)
        return json.loads(done.stdout)

    def projects(self):
        """[{name, num_runs, created_at, last_seen}]"""
        return self.call("list", "projects")["details"]

    def runs(self, project):
        """[{id, name, state, num_logs, last_step, alerts, group, world_size, ...}], oldest first."""
        return self.call("list", "runs", "--project", project)["details"]

    def run(self, project, run):
        """One run, by name (the newest of it) or id: config, metrics, state, last_step, ..."""
        return self.call("get", "run", "--project", project, "--run", run)

    def metrics(self, project, run):
        """The names of a run's metrics."""
        return self.call("list", "metrics", "--project", project, "--run", run)["metrics"]

    def metric(self, project, run, metric, **where):
        """[{timestamp, step, value, rank}]. where: step, around, at_time, window, rank, attempt."""
        return self.call("get", "metric", "--project", project, "--run", run, "--metric", metric,
                         *_flags(**where))["values"]

    def snapshot(self, project, run, **where):
        """{name: [{timestamp, step, value, rank}]}. where: as for metric(), one of them needed."""
        return self.call("get", "snapshot", "--project", project, "--run", run,
                         *_flags(**where))["metrics"]

    def query(self, project, sql):
        """The rows of one SQL statement, as dicts."""
        return self.call("query", "project", "--project", project, "--sql", sql)["rows"]

    def alerts(self, project, run=None, level=None, cursor=None, wait=None):
        """Alerts in the order in which they were stored: (alerts, cursor). Given the cursor of
        the call before, those that came since, none twice and none left out. wait: seconds to wait for
        the first one. level: exactly this one. An empty project is no error: its first run may be yet
        to come."""
        deadline = time.monotonic() + (wait or 0)
        while True:
            found = self._alerts_once(project, run, level, cursor)
            if found:
                return found, found[-1]["cursor"]
            left = deadline - time.monotonic()
            if left <= 0:
                return [], cursor
            time.sleep(min(WAIT_POLL_S, left))

    def _alerts_once(self, project, run, level, cursor):
        xact, _, alert_id = (cursor or "0-0").partition("-")
        filters = [f"\n   and {column} = {_quoted(str(value))}"
                   for column, value in (("run", run), ("level", level)) if value is not None]
        sql = ALERTS_SQL.format(xact=int(xact), alert_id=int(alert_id), filters="".join(filters),
                                limit=ALERTS_AT_ONCE)
        try:
            return self.query(project, sql)
        except ApiError as error:
            if error.not_found:
                return []
            raise
