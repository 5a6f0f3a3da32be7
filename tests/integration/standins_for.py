# SPDX-License-Identifier: Apache-2.0
"""Frameworks as tests use them: the real one where it is installed, else its stand-in."""

import importlib.util
import os
import pathlib

STANDINS = pathlib.Path(__file__).parent / "standins"


def with_gpus(scripts):
    """Scripts that find two GPUs, those of the stand-in for NVML; `import gpus` has them in hand."""
    scripts.paths.append(STANDINS / "nvml")
    scripts.env["LD_LIBRARY_PATH"] = os.path.abspath(pathlib.Path(os.environ["TOCSIN_BIN_DIR"]) / "tests/unit/fake_nvml")
    return scripts


def framework(name):
    """What PYTHONPATH needs for it, and for what drives it."""
    return [STANDINS / "drivers"] + ([] if importlib.util.find_spec(name) else [STANDINS / name])
