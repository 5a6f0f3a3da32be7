# SPDX-License-Identifier: Apache-2.0
"""Reading: what is in the database, by the program `tocsin`.

Each call is one process of `tocsin ... --json`, a few milliseconds. The extension stays free of libpq,
and there is one place that knows the SQL.
"""

import json
import math
import os
import shutil
import subprocess

ALERTS_AT_ONCE = 1000
NOT_FOUND = 3
TIMED_OUT = 8  # an answer all the same: that nothing came


class ApiError(Exception):
    """What `tocsin` said. not_found: there is no such project, run or metric."""

    def __init__(self, text, code=None):
        super().__init__(text)
        self.not_found = code == NOT_FOUND


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
        return self._call(arguments, self.timeout)

    def _call(self, arguments, timeout):
        if self.program is None:
            raise ApiError("the program tocsin is not in PATH")
        command = [self.program, *map(str, arguments), "--json", *_flags(dsn=self.dsn)]
        try:
            done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True,
                                  timeout=timeout)
        except subprocess.TimeoutExpired:
            raise ApiError(f"tocsin gave no answer within {timeout} s") from None
        except (OSError, ValueError) as error:
            raise ApiError(f"tocsin cannot be started: {error}") from None
        if done.returncode not in (0, TIMED_OUT):
            raise ApiError(_said(done.stderr, done.returncode), done.returncode)
        return json.loads(done.stdout)

    def projects(self):
        """[{name, num_runs, created_at, last_seen}]"""
        return self.call("list", "projects")["details"]

    def runs(self, project):
        """[{id, name, state, num_logs, last_step, alerts, group, world_size, ...}], oldest first."""
        return self.call("list", "runs", "--project", project, "--limit", 0)["details"]

    def run(self, project, run):
        """One run, by name (the newest of it) or id: config, metrics, state, last_step, ..."""
        return self.call("get", "run", "--project", project, "--run", run)

    def metrics(self, project, run):
        """The names of a run's metrics."""
        return self.call("list", "metrics", "--project", project, "--run", run)["metrics"]

    def metric(self, project, run, metric, max_points=0, **where):
        """[{timestamp, step, value, rank}]: all values, or at most max_points of them, chosen so that every
        spike is seen. where: step, around, at_time, window, rank, attempt; agg: one value a step of those of
        all ranks ("mean", "min", "max", "p50", "p99"), with ranks, how many had one, instead of rank."""
        return self.call("get", "metric", "--project", project, "--run", run, "--metric", metric,
                         *_flags(max_points=max_points, **where))["values"]

    def snapshot(self, project, run, limit=0, **where):
        """{name: [{timestamp, step, value, rank}]}: all values, or the first limit of them. where: as for
        metric(); step, around or at_time is needed."""
        return self.call("get", "snapshot", "--project", project, "--run", run,
                         *_flags(limit=limit, **where))["metrics"]

    def query(self, project, sql):
        """The rows of one SQL statement, as dicts."""
        return self.call("query", "project", "--project", project, "--sql", sql)["rows"]

    def alerts(self, project, run=None, level=None, cursor=None, wait=None):
        """Alerts in the order in which they were stored: (alerts, cursor). Given the cursor of
        the call before, those that came since, none twice and none left out. wait: seconds to wait for
        the first one. level: exactly this one. An empty project is no error: its first run may be yet
        to come."""
        waiting = [] if not wait else ["--wait", f"{max(1, math.ceil(wait))}s"]
        try:
            answer = self._call(
                ["list", "alerts", "--project", project, "--after", cursor or "start", "--limit", ALERTS_AT_ONCE,
                 *_flags(run=run, level=level), *waiting], self.timeout + (wait or 0))
        except ApiError as error:
            if error.not_found:
                return [], cursor
            raise
        return answer["alerts"], answer["cursor"]
