# SPDX-License-Identifier: Apache-2.0
"""pip, as a user has it: the packages are built from the tree, offline, and work where they are
installed. Debian's setuptools and pip, in a virtual environment that sees them."""

import os
import pathlib
import shutil
import subprocess
import sys
import zipfile

import pytest

from rig.process import environment
from rig.python import TOP, Scripts

TREE = ("CMakeLists.txt", "emitter", "schema/wire")


def run(place, *command):
    done = subprocess.run(list(map(str, command)), cwd=place, env=environment(place), capture_output=True,
                          timeout=200)
    assert done.returncode == 0, done.stdout.decode() + done.stderr.decode()
    return done.stdout.decode()


@pytest.fixture
def tree(place):
    """The sources that the package is built from, and nothing else of the tree."""
    copy = place / "tree"
    for part in TREE:
        (copy / part).parent.mkdir(parents=True, exist_ok=True)
        if (TOP / part).is_dir():
            shutil.copytree(TOP / part, copy / part, ignore=shutil.ignore_patterns("build", "*.egg-info"))
        else:
            shutil.copy(TOP / part, copy / part)
    return copy


@pytest.fixture
def venv(place):
    run(place, sys.executable, "-m", "venv", "--system-site-packages", place / "venv")
    return place / "venv/bin"


def test_pip_installs_both_packages(place, db, tocsind, tree, venv):
    pip = [venv / "pip", "--quiet", "--disable-pip-version-check"]
    wheels = place / "wheels"
    for package in ("emitter/python", "emitter/trackio"):
        run(place, *pip, "wheel", "--no-build-isolation", "--no-index", "--no-deps", "-w", wheels,
            tree / package)
    names = sorted(path.name for path in wheels.iterdir())
    assert names[0].startswith("tocsin-") and names[0].endswith(f"-cp310-abi3-linux_{os.uname().machine}.whl")
    assert names[1] == "trackio-0.36.0+tocsin-py3-none-any.whl"
    inside = zipfile.ZipFile(wheels / names[0]).namelist()
    assert "tocsin/_core.abi3.so" in inside and "tocsin/integrations/rules.py" in inside
    run(place, *pip, "install", "--no-index", *wheels.iterdir())
    shutil.rmtree(tree)

    scripts = Scripts(place, tocsind.endpoint, db.dsn_reader)
    scripts.paths = []
    log = scripts.run("""
        import importlib.metadata, importlib.util
        import tocsin, trackio
        assert tocsin.__file__.startswith(__import__("sys").prefix), tocsin.__file__
        assert importlib.util.find_spec("trackio") and importlib.metadata.metadata("trackio")["Name"] == "trackio"
        assert importlib.metadata.version("tocsin") == tocsin.__version__
        trackio.init("p", name="installed")
        trackio.log({"a": 1.5})
        trackio.finish()
        """, python=venv / "python", LD_PRELOAD=None)
    assert "run installed of project p" in log
    assert db.query("select run, value from metrics") == [("installed", 1.5)]
    said = run(place, venv / "python", "-c",
               "import subprocess, sys; print(subprocess.run([sys.argv[1], '--version'], env="
               "{'TOCSIN_PROGRAM': sys.argv[2]}, capture_output=True, text=True).stdout)",
               venv / "trackio", scripts.env["TOCSIN_PROGRAM"])
    assert said.startswith("tocsin ")


def exported(path):
    listed = subprocess.run(["nm", "-D", "--defined-only", path], check=True, capture_output=True).stdout
    return {line.split()[-1] for line in listed.decode().splitlines()}


def test_the_extension_shows_nothing_of_the_library_inside(place):
    """A program may use libtocsin.so as well, and each must call its own."""
    extension = pathlib.Path(Scripts(place).package) / "tocsin/_core.abi3.so"
    assert {name for name in exported(extension) if "asan" not in name and "odr" not in name} == {"PyInit__core"}
