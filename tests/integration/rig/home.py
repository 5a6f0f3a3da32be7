# SPDX-License-Identifier: Apache-2.0
"""A user's home of `tocsin up`: data and runtime directory in a test's place."""

import os
import pathlib
import signal
import subprocess

from rig.programs import Cli
from rig.wait import wait_for

IS_ROOT = os.geteuid() == 0
SELF = None
# Root can try both: itself and somebody ordinary.
USERS = [SELF, "nobody"] if IS_ROOT else [SELF]
ORDINARY = USERS[-1]


def give(path, user):
    if user is not None:
        subprocess.run(["chown", "-R", user, path], check=True)


class Home:
    """A place with its own data and runtime directory, and somebody who runs tocsin there."""

    def __init__(self, place, user):
        self.place = place
        self.user = user
        self.data = place / "data"
        self.run_dir = place / "run"
        self.cluster = self.data / "postgres"
        self.cli = Cli(place, user=user)
        place.chmod(0o711)
        give(place, user)

    def run(self, *argv, env=None):
        return self.cli.run(*argv, env=env)

    def up(self, *argv, env=None):
        result = self.run("up", *argv, env=env)
        assert result.rc == 0, result.stderr
        return result

    def fails(self, code, *argv, env=None):
        """The sentence it fails with. Lines before it are progress."""
        result = self.run(*argv, env=env)
        *notes, sentence = result.stderr.splitlines()
        assert result.rc == code, (result.rc, result.stderr)
        assert sentence.startswith("Error: ") and result.stdout == ""
        assert not any("rror" in note for note in notes), notes
        return sentence

    def status(self):
        """What status --json says, whether or not all runs."""
        result = self.run("status", "--json")
        status = json_of(result)
        assert result.rc == (0 if status["running"] else 5)
        return status

    def daemon_pid(self):
        return self.status()["tocsind"]["pid"]

    def postmaster_pid(self):
        return int((self.cluster / "postmaster.pid").read_text().splitlines()[0])

    def sockets(self):
        return [path for path in self.run_dir.rglob("*") if path.is_socket()]


def json_of(result):
    result.rc, code = 0, result.rc
    document = result.json()
    result.rc = code
    return document


def kill9(pid):
    os.kill(pid, signal.SIGKILL)
    wait_for(lambda: not pathlib.Path(f"/proc/{pid}").exists(), 10, f"{pid} ends")
