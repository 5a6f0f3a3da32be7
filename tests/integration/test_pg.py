# SPDX-License-Identifier: Apache-2.0
"""schema/db/pg.h against a real server: what each kind of failure becomes, and that a connection
goes on after it."""

import signal
import subprocess

import pytest

from rig.process import environment, program
from rig.wait import wait_for


def probe(place, dsn, *steps, env=None):
    """The outcome of connecting and of each step: (error, SQLSTATE or -, text)."""
    done = subprocess.run([program("pg_probe"), dsn, *steps], env=environment(place, env),
                          capture_output=True, timeout=60)
    assert done.returncode == 0, done.stderr.decode()
    return [tuple(line.split(" ", 2)) for line in done.stdout.decode().splitlines()]


FAILURES = {
    "select 1 / 0": ("ERR_DB_CONTENT", "22012", "division by zero"),
    "insert into projects (name) values (null)": (
        "ERR_DB_CONTENT", "23502",
        'null value in column "name" of relation "projects" violates not-null constraint'),
    "select nothing": ("ERR_DB", "42703", 'column "nothing" does not exist'),
    "set transaction isolation level serializable; select 1; do 'begin raise "
    "serialization_failure; end'": ("ERR_DB_RETRY", "40001", "serialization_failure"),
    "do 'begin raise deadlock_detected; end'": ("ERR_DB_RETRY", "40P01", "deadlock_detected"),
    "do 'begin raise lock_not_available; end'": ("ERR_DB_RETRY", "55P03", "lock_not_available"),
    "do 'begin raise disk_full; end'": ("ERR_DB_RETRY", "53100", "disk_full"),
    "do 'begin raise too_many_connections; end'": ("ERR_DB_RETRY", "53300",
                                                  "too_many_connections"),
    "do 'begin raise statement_too_complex; end'": ("ERR_DB_CONTENT", "54001",
                                                   "statement_too_complex"),
    "set statement_timeout = 1; select pg_sleep(9)": (
        "ERR_DB_CONTENT", "57014", "canceling statement due to statement timeout"),
    "set transaction read only; create table t (i int)": (
        "ERR_DB_CONTENT", "25006", "cannot execute CREATE TABLE in a read-only transaction"),
    "set role tocsin_reader; select * from runs": ("ERR_DB_PERMISSION", "42501",
                                                   "permission denied for table runs"),
    "do $$begin raise exception e'one\\ntwo'; end$$": ("ERR_DB", "P0001", "one"),
}


@pytest.fixture(scope="module")
def shared(cluster):
    database = cluster.create()
    yield database
    database.drop()


@pytest.mark.parametrize("sql", FAILURES)
def test_failure_is_translated_and_the_connection_lives(shared, place, sql):
    outcomes = probe(place, shared.dsn_superuser, f"run:begin; {sql}", "run:rollback",
                     "query:select 'alive'")
    assert outcomes[1] == FAILURES[sql]
    assert outcomes[3] == ("ERR_OK", "-", "alive")


@pytest.mark.parametrize("verb", ["run", "query", "prepared", "stream"])
def test_a_lost_connection_is_unreachable(shared, place, verb):
    outcomes = probe(place, shared.dsn_superuser,
                     f"{verb}:select pg_terminate_backend(pg_backend_pid())",
                     "query:select 1", "stream:select 1", "copy:copy blocks from stdin (format binary)")
    error, _, text = outcomes[1]
    assert error == "ERR_DB_UNREACHABLE"
    assert text.endswith("terminating connection due to administrator command")
    assert [error for error, _, _ in outcomes[2:]] == ["ERR_DB_UNREACHABLE"] * 3


@pytest.mark.parametrize("verb", ["run", "query", "stream", "copy"])
def test_a_connection_that_breaks_while_it_writes_is_unreachable(own_cluster, place, verb):
    """An immediate shutdown says farewell in a notice: libpq reads that, not the connection's end,
    and reports its failed write without a SQLSTATE."""
    own_cluster.execute("create table t (i int)")
    sql = "copy t from stdin (format binary)" if verb == "copy" else "select 1"
    running = subprocess.Popen([program("pg_probe"), own_cluster.dsn("postgres"), "wait:",
                                f"{verb}:{sql}"], env=environment(place), stdout=subprocess.PIPE)
    wait_for(lambda: own_cluster.execute(
        "select 1 from pg_stat_activity where application_name = 'pg_probe'"))
    own_cluster.stop(signal.SIGQUIT)
    out, _ = running.communicate(timeout=30)
    assert running.returncode == 0
    assert out.decode().splitlines()[1] == "closed"
    assert out.decode().splitlines()[2].startswith("ERR_DB_UNREACHABLE - connection to the database")


