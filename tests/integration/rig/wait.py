# SPDX-License-Identifier: Apache-2.0
"""Tests wait for conditions with a deadline; none of them sleeps for a time it hopes is enough."""

import time

POLL_S = 0.01


def wait_for(condition, deadline_s=15, what=None):
    """Calls condition until what it returns is true, and returns that.

    what: said when the deadline passes; text, or a function that makes it then.
    """
    end = time.monotonic() + deadline_s
    while True:
        result = condition()
        if result:
            return result
        if time.monotonic() > end:
            said = what() if callable(what) else what or getattr(condition, "__name__", "?")
            raise AssertionError(f"not within {deadline_s} s: {said}")
        time.sleep(POLL_S)
