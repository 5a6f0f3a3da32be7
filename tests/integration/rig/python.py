# SPDX-License-Identifier: Apache-2.0
"""Training scripts: the Python package as it was built, in a Python process of its own."""

import os
import pathlib
import re
import subprocess
import sys
import textwrap

from rig.process import Process, program
from rig.wait import wait_for

TOP = pathlib.Path(__file__).resolve().parents[3]


def package_dir():
    """Where the package is: in the build directory, or TOCSIN_PYTHON_DIR, say of an installed one."""
    built = pathlib.Path(os.environ["TOCSIN_BIN_DIR"]) / "emitter/python"
    return os.path.abspath(os.environ.get("TOCSIN_PYTHON_DIR", built))


def sanitizer(package):
    """What Debian's Python, which is no sanitizer's program, needs to load such an extension. Its own
    leaks are not looked for."""
    extension = pathlib.Path(package) / "tocsin/_core.abi3.so"
    if b"libasan.so" not in extension.read_bytes():
        return {}
    path = subprocess.run(["gcc", "-print-file-name=libasan.so"], check=True, capture_output=True)
    options = os.environ.get("ASAN_OPTIONS", "")
    # A class of Python's with __slots__ or a string is freed at exit by nobody.
    return {"LD_PRELOAD": path.stdout.decode().strip(),
            "ASAN_OPTIONS": f"{options}:detect_leaks=0:exitcode=99".lstrip(":")}


def tocsin_program(place):
    """tocsin for scripts to call: without what their Python had to load."""
    path = place / "bin/tocsin"
    path.parent.mkdir(exist_ok=True)
    path.write_text(f'#!/bin/sh\nunset LD_PRELOAD\nexec "{program("tocsin")}" "$@"\n')
    path.chmod(0o755)
    return str(path)


class Scripts:
    """Runs training scripts in a place, with rings and a spool of their own."""

    def __init__(self, place, endpoint=None, dsn=None):
        self.place = place
        self.package = package_dir()
        self.paths = [self.package]
        self.started = 0
        self.env = {"TOCSIN_RING_DIR": str(place / "rings"), "TOCSIN_SPOOL_DIR": str(place / "spool"),
                    "TOCSIN_ENDPOINT": endpoint or f"ipc://{place}/nobody.sock", "TOCSIN_DSN": dsn,
                    "TOCSIN_RING_BYTES": str(1 << 20), "TOCSIN_PROGRAM": tocsin_program(place),
                    "TOCSIN_PROJECT": "p", "PYTHONDONTWRITEBYTECODE": "1", "PYTHONFAULTHANDLER": "1",
                    **sanitizer(self.package)}

    def add_path(self, folder):
        """Another package of the tree, which the build copies beside tocsin."""
        built = pathlib.Path(self.package).parents[1] / folder
        self.paths.append(built if built.exists() else TOP / folder)

    def start(self, script, *argv, python=sys.executable, flags=(), **env):
        """script: its text, or its path."""
        self.started += 1
        path = script
        if not isinstance(script, pathlib.Path):
            path = self.place / f"script{self.started}.py"
            path.write_text(textwrap.dedent(script))
        variables = {**self.env, "PYTHONPATH": ":".join(map(str, self.paths)), **env}
        return Process([python, *flags, path, *argv], self.place, self.place / f"script{self.started}.log",
                       variables)

    def run(self, script, *argv, deadline_s=60, code=0, **env):
        """What a script prints, which must end with this exit code."""
        process = self.start(script, *argv, **env)
        wait_for(lambda: process.code is not None, deadline_s, lambda: process.log)
        assert process.code == code, (process.code, process.log)
        return process.log


def warnings_of(log):
    """The texts of the warnings in what a script printed."""
    return re.findall(r"Warning: (.*)", log)
