# SPDX-License-Identifier: Apache-2.0
"""Processes that cannot outlive their test: each has a place, and dies with pytest."""

import os
import pathlib
import pwd
import shutil
import signal
import subprocess
import tempfile

from rig.wait import wait_for

SANITIZER_EXIT = 99
LEAKS_OF_OTHERS = pathlib.Path(__file__).resolve().parents[2] / "lsan.supp"


def make_place():
    """A directory with a short name: a socket's path has at most 107 bytes. The caller removes it."""
    return pathlib.Path(tempfile.mkdtemp(prefix="tocsin-", dir="/tmp"))


def environment(place, extra=None):
    """What a program under test sees: nothing of this machine's, and every default place inside
    place. A value of None takes a variable away."""
    dropped = ("TOCSIN", "PG", "XDG_", "SLURM_", "OMPI_", "PMI", "NOTIFY_SOCKET", "NO_COLOR")
    env = {k: v for k, v in os.environ.items() if not k.startswith(dropped)}
    env.update(HOME=str(place), LC_ALL="C.UTF-8", TERM="dumb",
               TOCSIN_RUNTIME_DIR=str(place / "run"), TOCSIN_DATA_DIR=str(place / "data"))
    for sanitizer in ("ASAN", "UBSAN", "LSAN", "TSAN"):
        given = os.environ.get(f"{sanitizer}_OPTIONS", "")
        env[f"{sanitizer}_OPTIONS"] = f"{given}:exitcode={SANITIZER_EXIT}".lstrip(":")
    env["LSAN_OPTIONS"] += f":suppressions='{LEAKS_OF_OTHERS}':print_suppressions=0"
    env.update(extra or {})
    return {k: v for k, v in env.items() if v is not None}


def program(name):
    """Path of a program under test: TOCSIN_BIN_DIR is a build directory, or where it is installed."""
    base = pathlib.Path(os.environ["TOCSIN_BIN_DIR"])
    for folder in (".", "cli", "collector", "emitter/examples", "tests/integration"):
        path = base / folder / name
        if path.is_file():
            return str(path)
    raise FileNotFoundError(f"no program {name} in {base}: build it")


def as_user(user):
    """The words that run a program as that user: a name, or a uid that may have none; None: as we
    are."""
    if user is None:
        return ["setpriv"]
    uid, gid = (user, user) if isinstance(user, int) else pwd.getpwnam(user)[2:4]
    return ["setpriv", f"--reuid={uid}", f"--regid={gid}", "--clear-groups"]


class Process:
    """A running program. Its stdout and stderr go to one log file."""

    def __init__(self, argv, place, log, env=None, user=None, death_signal="KILL"):
        self.log_path = pathlib.Path(log)
        with open(self.log_path, "ab") as out:
            self._popen = subprocess.Popen(
                [*as_user(user), "--pdeathsig", death_signal, *map(str, argv)],
                cwd=place, env=environment(place, env), stdin=subprocess.DEVNULL, stdout=out,
                stderr=out)
        self.pid = self._popen.pid

    @property
    def log(self):
        return self.log_path.read_text(errors="replace")

    @property
    def code(self):
        """Exit code; None while it runs; -N after signal N."""
        return self._popen.poll()

    def send(self, number):
        if self.code is None:
            self._popen.send_signal(number)

    def stop(self, number=signal.SIGTERM, deadline_s=15):
        """Sends the signal, waits for the end, returns the exit code."""
        self.send(number)
        try:
            code = self._popen.wait(deadline_s)
        except subprocess.TimeoutExpired:
            self._popen.kill()
            self._popen.wait()
            raise AssertionError(f"{self._popen.args[-1]} did not stop:\n{self.log}") from None
        assert code != SANITIZER_EXIT, self.log
        return code

    def kill9(self):
        return self.stop(signal.SIGKILL)


def _belongs(pid, place):
    """True if a process says the place in its arguments, environment or working directory."""
    needle = str(place).encode()
    for name in ("cmdline", "environ"):
        try:
            if needle in pathlib.Path(f"/proc/{pid}/{name}").read_bytes():
                return True
        except OSError:
            pass
    try:
        return os.fsencode(os.readlink(f"/proc/{pid}/cwd")).startswith(needle)
    except OSError:
        return False


def survivors(place):
    """Pids of all processes that belong to a place, whoever started them."""
    pids = [int(name) for name in os.listdir("/proc") if name.isdigit()]
    return [pid for pid in pids if pid != os.getpid() and _belongs(pid, place)]


def describe(pids):
    lines = []
    for pid in pids:
        try:
            text = pathlib.Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode()
        except OSError:
            text = "?"
        lines.append(f"{pid}: {text}")
    return "\n".join(lines)


def clear_place(place):
    """Ends what still runs in a place and removes it; returns what was found running."""
    found = describe(survivors(place))
    for pid in survivors(place):
        try:
            os.kill(pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
    wait_for(lambda: not survivors(place), 10, lambda: describe(survivors(place)))
    shutil.rmtree(place, ignore_errors=True)
    return found
