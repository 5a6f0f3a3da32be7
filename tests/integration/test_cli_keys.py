# SPDX-License-Identifier: Apache-2.0
"""tocsin keys: pairs as files, the list of who may write as a table."""

import stat

import pytest
import zmq

from rig.programs import Cli

KEY = "Yne@$w-vo<fVvi]a<NY6T1ed:M$fCG*[IaLV{hID"
OTHER = "rq:rM>}U?@Lns47E1%kR.o@n%FcmmsL/@{H8]yf7"


@pytest.fixture
def owner(place, db):
    return Cli(place, db.dsn_superuser)


def authorize(cli, *argv, name="ann", key=KEY):
    return cli.run("keys", "authorize", f"--name={name}", f"--public-key={key}", *argv)


def test_the_servers_pair_is_made_once(place):
    first = Cli(place).run("keys", "server", "--json").json()
    again = Cli(place).run("keys", "server", "--json").json()
    assert first["made"] and not again["made"]
    assert (first["public_key"], first["file"]) == (again["public_key"], again["file"])
    assert first["file"] == str(place / "data" / "server.key")
    said = Cli(place).run("keys", "server").stdout
    assert f"server_key = {first['file']}" in said
    assert f"TOCSIN_SERVER_KEY='{first['public_key']}'" in said
    assert (place / "data").stat().st_mode & 0o66 == 0


def test_a_pair_is_a_pair_and_nobody_elses(place):
    path = place / "client.key"
    made = Cli(place).run("keys", "client", "--out", path, "--json").json()
    lines = dict(line.split(" = ") for line in path.read_text().splitlines()[1:])
    assert zmq.curve_public(lines["secret"].encode()).decode() == lines["public"]
    assert made == {"public_key": lines["public"], "file": str(path)}
    assert made["public_key"][0].isalnum()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    again = Cli(place).run("keys", "client", "--out", path)
    assert again.rc == 2 and "never overwritten" in again.stderr
    assert lines["secret"] in path.read_text()


def test_no_secret_is_printed(place):
    path = place / "client.key"
    said = Cli(place).run("keys", "client", "--out", path)
    secret = path.read_text().split("secret = ")[1].strip()
    assert said.rc == 0 and secret not in said.stdout + said.stderr


def test_a_server_key_that_others_can_read_is_refused(place):
    file = Cli(place).run("keys", "server", "--json").json()["file"]
    (place / "data" / "server.key").chmod(0o644)
    said = Cli(place).run("keys", "server")
    assert said.rc == 2 and f"chmod 600 {file}" in said.stderr


def test_a_key_is_authorised_changed_and_revoked(owner, cli):
    assert cli.run("keys", "list", "--json").json() == {"keys": []}
    done = authorize(owner, "--project", "a", '--project=b "\\{},', "--points-per-s=10",
                     "--series-per-min=20", "--alerts-per-min=30")
    assert done.rc == 0 and "'ann' is authorised" in done.stderr
    (key,) = cli.run("keys", "list", "--json").json()["keys"]
    assert key.pop("created")
    assert key == {"name": "ann", "projects": ["a", 'b "\\{},'], "points_per_s": 10,
                   "series_per_min": 20, "alerts_per_min": 30, "revoked": None, "public_key": KEY}
    assert owner.run("keys", "revoke", "--name=ann").rc == 0
    (key,) = cli.run("keys", "list", "--json").json()["keys"]
    when = key["revoked"]
    assert when
    assert owner.run("keys", "revoke", "--name=ann").rc == 0
    assert cli.run("keys", "list", "--json").json()["keys"][0]["revoked"] == when
    assert authorize(owner, "--json").json() == {"name": "ann"}
    (key,) = cli.run("keys", "list", "--json").json()["keys"]
    assert (key["revoked"], key["projects"], key["points_per_s"]) == (None, None, None)


def test_another_public_key_needs_the_word_replace(db, owner):
    assert authorize(owner).rc == 0
    before = db.query("select key_id from keys")
    done = authorize(owner, key=OTHER)
    assert done.rc == 2 and "--replace" in done.stderr
    assert db.value("select public_key from keys") == KEY
    assert authorize(owner, "--replace", key=OTHER).rc == 0
    assert db.value("select public_key from keys") == OTHER
    assert db.query("select key_id from keys") == before


def test_one_public_key_has_one_name(owner):
    assert authorize(owner).rc == 0
    done = authorize(owner, name="bob")
    assert done.rc == 2 and "belongs to another name" in done.stderr


@pytest.mark.parametrize("argv, rc, sentence", [
    (["keys", "authorize", "--name=a", "--public-key=short"], 2, "40 characters"),
    (["keys", "authorize", "--name=", f"--public-key={KEY}"], 2, "--name is a text"),
    (["keys", "authorize", "--name=a", f"--public-key={KEY}", "--points-per-s=0"], 2,
     "--points-per-s is a whole number from 1"),
    (["keys", "revoke", "--name=nobody"], 3, "There is no key 'nobody'"),
    (["keys", "client"], 2, "keys client needs --out"),
    (["keys", "client", "--out", "no/such/dir/k"], 1, "cannot make the key file"),
])
def test_errors_say_what_to_do(owner, argv, rc, sentence):
    done = owner.run(*argv)
    assert done.rc == rc and sentence in done.stderr and done.stdout == ""


def test_a_reader_cannot_authorise(cli):
    done = authorize(cli)
    assert done.rc == 4 and "tocsin_owner" in done.stderr


def test_a_project_may_be_named_64_times(owner):
    assert authorize(owner, *[f"--project=p{i}" for i in range(64)]).rc == 0
    done = authorize(owner, *[f"--project=p{i}" for i in range(65)])
    assert done.rc == 2 and "more than 64 times" in done.stderr
