# SPDX-License-Identifier: Apache-2.0
"""Waiting for conditions: no test sleeps for a guessed time."""

import time

_PAUSE_S = 0.01


def wait_for(condition, deadline_s=10, what=None):
    """The first true value of condition(), asked again and again until the deadline."""
    end = time.monotonic() + deadline_s
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > end:
            what = what or getattr(condition, "__name__", "the condition")
            raise AssertionError(f"{what}: not true within {deadline_s} s, last was {value!r}")
        time.sleep(_PAUSE_S)
