# SPDX-License-Identifier: Apache-2.0
"""The stand-in for NVML (tests/unit/fake_nvml.c), as a script sees it from inside: two GPUs, of which
GPU i has utilization 10 + i, and so on."""

import ctypes
import pathlib
import time

POWER, PCIE, NONE = 2, 9, 13  # enum fake_getter


class _Gpus(ctypes.Structure):
    _fields_ = [("n", ctypes.c_uint), ("lost", ctypes.c_uint), ("broken", ctypes.c_int), ("hangs", ctypes.c_int),
                ("inside", ctypes.c_int)]


gpus = _Gpus.in_dll(ctypes.CDLL("libnvidia-ml.so.1"), "fake_nvml")


def wait_until(is_so, deadline_s=30):
    end = time.monotonic() + deadline_s
    while not is_so():
        assert time.monotonic() < end, "it did not come to be"
        time.sleep(0.005)


def threads():
    """The names of this process's threads."""
    names = set()
    for path in pathlib.Path("/proc/self/task").glob("*/comm"):
        try:
            names.add(path.read_text().strip())
        except OSError:  # it has ended
            continue
    return names


def come_to_rest(run):
    """Before a fork: AddressSanitizer's allocator does not care for forks, and in a child of a moment in
    which another thread allocates the threads wait for ever."""
    run.log({"at rest": 1})
    wait_until(lambda: run.stats()["acknowledged"] > 0 and "tocsin-salvage" not in threads())
