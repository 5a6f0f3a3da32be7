# SPDX-License-Identifier: Apache-2.0
"""Fixtures of the tests in a browser: those of the integration tests, the dashboard's server, chromium.

To run one file by hand:
    TOCSIN_BIN_DIR=build/dev /usr/bin/python3 -m pytest tests/browser/test_alerts.py
"""

import pathlib
import sys

import pytest

TESTS = pathlib.Path(__file__).resolve().parents[1]
sys.path[:0] = [str(TESTS), str(TESTS / "integration")]
pytest_plugins = ["integration.conftest"]

from browser import Browser  # noqa: E402
from rig.show import Show  # noqa: E402
from stored import Stored  # noqa: E402


@pytest.fixture(scope="session")
def browser(session_place):
    """The file's browser. Each page has a context of its own."""
    browser = Browser(session_place)
    yield browser
    browser.close()


@pytest.fixture
def stored(db):
    return Stored(db)


@pytest.fixture
def start(place, db):
    """Starts servers of the dashboard, for a database user who may change things."""
    started = []

    def start(*argv, dsn=None, port=0):
        started.append(Show(place, dsn or db.dsn_superuser, *argv, port=port))
        return started[-1]

    yield start
    for show in started:
        if show.process.poll() is None:
            show.stop()


@pytest.fixture
def show(start):
    return start()


@pytest.fixture
def open_page(browser):
    """open_page(url): a page, which must have behaved when the test is over."""
    opened = []

    def open_page(url, **options):
        opened.append(browser.open(url, **options))
        return opened[-1]

    yield open_page
    for page in opened:
        page.close()