def test_a_transaction_left_idle_is_unreachable(shared, place):
    outcomes = probe(place, shared.dsn_superuser,
                     "run:set idle_in_transaction_session_timeout = 1; begin", "wait:",
                     "query:select 1")
    assert outcomes[2] == ("closed",)
    assert outcomes[3][0] == "ERR_DB_UNREACHABLE" and "idle-in-transaction" in outcomes[3][2]


def test_stream_stops_the_server_and_goes_on(shared, place):
    outcomes = probe(place, shared.dsn_superuser, "stream:select generate_series(1, 2000000000)",
                     "stream:select 1 where false", "stream:create temp table t (i int)",
                     "stream:select 1 / (5 - i) from generate_series(1, 9) i",
                     "stream:copy projects to stdout", "stream:copy projects from stdin",
                     "query:select 'alive'")
    assert outcomes[1:] == [
        ("ERR_OK", "-", "1000"), ("ERR_OK", "-", "0"), ("ERR_OK", "-", "0"),
        ("ERR_DB_CONTENT", "22012", "division by zero"),
        ("ERR_DB_CONTENT", "-", "COPY does not return rows"),
        ("ERR_DB_CONTENT", "-", "COPY does not return rows"), ("ERR_OK", "-", "alive")]


def test_copy_begins_fails_and_ends(shared, place):
    blocks = "copy:copy blocks from stdin (format binary)"
    outcomes = probe(place, shared.dsn_superuser, "run:begin", blocks, "run:commit", "run:begin",
                     "copy:copy nowhere from stdin (format binary)", "run:rollback",
                     "copy:copy projects from stdin (format text)", "query:select 'alive'")
    assert [outcome[:2] for outcome in outcomes] == [
        ("ERR_OK", "-"), ("ERR_OK", "-"), ("ERR_OK", "-"), ("ERR_OK", "-"), ("ERR_OK", "-"),
        ("ERR_DB", "42P01"), ("ERR_OK", "-"), ("ERR_DB_CONTENT", "22P02"), ("ERR_OK", "-")]


def test_prepared_once_for_each_text(shared, place):
    count = ("query:select count(*) from pg_prepared_statements where statement like 'select 4%'")
    outcomes = probe(place, shared.dsn_superuser, "prepared:select 42", "prepared:select 42",
                     "run:begin", "prepared:select 43", "run:rollback", "prepared:select 43", count)
    assert [text for _, _, text in outcomes[1:]] == ["42", "42", "-", "43", "-", "43", "2"]


SESSION = {"search_path": "tocsin,pg_catalog", "timezone": "UTC", "datestyle": "ISO, MDY",
           "client_encoding": "UTF8", "client_min_messages": "warning", "jit": "off",
           "application_name": "pg_probe"}


def test_session_is_ours_whatever_server_and_dsn_say(shared, place):
    shared.query(f"alter database {shared.name} set search_path = public")
    shared.query(f"alter database {shared.name} set datestyle = german")
    dsn = f"{shared.dsn_superuser} options='-c search_path=public -c work_mem=5MB'"
    steps = [f"query:show {name}" for name in [*SESSION, "work_mem"]]
    outcomes = probe(place, dsn, *steps, env={"PGCLIENTENCODING": "LATIN1"})
    shown = dict(zip([*SESSION, "work_mem"], (text for _, _, text in outcomes[1:])))
    assert shown == {**SESSION, "work_mem": "5MB"}


def test_notices_are_not_printed(shared, place):
    done = subprocess.run([program("pg_probe"), shared.dsn_superuser,
                           "run:do 'begin raise warning $$loud$$; end'"], env=environment(place),
                          capture_output=True, timeout=60)
    assert done.stderr == b"" and b"loud" not in done.stdout


def test_why_a_connection_is_refused(shared, place):
    dsn = shared.cluster.dsn
    assert probe(place, dsn("nothing"))[0][0] == "ERR_DB_UNREACHABLE"
    assert 'database "nothing" does not exist' in probe(place, dsn("nothing"))[0][2]
    assert probe(place, dsn(shared.name, "nobody"))[0][0] == "ERR_DB_PERMISSION"
    assert 'role "nobody" does not exist' in probe(place, dsn(shared.name, "nobody"))[0][2]


def test_a_stopped_server_is_unreachable_until_it_is_back(own_cluster, place):
    own_cluster.stop()
    error, _, text = probe(place, own_cluster.dsn("postgres"))[0]
    assert error == "ERR_DB_UNREACHABLE" and str(own_cluster.dir) in text
    own_cluster.start()
    assert probe(place, own_cluster.dsn("postgres"))[0] == ("ERR_OK", "-", "-")
