# SPDX-License-Identifier: Apache-2.0
"""Node programs of the tests, with the packages that their lock file names."""

import fcntl
import os
import pathlib
import shutil
import subprocess

TESTS = pathlib.Path(__file__).resolve().parents[2]
INSTALL_S = 200


def installed(folder):
    """A copy of a folder of tests in the build directory, its packages beside it; they are installed once for a build."""
    place = pathlib.Path(os.environ["TOCSIN_BIN_DIR"]).resolve() / "tests" / folder.relative_to(TESTS)
    place.mkdir(parents=True, exist_ok=True)
    with open(place / "lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        wanted = (folder / "package-lock.json").read_bytes()
        done = place / "installed.json"
        if not done.exists() or done.read_bytes() != wanted:
            for name in ("package.json", "package-lock.json"):
                shutil.copy(folder / name, place)
            subprocess.run(["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund"], cwd=place, check=True,
                           stdout=subprocess.DEVNULL, timeout=INSTALL_S)
            done.write_bytes(wanted)
        for program in folder.glob("*.mjs"):
            shutil.copy(program, place)
    return place
