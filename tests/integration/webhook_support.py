# SPDX-License-Identifier: Apache-2.0
"""What the tests of the people's side of webhooks share."""

import pytest

from rig.programs import Cli
from stored import Stored

SECRET = "T0/B1/canary"
SLACK = f"https://hooks.slack.com/services/{SECRET}"
GENERIC = "https://example.org:8443/canary?token=canary"


@pytest.fixture
def owner(place, db):
    return Cli(place, db.dsn_superuser)


@pytest.fixture
def stored(db):
    """A run with two alerts: 'diverged' (error) and 'slow' (warn)."""
    stored = Stored(db)
    stored.run("p", "r", 11, world_size=2, attempts=((0, 0), (1, 0)))
    stored.run("q", "other", 12)
    return stored


def add(owner, *argv, url=GENERIC, rc=0):
    """The endpoint as --json says it."""
    done = owner.run("endpoint", "add", "--json", *argv, stdin=f"{url}\n".encode())
    assert done.rc == rc, done.stderr
    assert "canary" not in done.stdout + done.stderr
    return done.json() if rc == 0 else done.stderr


def endpoints(cli, *argv):
    return cli.run("endpoint", "list", "--json", *argv).json()["endpoints"]
