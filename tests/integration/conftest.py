# SPDX-License-Identifier: Apache-2.0
"""Fixtures of the integration tests: each file has its own server, each test its own database."""

import pytest

import programs
from cluster import Cluster
from fake_emitter import FakeEmitter


@pytest.fixture(scope="session")
def cluster():
    cluster = Cluster()
    try:
        cluster.start()
        yield cluster
    finally:
        cluster.remove()


@pytest.fixture(scope="session")
def template(cluster):
    """Name of a migrated database that nobody is connected to."""
    database = cluster.new_database()
    programs.cli("migrate", "--dsn", database.dsn("postgres"), check=0)
    return database.name


@pytest.fixture
def database(cluster, template):
    database = cluster.new_database(template)
    yield database
    database.drop()


@pytest.fixture
def empty_database(cluster):
    """Without any schema of ours."""
    database = cluster.new_database()
    yield database
    database.drop()


@pytest.fixture(scope="session")
def cli():
    return programs.cli


def _remove_all(things):
    """Removes each even if removing another fails, then says the first failure."""
    failures = []
    for thing in things:
        try:
            thing.remove()
        except Exception as failure:  # pylint: disable=broad-except
            failures.append(failure)
    if failures:
        raise failures[0]


@pytest.fixture
def tocsind(database):
    """Starts collectors: tocsind(), tocsind(commit_interval_ms=10), tocsind(dsn=..., env=...).
    ready=False: does not wait for the ready line."""
    started = []

    def start(dsn=None, env=None, ready=True, **settings):
        daemon = programs.Tocsind(dsn or database.dsn("tocsin_collector"), env, **settings)
        started.append(daemon)
        return daemon.wait_ready() if ready else daemon

    yield start
    _remove_all(started)


@pytest.fixture
def emitter():
    """Connects emitters made in Python: emitter(daemon.endpoint, run_id=7, rank=1)."""
    connected = []

    def connect(endpoint, **fields):
        connected.append(FakeEmitter(endpoint, **fields))
        return connected[-1]

    yield connect
    _remove_all(connected)
