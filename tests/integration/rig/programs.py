# SPDX-License-Identifier: Apache-2.0
"""The programs under test: tocsin, one process per command, and tocsind, which stays."""

import json
import re
import signal
import subprocess
import urllib.error
import urllib.request

from rig.process import SANITIZER_EXIT, Process, as_user, environment, program
from rig.wait import wait_for


class Result:
    def __init__(self, done):
        self.rc = done.returncode
        self.stdout = done.stdout.decode()
        self.stderr = done.stderr.decode()

    def json(self):
        assert self.rc == 0, self.stderr
        return json.loads(self.stdout)


class Cli:
    """tocsin. dsn: used where the arguments name none. user: who runs it."""

    def __init__(self, place, dsn=None, user=None):
        self.place = place
        self.dsn = dsn
        self.user = user

    def run(self, *argv, env=None, stdin=b"", timeout_s=60):
        variables = {"TOCSIN_DSN": self.dsn, **(env or {})}
        command = [*as_user(self.user), program("tocsin"), *map(str, argv)]
        done = subprocess.run(command, cwd=self.place, input=stdin,
                              env=environment(self.place, variables), capture_output=True,
                              timeout=timeout_s)
        assert done.returncode != SANITIZER_EXIT, done.stderr.decode()
        return Result(done)


class Tocsind:
    """tocsind with a socket and a health port of its own. Started by start(), which waits until it
    is ready; a later start() uses the same places, so emitters find it again."""

    def __init__(self, place, dsn, name="tocsind"):
        self.place = place
        self.dsn = dsn
        self.endpoint = f"ipc://{place}/{name}.sock"
        self.log_path = place / f"{name}.log"
        self.prefix = []  # a program that runs it, and its arguments
        self.health = None  # host:port, known once it is ready
        self.process = None

    def spawn(self, *argv, env=None):
        """Starts it without waiting. argv: more settings, as flags."""
        self._log_start = len(self.log)
        self.process = Process(
            [*self.prefix, program("tocsind"), f"--listen={self.endpoint}", f"--dsn={self.dsn}",
             "--health=127.0.0.1:0", *argv], self.place, self.log_path, env)
        return self

    def start(self, *argv, env=None, deadline_s=20):
        self.spawn(*argv, env=env)
        self.health = wait_for(self._ready, deadline_s, lambda: self.log)
        return self

    def _ready(self):
        assert self.process.code is None, self.log
        line = re.search(r"event=ready .*health=(\S+)", self.log[self._log_start:])
        return line and line.group(1)

    @property
    def log(self):
        return self.log_path.read_text(errors="replace") if self.log_path.exists() else ""

    @property
    def pid(self):
        return self.process.pid

    def stop(self, number=signal.SIGTERM):
        """Ends it and returns the exit code."""
        return self.process.stop(number, 20)

    def kill9(self):
        return self.process.kill9()

    def pause(self):
        self.process.send(signal.SIGSTOP)

    def resume(self):
        self.process.send(signal.SIGCONT)

    def get(self, path):
        """Status and body of its HTTP server."""
        try:
            with urllib.request.urlopen(f"http://{self.health}{path}", timeout=10) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as error:
            return error.code, error.read().decode()

    def metrics(self):
        """/metrics as a dictionary: "name{labels}" to number."""
        status, text = self.get("/metrics")
        assert status == 200, text
        lines = [line.rsplit(" ", 1) for line in text.splitlines() if line and line[0] != "#"]
        return {name: float(value) for name, value in lines}
