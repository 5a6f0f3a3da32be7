# SPDX-License-Identifier: Apache-2.0
"""Frameworks as tests use them: the real one where it is installed, else its stand-in."""

import importlib.util
import pathlib

STANDINS = pathlib.Path(__file__).parent / "standins"


def framework(name):
    """What PYTHONPATH needs for it, and for what drives it."""
    return [STANDINS / "drivers"] + ([] if importlib.util.find_spec(name) else [STANDINS / name])
