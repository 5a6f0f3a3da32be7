# SPDX-License-Identifier: Apache-2.0
"""The built programs, run as people run them."""

import json
import os
import re
import shutil
import signal
import subprocess
import tempfile
import urllib.error
import urllib.request

from deadline import wait_for

BUILD_DIR = os.environ["TOCSIN_BUILD_DIR"]
CLI = os.path.join(BUILD_DIR, "cli", "tocsin")
TOCSIND = os.path.join(BUILD_DIR, "collector", "tocsind")
LIBTOCSIN = os.path.join(BUILD_DIR, "emitter", "libtocsin.so")

SANITIZER = re.compile(r"runtime error:|ERROR: \w+Sanitizer|WARNING: ThreadSanitizer")


def clean_env(extra=None):
    """The environment without what the developer's own tocsin listens to."""
    env = {key: value for key, value in os.environ.items()
           if not key.startswith(("TOCSIN_", "PG", "SLURM_", "XDG_"))}
    env.update(extra or {})
    return env


class Result:
    def __init__(self, done):
        self.rc = done.returncode
        self.stdout = done.stdout.decode()
        self.stderr = done.stderr.decode()

    def json(self):
        return json.loads(self.stdout)


def run_program(argv, env=None, timeout_s=60):
    done = subprocess.run(argv, env=clean_env(env), stdin=subprocess.DEVNULL, capture_output=True,
                          timeout=timeout_s, check=False)
    assert not SANITIZER.search(done.stderr.decode()), done.stderr.decode()
    return Result(done)


def cli(*argv, env=None, check=None):
    """check: the exit code that the test counts on."""
    result = run_program([CLI, *argv], env)
    if check is not None:
        assert result.rc == check, f"exit code {result.rc}: {result.stderr}"
    return result


def parse_metrics(text):
    """Lines of the Prometheus text format as {name or name{labels}: number}."""
    lines = (line.rsplit(" ", 1) for line in text.splitlines() if line and line[0] != "#")
    return {name: float(value) for name, value in lines}


class Tocsind:
    """A running tocsind. Settings are its flags: Tocsind(dsn, commit_interval_ms=10)."""

    def __init__(self, dsn, env=None, **settings):
        self.dir = tempfile.mkdtemp(prefix="tcs-", dir="/tmp")
        self._log_path = os.path.join(self.dir, "log")
        settings = {"listen": f"ipc://{self.dir}/s", "dsn": dsn, "health": "127.0.0.1:0",
                    **settings}
        flags = [f"--{name.replace('_', '-')}={value}" for name, value in settings.items()]
        with open(self._log_path, "wb") as log:
            self.process = subprocess.Popen(
                ["setpriv", "--pdeathsig", "KILL", "--", TOCSIND, *flags], env=clean_env(env),
                stdin=subprocess.DEVNULL, stdout=log, stderr=log)

    def log(self):
        with open(self._log_path, encoding="utf-8", errors="replace") as log:
            return log.read()

    def wait_ready(self, deadline_s=20):
        wait_for(lambda: self._ready() or self.process.poll() is not None, deadline_s,
                 "tocsind is ready")
        assert self._ready(), f"tocsind ended with {self.process.poll()}:\n{self.log()}"
        return self

    def _ready(self):
        return re.search(r"event=ready listen=(\S+) health=(\S*)", self.log())

    @property
    def pid(self):
        return self.process.pid

    @property
    def endpoint(self):
        return self._ready().group(1)

    @property
    def health(self):
        return self._ready().group(2)

    def get(self, path):
        """Status and body of an HTTP GET on the health address."""
        try:
            with urllib.request.urlopen(f"http://{self.health}{path}", timeout=10) as response:
                return response.status, response.read().decode()
        except urllib.error.HTTPError as error:
            return error.code, error.read().decode()

    def metrics(self):
        status, body = self.get("/metrics")
        assert status == 200, body
        return parse_metrics(body)

    def signal(self, number):
        self.process.send_signal(number)

    def wait(self, deadline_s=20):
        return self.process.wait(timeout=deadline_s)

    def stop(self, deadline_s=20):
        """Asks it to stop; returns the exit code."""
        self.signal(signal.SIGTERM)
        return self.wait(deadline_s)

    def kill9(self):
        self.process.kill()
        self.wait()

    def remove(self):
        """Whatever happened before, nothing is left; what a sanitizer found fails the test."""
        self.process.kill()
        self.process.wait()
        log = self.log()
        shutil.rmtree(self.dir)
        assert not SANITIZER.search(log), log
