# SPDX-License-Identifier: Apache-2.0
"""tocsin up, status, psql and down, as root and as an ordinary user."""

import os
import signal
import subprocess

import pytest

from rig.emitter import FakeEmitter
from rig.home import IS_ROOT, ORDINARY, SELF, USERS, give, kill9
from rig.process import Process, environment, program, survivors
from rig.wait import wait_for


@pytest.fixture(params=USERS, ids=["self", "nobody"][:len(USERS)])
def fresh_home(request, make_home):
    return make_home(request.param, made=False)


@pytest.fixture(params=USERS, ids=["self", "nobody"][:len(USERS)])
def home(request, make_home):
    return make_home(request.param)


def test_the_first_day(fresh_home):
    home = fresh_home
    first = home.up()
    assert first.stdout.startswith("tocsin is up.\n")
    assert f"ipc://{home.run_dir}/ingest.sock" in first.stdout
    assert first.stderr == (f"Making the private PostgreSQL in {home.cluster}.\n"
                            f"Starting tocsind, its log is {home.data}/tocsind.log.\n")
    status = home.status()
    assert status["running"] and status["database"]["answers"] and status["database"]["private"]
    assert status["database"]["data"] == str(home.cluster)
    assert os.stat(home.cluster).st_mode & 0o777 == 0o700

    emitter = FakeEmitter(status["tocsind"]["endpoint"], project="first")
    emitter.hello()
    emitter.log(["loss"], [(0, (1.5,))])
    emitter.close()
    assert home.run("list", "projects").stdout.splitlines()[1].startswith("first\t")

    before = survivors(home.place)
    again = home.up()
    assert again.stdout.startswith("tocsin is up already.\n") and again.stderr == ""
    assert {home.daemon_pid(), home.postmaster_pid()} <= set(before) & set(survivors(home.place))

    down = home.run("down")
    assert (down.rc, down.stderr) == (0, "") and "the data stays" in down.stdout
    assert survivors(home.place) == [] and home.sockets() == []
    assert "Starting the private PostgreSQL" in home.up().stderr
    assert home.status()["projects"] == 1


def test_down_when_nothing_runs_is_fine_and_makes_nothing(fresh_home):
    for _ in range(2):
        result = fresh_home.run("down")
        assert (result.rc, result.stdout) == (0, "tocsin is down already: nothing runs.\n")
    assert not fresh_home.run_dir.exists() and not fresh_home.data.exists()


def test_status_tells_what_is_missing(make_home):
    home = make_home(ORDINARY)
    nothing = home.run("status")
    assert nothing.rc == 5
    assert "does not answer" in nothing.stdout and "does not run" in nothing.stdout
    assert "tocsin up" in nothing.stdout
    status = home.status()
    assert (status["running"], status["tocsind"]["pid"], status["tocsind"]["health"]) \
        == (False, 0, None)
    assert ".s.PGSQL.5432" in status["database"]["error"]
    home.up()
    text = home.run("status")
    assert text.rc == 0 and f"runs, pid {home.daemon_pid()}\n" in text.stdout
    assert "0 projects, 0 runs, schema version" in text.stdout
    assert "does not" not in text.stdout and "tocsin up" not in text.stdout
    kill9(home.daemon_pid())
    half = home.run("status")
    assert half.rc == 5
    assert "database  answers" in half.stdout and "tocsind   does not run" in half.stdout


def test_psql_enters_as_the_role_asked_for(make_home):
    home = make_home()
    assert "Run: tocsin up" in home.fails(5, "psql", "--", "-c", "select 1")
    home.up()
    for flags, role in ((), "tocsin_reader"), (("--role", "owner"), "tocsin_owner"):
        result = home.run("psql", *flags, "--", "-Atc", "select current_user, count(*) from metrics")
        assert result.stdout == f"{role}|0\n", result.stderr
    result = home.run("psql", "--", "-c", "delete from runs")
    assert result.rc == 1 and "read-only transaction" in result.stderr


def test_up_after_kill_9_of_tocsind(make_home):
    home = make_home(ORDINARY)
    home.up()
    dead, postmaster = home.daemon_pid(), home.postmaster_pid()
    kill9(dead)
    result = home.up()
    assert "PostgreSQL" not in result.stderr and "Starting tocsind" in result.stderr
    assert home.daemon_pid() not in (0, dead) and home.postmaster_pid() == postmaster
    assert (home.data / "tocsind.log.1").exists()


def test_up_after_kill_9_of_the_postmaster(home):
    home.up()
    daemon, dead = home.daemon_pid(), home.postmaster_pid()
    os.kill(dead, signal.SIGKILL)
    result = home.up()  # at once: its children may still hold the data directory
    assert "Starting the private PostgreSQL" in result.stderr
    assert home.postmaster_pid() != dead and home.daemon_pid() == daemon


def test_down_after_kill_9_of_both(make_home):
    home = make_home()
    home.up()
    kill9(home.daemon_pid())
    kill9(home.postmaster_pid())
    assert home.run("down").rc == 0
    wait_for(lambda: survivors(home.place) == [], 15, "the postmaster's children end")


def test_two_ups_at_once_take_turns(make_home):
    home = make_home(made=False)
    ups = [Process([program("tocsin"), "up"], home.place, home.place / f"up{i}.log")
           for i in range(2)]
    wait_for(lambda: all(up.code is not None for up in ups), 60, lambda: ups[0].log + ups[1].log)
    logs = sorted((up.log for up in ups), key=len)
    assert [up.code for up in ups] == [0, 0], logs
    assert "tocsin is up already." in logs[0] and "tocsin is up.\n" in logs[1]
    assert logs[0].startswith("Waiting for another `tocsin up`")


def test_up_keeps_nothing_of_its_caller_open(make_home):
    """Else `tocsin up | cat`, or a script's lock, would last as long as the server."""
    home = make_home()
    read_end, write_end = os.pipe()
    subprocess.run([program("tocsin"), "up"], env=environment(home.place), pass_fds=[write_end],
                   check=True, capture_output=True, timeout=60)
    os.close(write_end)
    os.set_blocking(read_end, False)
    assert os.read(read_end, 1) == b""  # the end of the file, and not BlockingIOError
    os.close(read_end)


def test_the_default_places_follow_xdg(make_home):
    home = make_home(ORDINARY)
    data = home.place / ".local/share/tocsin"
    data.parent.mkdir(parents=True)
    home.data.rename(data)
    xdg = home.place / "xdg"
    xdg.mkdir(mode=0o700)
    give(xdg, home.user)
    env = {"TOCSIN_DATA_DIR": None, "TOCSIN_RUNTIME_DIR": None, "XDG_RUNTIME_DIR": str(xdg)}
    assert f"Starting the private PostgreSQL in {data}/postgres" in home.up(env=env).stderr
    assert (xdg / "tocsin/ingest.sock").is_socket()
    assert home.run("down", env=env).rc == 0
