# SPDX-License-Identifier: Apache-2.0
"""What processes have used so far, from /proc: seconds of CPU to the nanosecond, by thread, and memory."""

import os
import pathlib
import re

TICKS = os.sysconf("SC_CLK_TCK")


def _read(path):
    try:
        return pathlib.Path(path).read_text()
    except OSError:  # it has just ended
        return ""


def _seconds(path):
    text = _read(path)
    return int(text.split()[0]) / 1e9 if text else 0.0


def thread_seconds(pid):
    """{name of thread: seconds}; threads of one name are one."""
    used = {}
    for task in pathlib.Path(f"/proc/{pid}/task").iterdir():
        name = _read(task / "comm").strip()
        used[name] = used.get(name, 0.0) + _seconds(task / "schedstat")
    return used


def process_seconds(pid):
    return sum(thread_seconds(pid).values())


def _stat(pid):
    """Fields of /proc/PID/stat behind the name: [0] is the state, [1] the parent."""
    text = _read(f"/proc/{pid}/stat")
    return text.rpartition(")")[2].split()


def child_seconds(pid):
    """{pid: seconds} of the children that run, and under None what those used that have ended."""
    used = {}
    for name in os.listdir("/proc"):
        if name.isdigit():
            fields = _stat(name)
            if fields and fields[1] == str(pid):
                used[int(name)] = _seconds(f"/proc/{name}/schedstat")
    ended = _stat(pid)[13:15]
    used[None] = sum(map(int, ended)) / TICKS
    return used


def machine_idle_seconds():
    """Of all cores together."""
    fields = _read("/proc/stat").split("\n", 1)[0].split()
    return (int(fields[4]) + int(fields[5])) / TICKS


def memory_mb(pid, what):
    """what: VmRSS (now) or VmHWM (at most)."""
    found = re.search(rf"{what}:\s+(\d+)", _read(f"/proc/{pid}/status"))
    return int(found.group(1)) / 1024 if found else 0.0
