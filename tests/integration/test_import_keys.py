# SPDX-License-Identifier: Apache-2.0
"""tocsin import from another machine: with a key, over TCP; and what it shows on a terminal meanwhile."""

import os
import pty
import subprocess

import pytest

from keyring import Keyring, start_keyed, wait_count
from rig.importer import Importer, write
from rig.process import environment, program


@pytest.fixture
def keyring(place, db):
    return Keyring(place, db)


@pytest.fixture
def keyed(place, db, keyring):
    tocsind = start_keyed(place, db, keyring)
    yield tocsind
    assert tocsind.stop() == 0, tocsind.log


def test_a_key_imports_into_its_projects_only(place, db, cli, keyring, keyed):
    ann = keyring.key("ann", "--project=p")
    wait_count(keyed, "tocsin_keys")
    importer = Importer(cli, db, keyed)
    importer.env = keyring.environment(ann, keyed)
    path = write(place, "step,loss\n0,1\n")
    assert importer.done("csv", path)["runs"][0]["calls"] == 1
    assert db.query("select key_name from attempts_overview") == [("ann",)]
    refused = importer.run("csv", path, "--timeout", "2s", project="q")
    assert refused.rc == 5 and "this key may not write into project \"q\"" in refused.stderr
    assert db.value("select count(*) from runs_overview") == 1
    assert not [p for p in (place / "rings" / "imports").rglob("*") if p.is_file()]


def test_a_terminal_sees_how_far_it_is(place, db, tocsind, cli):
    """One line that is written anew, and taken away before anything else is said."""
    path = write(place, "step,loss\n" + "".join(f"{i},{i}\n" for i in range(200_000)), "evil\x1b[31m.csv")
    master, slave = pty.openpty()
    env = environment(place, {"TOCSIN_DSN": db.dsn_reader, "TOCSIN_ENDPOINT": tocsind.endpoint,
                              "TOCSIN_QUIET": "1"})
    with subprocess.Popen([program("tocsin"), "import", "csv", path, "--project", "p"], env=env,
                          stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=slave) as process:
        os.close(slave)
        shown = b""
        while True:
            try:
                part = os.read(master, 65536)
            except OSError:
                break
            shown += part
        os.close(master)
        assert process.wait(60) == 0, shown
    text = shown.decode()
    assert "\r\x1b[Kevil\\x1b[31m: " in text and " calls" in text
    assert text.endswith("\r\x1b[KProject 'p': runs imported: 1 (calls: 200000, alerts: 0), already imported: 0; "
                         "calls that were there before: 0\r\n"), text[-300:]
    assert text.count("\n") == 1
