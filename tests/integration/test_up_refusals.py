# SPDX-License-Identifier: Apache-2.0
"""What `tocsin up` and its companions cannot do, and what they do with an existing server. Every
failure is one sentence with its remedy."""

import os
import shutil
import subprocess

import pytest

from rig.home import IS_ROOT, ORDINARY
from rig.process import environment, program, survivors
from rig.programs import Tocsind


def test_a_data_directory_that_is_not_writable(make_home):
    home = make_home(ORDINARY, made=False)
    taken = home.place / "taken"
    taken.write_text("")
    sentence = home.fails(1, "up", "--data", taken)
    assert f"{taken} is not a directory" in sentence and "TOCSIN_DATA_DIR" in sentence
    if IS_ROOT:
        foreign = home.place / "foreign"
        foreign.mkdir(mode=0o755)
        sentence = home.fails(1, "up", "--data", foreign / "data")
        assert f"cannot make {foreign}/data: Permission denied" in sentence
        assert f"{foreign} is not a directory of this user" in home.fails(1, "up", "--data", foreign)
    sentence = home.fails(1, "up", env={"TOCSIN_RUNTIME_DIR": str(taken)})
    assert f"{taken} is not a directory" in sentence and "TOCSIN_RUNTIME_DIR" in sentence


def test_paths_that_no_socket_and_no_postgresql_can_have(make_home):
    home = make_home(made=False)
    for command in "up", "down", "status":
        sentence = home.fails(1, command, env={"TOCSIN_RUNTIME_DIR": f"{home.place}/{'x' * 90}"})
        assert "too long for a socket" in sentence and "set TOCSIN_RUNTIME_DIR" in sentence
    assert "too long" in home.fails(1, "up", "--data", "/" + "x" * 5000)
    assert "must be an absolute path" in home.fails(2, "up", "--data", "here")
    sentence = home.fails(2, "up", "--data", home.place / "it's")
    assert "quotes" in sentence and "TOCSIN_DATA_DIR" in sentence
    assert not home.run_dir.exists() and not home.data.exists()


def test_a_path_with_a_blank(make_home):
    home = make_home(made=False)
    home.run_dir = home.place / "run dir"
    env = {"TOCSIN_RUNTIME_DIR": str(home.run_dir)}
    data = home.place / "data dir"
    home.up("--data", data, env=env)
    assert home.run("status", "--data", data, env=env).rc == 0
    assert f"ipc://{home.run_dir}/ingest.sock" in home.up("--data", data, env=env).stdout
    assert home.run("down", "--data", data, env=env).rc == 0


def test_data_of_another_postgresql(make_home):
    home = make_home()
    version = home.cluster / "PG_VERSION"
    version.write_text("99\n")
    sentence = home.fails(2, "up")
    assert "made by PostgreSQL 99" in sentence and "install postgresql-99" in sentence
    version.write_text("14\n")
    sentence = home.fails(2, "up")
    assert "made by PostgreSQL 14" in sentence and "needs 15 or newer" in sentence
    assert home.status()["running"] is False
    assert home.run("down").rc == 0
    version.unlink()
    assert "is no data directory of PostgreSQL: move it away" in home.fails(2, "up")
    assert (home.cluster / "base").is_dir()


def test_a_socket_that_another_data_directory_uses(make_home):
    home = make_home()
    home.up()
    other = home.place / "other"
    for command in "up", "down":
        sentence = home.fails(2, command, "--data", other)
        assert f"whose data is in {home.cluster}: name its place with --data" in sentence
    assert home.status()["running"] and not (other / "postgres").exists()


def test_an_endpoint_that_another_tocsind_uses(make_home, db):
    home = make_home()
    home.run_dir.mkdir(mode=0o711)
    by_hand = Tocsind(home.place, db.dsn_collector)
    by_hand.endpoint = f"ipc://{home.run_dir}/ingest.sock"
    by_hand.start()
    sentence = home.fails(1, "up")
    assert f"another tocsind listens on {by_hand.endpoint}; stop it" in sentence
    assert by_hand.stop() == 0
    home.up()


