# SPDX-License-Identifier: Apache-2.0
"""Trackio's options about system metrics, in tocsin's terms."""

import os

from tocsin._sampling import interval_of
from trackio.utils import warn_once


def switch(given, variable):
    """Trackio's None means: wherever it is possible. Here the variable of tocsin is asked first, because
    frameworks call init() and give no chance to say no."""
    if given is None:
        return None if os.environ.get(variable) else True
    return bool(given)


def interval(name, given):
    try:
        return interval_of(name, given) or None
    except (TypeError, ValueError) as error:  # Trackio takes anything
        warn_once(f"{error}: every 10 s")
        return None


def of_device(logged, device):
    return {name: value for name, value in logged.items() if name.startswith(f"gpu/{device}/")}
