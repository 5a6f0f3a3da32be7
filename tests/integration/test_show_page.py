# SPDX-License-Identifier: Apache-2.0
"""The dashboard's page: that what is embedded is what its sources give, and what it may weigh."""

import fcntl
import gzip
import json
import os
import pathlib
import shutil
import subprocess

import pytest

DASHBOARD = pathlib.Path(__file__).resolve().parents[2] / "cli/dashboard"
PAGE_BYTES_MAX = 120 * 1000
NAMES = ("app.css", "app.js", "index.html")
REGISTRY = "https://registry.npmjs.org/"


@pytest.fixture(scope="module")
def built():
    """dist as it comes out of the sources here, with the packages that package-lock.json names."""
    place = pathlib.Path(os.environ["TOCSIN_BIN_DIR"]).resolve() / "tests/integration/page"
    place.mkdir(parents=True, exist_ok=True)
    with open(place / "lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        shutil.rmtree(place / "page", ignore_errors=True)
        shutil.copytree(DASHBOARD / "page", place / "page", ignore=shutil.ignore_patterns("node_modules"))
        subprocess.run(["npm", "run", "build", "--", "--out", str(place / "dist")], cwd=place / "page", check=True,
                       stdout=subprocess.DEVNULL, timeout=200)
        yield place / "dist"


@pytest.mark.parametrize("name", NAMES)
def test_what_is_embedded_is_what_the_sources_give(built, name):
    assert (built / name).read_bytes() == (DASHBOARD / "dist" / name).read_bytes(), (
        "run: npm --prefix cli/dashboard/page run build")


def test_there_is_nothing_else(built):
    assert sorted(os.listdir(DASHBOARD / "dist")) == sorted(os.listdir(built)) == list(NAMES)


def test_the_page_is_light():
    assert sum(len(gzip.compress((DASHBOARD / "dist" / name).read_bytes(), 9)) for name in NAMES) <= PAGE_BYTES_MAX


def test_packages_come_from_the_registry_in_exact_versions():
    package = json.loads((DASHBOARD / "page/package.json").read_text())
    lock = json.loads((DASHBOARD / "page/package-lock.json").read_text())
    assert all(version[0].isdigit() for version in package["devDependencies"].values())
    locked = {name: entry for name, entry in lock["packages"].items() if name}
    assert all(entry.get("resolved", REGISTRY).startswith(REGISTRY) and entry["integrity"]
               for entry in locked.values())


def test_licences_of_what_is_bundled_are_in_it():
    script = (DASHBOARD / "dist/app.js").read_text()
    assert script.count("Permission is hereby granted, free of charge") == 2
    assert "Jason Miller" in script and "Leon Sorokin" in script


def test_the_page_needs_no_inline_script_or_style():
    page = (DASHBOARD / "dist/index.html").read_text()
    assert "<style" not in page and "style=" not in page and " on" not in page.replace(" one", "")
    assert page.count("<script") == page.count('<script src="/app.js" defer></script>') == 1