def test_a_server_that_does_not_start_says_why(make_home):
    home = make_home()
    with open(home.cluster / "postgresql.conf", "a") as file:
        file.write("unix_socket_directories = '/proc'\n")
    sentence = home.fails(1, "up")  # said in the server's own log
    assert "PostgreSQL does not start: could not create lock file" in sentence
    with open(home.cluster / "postgresql.conf", "a") as file:
        file.write("no_such_setting = 1\n")
    sentence = home.fails(1, "up")  # said before it opens that log
    assert "PostgreSQL does not start:" in sentence and "contains errors" in sentence
    assert survivors(home.place) == []


@pytest.mark.skipif(not IS_ROOT, reason="only root can be a user without a name")
def test_a_user_without_a_name(make_home):
    home = make_home(made=False)
    home.cli.user = 4242
    os.chown(home.place, 4242, 4242)
    sentence = home.fails(2, "up")
    assert "uid 4242 has none: use an existing server with --dsn" in sentence


@pytest.mark.skipif(not IS_ROOT, reason="only root runs PostgreSQL as somebody else")
def test_root_is_told_of_a_place_that_postgres_cannot_reach(make_home):
    home = make_home(made=False)
    closed = home.place / "closed"
    closed.mkdir(mode=0o700)
    sentence = home.fails(2, "up", "--data", closed / "data")
    assert f"postgres, who cannot enter {closed}/data" in sentence and "chmod o+x" in sentence


def test_a_tocsin_without_its_tocsind(make_home):
    home = make_home()
    alone = home.place / "tocsin"
    shutil.copy(program("tocsin"), alone)
    done = subprocess.run([alone, "up"], env=environment(home.place, {"PATH": "/nowhere"}),
                          capture_output=True, timeout=60)
    assert done.returncode == 1
    assert b"tocsind is neither next to tocsin nor in PATH: install it" in done.stderr


def test_an_existing_server_is_used_and_no_other_made(make_home, db):
    home = make_home(ORDINARY, made=False)
    dsn = {"TOCSIN_DSN": db.dsn_superuser}
    if IS_ROOT:
        os.chmod(db.cluster.place, 0o711)
        os.chmod(db.cluster.dir, 0o711)
    result = home.up(env=dsn)
    assert f"dbname={db.name}" in result.stdout and not home.cluster.exists()
    assert home.run("status", env=dsn).rc == 0
    assert home.run("status").rc == 5  # there is no private one
    sentence = home.fails(2, "up", "--dsn", db.dsn_collector)
    assert f"stores in another database, user=postgres dbname={db.name}" in sentence
    assert "run: tocsin down" in sentence
    assert "up already" in home.up(env=dsn).stdout
    assert home.run("down").rc == 0 and survivors(home.place) == []


def test_what_a_dsn_leaves_out_comes_from_the_usual_variables(make_home, db):
    home = make_home(made=False)
    home.up(env={"TOCSIN_DSN": f"dbname={db.name}", "PGHOST": str(db.cluster.dir),
                 "PGUSER": "tocsin_collector"})
    assert db.query("select usename from pg_stat_activity where application_name = 'tocsind'") \
        == [("tocsin_collector",)]


def test_an_existing_server_without_schema_is_not_migrated(make_home, empty_db):
    home = make_home(made=False)
    assert "run: tocsin migrate" in home.fails(1, "up", "--dsn", empty_db.dsn_superuser)
    assert survivors(home.place) == []
    assert empty_db.value("select count(*) from pg_namespace where nspname = 'tocsin'") == 0


def test_an_existing_server_that_is_away(make_home):
    home = make_home(made=False)
    for dsn in (f"host={home.place} dbname=x password=secret-word",
                f"postgresql://u:secret-word@/x?host={home.place}"):
        for command in "up", "psql":
            sentence = home.fails(5, command, "--dsn", dsn)
            assert str(home.place) in sentence and "secret-word" not in sentence
            assert "tocsin up" not in sentence
    assert survivors(home.place) == []


def test_psql_shows_the_password_to_nobody(make_home, db):
    home = make_home(made=False)
    dsn = f"{db.dsn_reader} password=secret-word"
    result = home.run("psql", "--dsn", dsn, "--", "-At", "-c", "select current_user", "-c",
                      r"\! tr '\0' ' ' </proc/$PPID/cmdline")
    assert "tocsin_reader\n" in result.stdout and "psql -At" in result.stdout, result.stderr
    assert "secret-word" not in result.stdout
