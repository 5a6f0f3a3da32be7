# SPDX-License-Identifier: Apache-2.0
"""Fixtures of the integration tests. Each test file is one ctest and one pytest: it has a cluster
of its own, and each test a database and a directory of its own, so files may run side by side.

To run one file by hand:
    TOCSIN_BIN_DIR=build/dev /usr/bin/python3 -m pytest tests/integration/test_schema.py
"""

import faulthandler
import os
import signal
import subprocess

import pytest

from resender import Resender
from rig.certificates import Certificates
from rig.emitter import FakeEmitter
from rig.home import SELF, Home, give
from rig.importer import Importer
from rig.mock_dns import MockDns
from rig.mock_webhook import MockWebhook
from rig.netns import Namespace
from rig.postgres import Cluster
from rig.process import clear_place, make_place
from rig.programs import Cli, Tocsind
from rig.python import Scripts


def pytest_sessionstart(session):
    """Ends a session that hangs while it can still clean up: ctest would just kill it."""
    def stop(number, frame):
        faulthandler.dump_traceback()
        pytest.exit("the tests of this file took too long", returncode=1)

    signal.signal(signal.SIGALRM, stop)
    signal.signal(signal.SIGTERM, stop)
    signal.alarm(int(os.environ.get("TOCSIN_TEST_DEADLINE_S", 600)))


@pytest.fixture(scope="session")
def session_place():
    place = make_place()
    yield place
    found = clear_place(place)
    assert not found, f"still running after all tests:\n{found}"


@pytest.fixture(scope="session")
def cluster(session_place):
    """The file's PostgreSQL. Tests that stop or kill it start it again, or use own_cluster."""
    cluster = Cluster(session_place)
    yield cluster
    cluster.stop()


@pytest.fixture
def place():
    """The test's own directory. Whatever runs in it when the test is over is a failure, and ends."""
    place = make_place()
    yield place
    found = clear_place(place)
    assert not found, f"still running after the test:\n{found}"


@pytest.fixture
def own_cluster(place):
    """A PostgreSQL for this test alone, to be killed at will."""
    cluster = Cluster(place)
    yield cluster
    cluster.stop()


@pytest.fixture
def db(cluster):
    """A freshly migrated database."""
    database = cluster.create()
    yield database
    database.drop()


@pytest.fixture
def empty_db(cluster):
    """A database that nothing was ever done to."""
    database = cluster.create(migrated=False)
    yield database
    database.drop()


@pytest.fixture
def cli(place, db):
    """tocsin as a reader of the test's database."""
    return Cli(place, db.dsn_reader)


@pytest.fixture
def make_tocsind(place, db):
    """Makes collectors; those that run at the end of the test must stop with exit code 0."""
    made = []

    def make(dsn=None, name="tocsind"):
        made.append(Tocsind(place, dsn or db.dsn_collector, name))
        return made[-1]

    yield make
    running = [t for t in made if t.process is not None and t.process.code is None]
    codes = []
    for tocsind in running:
        tocsind.resume()
        codes.append(tocsind.stop())
    assert not any(codes), (codes, [t.log for t in running])


@pytest.fixture
def tocsind(make_tocsind):
    """A collector that is ready."""
    return make_tocsind().start()


@pytest.fixture
def scripts(place, db, tocsind):
    """Training scripts that log to the test's collector and may ask its database."""
    return Scripts(place, tocsind.endpoint, db.dsn_reader)


@pytest.fixture
def importer(cli, db, tocsind):
    """tocsin import against the test's collector."""
    return Importer(cli, db, tocsind)


@pytest.fixture
def make_emitter():
    """Makes fake emitters: make_emitter(tocsind, rank=1, project="p", ...)."""
    made = []

    def make(tocsind, **fields):
        made.append(FakeEmitter(tocsind.endpoint, **fields))
        return made[-1]

    yield make
    for emitter in made:
        emitter.close()


@pytest.fixture
def make_resenders():
    """Makes the ranks of a run: make_resenders(endpoint or endpoints, n=6, batches=...)."""
    made = []

    def make(endpoints, n=6, run_id=1, **fields):
        ranks = [Resender(endpoints, run_id, rank=rank, world_size=n, **fields) for rank in range(n)]
        made.extend(ranks)
        return ranks

    yield make
    for resender in made:
        resender.close()


@pytest.fixture(scope="session")
def prepared_data(session_place):
    """A data directory as `up` made it."""
    home_place = session_place / "prepared"
    home_place.mkdir()
    session_place.chmod(0o711)
    home = Home(home_place, SELF)
    home.up()
    assert home.run("down").rc == 0
    return home.data


@pytest.fixture
def make_home(place, request):
    """make_home(user, made=True): with the data directory of an earlier `up`, or with nothing."""
    homes = []

    def make(user=SELF, made=True):
        home = Home(place, user)
        homes.append(home)
        if made:
            prepared = request.getfixturevalue("prepared_data")
            subprocess.run(["cp", "-a", prepared, home.data], check=True)
            give(home.data, user)
        return home

    yield make
    for home in homes:
        home.run("down")


@pytest.fixture(scope="session")
def certificates(session_place):
    made = session_place / "certificates"
    made.mkdir()
    return Certificates(made)


@pytest.fixture
def mock(certificates):
    """A webhook endpoint with many moods."""
    endpoint = MockWebhook(certificates)
    yield endpoint
    endpoint.close()


@pytest.fixture
def namespace(place):
    """A network in which every address is ours."""
    if os.geteuid() != 0:
        pytest.skip("only root makes networks")
    made = Namespace(place)
    yield made
    made.close()


@pytest.fixture
def far_mock(certificates, namespace):
    """A webhook endpoint at all addresses of the namespace."""
    endpoint = MockWebhook(certificates, namespace)
    yield endpoint
    endpoint.close()


@pytest.fixture
def far_names(namespace):
    """The namespace's name server."""
    names = MockDns(namespace)
    yield names
    names.close()
