# SPDX-License-Identifier: Apache-2.0
"""`query project` answers, and cannot write whatever it is told."""

import os
import time

import pytest

from rig.wait import wait_for
from stored import Stored, tsv


@pytest.fixture(scope="module")
def stored(cluster):
    stored = Stored(cluster.create())
    stored.run("p", "r", 11)
    stored.log(11, ["loss"], [(s, s, [s / 10]) for s in range(5)])
    stored.alert(11, "bell", url="https://hooks.example/secret")
    stored.run("other", "r", 12)
    stored.db.query("create table public.planted (x int)")
    stored.db.query("grant all on public.planted to public")
    stored.db.query("create sequence public.counter")
    stored.db.query("grant all on sequence public.counter to public")
    stored.db.query("create role member login")
    stored.db.query("grant tocsin_reader to member")
    stored.db.query("grant select, insert, update, delete on all tables in schema tocsin to member")
    stored.db.query("grant usage on schema tocsin to member")
    stored.db.query("create role stranger login")
    stored.db.query("grant usage on schema tocsin to stranger")
    stored.db.query("grant select on tocsin.runs_overview to stranger")
    stored.db.query("create role mighty login")
    stored.db.query("grant tocsin_reader, pg_write_server_files to mighty")
    return stored


def query(stored, sql, *argv, dsn=None):
    argv = [*argv, "--dsn", dsn] if dsn else argv
    return stored.cli("query", "project", "--project", "p", "--sql", sql, *argv)


def test_shape(stored):
    done = query(stored, "  select step, value from metrics where project = 'p' order by step limit 2 ; \n",
                 "--json")
    assert done.rc == 0, done.stderr
    assert list(done.json()) == ["project", "query", "columns", "rows", "row_count"]
    assert done.json() == {
        "project": "p",
        "query": "select step, value from metrics where project = 'p' order by step limit 2",
        "columns": ["step", "value"],
        "rows": [{"step": 0, "value": 0}, {"step": 1, "value": 0.1}],
        "row_count": 2,
    }


def test_value_types(stored):
    done = query(stored, """select 1::int2 as i2, 9223372036854775807 as i8, 0.10::numeric as n, 0.1::float4 as f4,
        0.1::float8 as f8, 'NaN'::float8 as nan, '-Infinity'::numeric as inf, true as b, null as nothing,
        '{"b": [1.50, {}], "a": "\u00e9"}'::jsonb as j, '[1,  2]'::json as js, 'x"\n\u00e9' as t,
        timestamptz '2026-11-23 12:30:00.5+02' as at, timestamptz 'infinity' as never,
        array[1, 2] as list, to_json(array[1, 2]) as listed""", "--json")
    assert done.rc == 0, done.stderr
    row = done.json()["rows"][0]
    assert row.pop("nonfinite") == {"nan": "nan", "inf": "-inf"}
    assert row == {"i2": 1, "i8": 9223372036854775807, "n": 0.1, "f4": 0.1, "f8": 0.1, "nan": None,
                   "inf": None, "b": True, "nothing": None, "j": {"b": [1.5, {}], "a": "\u00e9"},
                   "js": [1, 2], "t": 'x"\n\u00e9', "at": "2026-11-23T10:30:00.500000+00:00",
                   "never": "infinity", "list": "{1,2}", "listed": [1, 2]}
    assert '"n": 0.10,' in done.stdout and "1.50" in done.stdout and done.stdout.isascii()


def test_text_form(stored):
    done = query(stored, "select run, null as n, true as b from runs_overview order by run_id limit 1")
    assert tsv(done) == [["run", "n", "b"], ["r", "", "true"]]


def test_no_rows(stored):
    done = query(stored, "select 1 as a, 2 as b where false", "--json")
    assert done.json()["columns"] == ["a", "b"] and done.json()["rows"] == []
    assert done.json()["row_count"] == 0
    assert query(stored, "select 1 as a, 2 as b where false").stdout == "a\tb\n"
    code, shown, err = stored.terminal("query", "project", "--project", "p", "--sql", "select 1 where false")
    assert (code, shown, err) == (0, "", "(no rows)\n")


def test_the_project_is_a_setting(stored):
    done = query(stored, "select run_id from runs_overview where project = current_setting('tocsin.project')")
    assert tsv(done) == [["run_id"], ["11"]]


@pytest.mark.parametrize("sql, sentence", [
    ("", "Query cannot be empty."),
    (" ; ;", "Query cannot be empty."),
    ("selekt 1", 'syntax error at or near "selekt"'),
    ("select stepp from metrics", 'Perhaps you meant to reference the column "metrics.step".'),
    ("select 1 from nothing", 'relation "nothing" does not exist'),
    ("select 1/0", "division by zero"),
    ("select x from generate_series(1, 10001) x",
     "Query returned more than 10000 rows. Refine the query or add a LIMIT clause."),
    ("select pg_sleep(20)", "statement timeout"),
])
@pytest.mark.parametrize("form", [[], ["--json"]])
def test_bad_statements(stored, sql, sentence, form):
    begin = time.monotonic()
    done = query(stored, sql, "--timeout", "1", *form)
    assert (done.rc, done.stdout) == (2, "")
    assert done.stderr.startswith("Error: ") and sentence in done.stderr and done.stderr.count("\n") == 1
    assert time.monotonic() - begin < 15


def test_too_many_bytes(stored):
    done = query(stored, "select repeat('x', 1000000) from generate_series(1, 100)")
    assert (done.rc, done.stdout) == (2, "") and "Query returned more than 64 MiB." in done.stderr


def test_ten_thousand_rows_are_fine(stored):
    done = query(stored, "select x from generate_series(1, 10000) x", "--json")
    assert done.rc == 0 and done.json()["row_count"] == 10000


def test_an_endless_query_stops_at_the_row_limit(stored):
    begin = time.monotonic()
    done = query(stored, "select generate_series(1, 1000000000000)")
    assert done.rc == 2 and "more than 10000 rows" in done.stderr
    assert time.monotonic() - begin < 15


def test_two_columns_of_one_name(stored):
    assert tsv(query(stored, "select 1 as a, 2 as a")) == [["a", "a"], ["1", "2"]]
    done = query(stored, "select 1 as a, 2 as a", "--json")
    assert (done.rc, done.stdout) == (2, "") and "same name" in done.stderr


ATTACKS = [
    # plain writes
    "insert into public.planted values (1)",
    "update public.planted set x = 2",
    "delete from tocsin.alerts",
    "truncate public.planted",
    "merge into public.planted using (values (1)) v(x) on true when not matched then insert values (1)",
    "create table public.mine (x int)",
    "create temp table mine as select 1",
    "select 1 as x into public.mine",
    "drop table public.planted",
    "alter table public.planted add y int",
    "create role evil superuser",
    "grant tocsin_owner to tocsin_reader",
    "create function f() returns int language sql as 'select 1'",
    "refresh materialized view x",
    "vacuum", "cluster", "reindex database tocsin", "checkpoint", "analyze public.planted",
    "comment on table public.planted is 'x'",
    # inside a reading statement
    "with w as (insert into public.planted values (1) returning x) select * from w",
    "with w as (select set_config('transaction_read_only', 'off', true)) insert into public.planted select 1 from w",
    "select set_config('transaction_read_only', 'off', true), query_to_xml('insert into public.planted values (1)', true, true, '')",
    "select query_to_xml('delete from public.planted', true, true, '')",
    "select nextval('public.counter')",
    "select setval('public.counter', 7)",
    "select * from public.planted for update",
    "explain analyze insert into public.planted values (1)",
    # several statements
    "select 1; insert into public.planted values (1)",
    "commit; insert into public.planted values (1)",
    "rollback; begin; insert into public.planted values (1); commit",
    "select 1 \\; insert into public.planted values (1)",
    # out of the transaction or the role
    "commit", "rollback", "commit and chain", "end", "abort", "begin", "savepoint s",
    "set transaction read write", "set transaction_read_only = off",
    "set session characteristics as transaction read write",
    "set role tocsin_owner", "reset role", "set session authorization postgres", "reset all", "discard all",
    "select set_config('role', 'postgres', false)",
    "select set_config('role', 'tocsin_owner', false)",
    "select set_config('session_authorization', 'postgres', false)",
    # blocks and procedures
    "do $$ begin insert into public.planted values (1); end $$",
    "do $$ begin set local transaction_read_only = off; insert into public.planted values (1); end $$",
    "do $$ begin perform set_config('transaction_read_only', 'off', true); insert into public.planted values (1); end $$",
    "do $$ begin commit; insert into public.planted values (1); end $$",
    "do $$ begin rollback; execute 'insert into public.planted values (1)'; commit; end $$",
    "do $$ begin reset role; insert into tocsin.projects (name) values ('evil'); end $$",
    "prepare p as insert into public.planted values (1)",
    "declare c cursor with hold for select 1",
    # files, programs, large objects, the server
    "copy public.planted from '/etc/passwd'",
    "copy public.planted from stdin",
    "copy (select 1) to '/tmp/tocsin-cli-attack'",
    "copy (select 1) to program 'touch /tmp/tocsin-cli-attack'",
    "copy (select generate_series(1, 1000000)) to stdout",
    "select lo_export(lo_from_bytea(0, 'x'), '/tmp/tocsin-cli-attack')",
    "select lo_import('/etc/passwd')",
    "select pg_read_file('/etc/passwd')",
    "select pg_ls_dir('.')",
    "select pg_reload_conf()",
    "alter system set work_mem = '1GB'",
    "load 'auto_explain'",
    "select pg_create_physical_replication_slot('evil')",
    # secrets
    "select webhook_url from alerts",
    "select webhook_url from tocsin.alerts",
    "select * from tocsin.projects",
    "select rolpassword from pg_authid",
    "select query_to_xml('select * from tocsin.alerts', true, true, '')",
    "select set_config('role', 'none', true), query_to_xml('select * from tocsin.alerts', true, true, '')",
]

# These answer, and change nothing that outlives the statement.
HARMLESS = [
    "select lo_creat(-1)",
    "select lo_from_bytea(4711, 'evil')",
    "select pg_notify('tocsin', 'evil')",
    "select set_config('statement_timeout', '0', false)",
    "select set_config('search_path', 'public', false)",
    "select pg_advisory_lock(1)",
    "select set_config('role', 'none', false)",
]


def state(stored):
    """Everything an attack could have changed."""
    return {
        "planted": stored.db.query("select count(*) from public.planted"),
        "tables": stored.db.query("""select oid::regclass::text, relacl::text from pg_class
                            where relnamespace not in ('pg_catalog'::regnamespace, 'pg_toast'::regnamespace)
                            order by 1"""),
        "columns": stored.db.query("select count(*) from pg_attribute where attrelid = 'public.planted'::regclass"),
        "roles": stored.db.query("select rolname, rolsuper, rolcanlogin from pg_roles order by 1"),
        "members": stored.db.query("select roleid, member from pg_auth_members order by 1, 2"),
        "functions": stored.db.query("select count(*) from pg_proc"),
        "counter": stored.db.query("select last_value, is_called from public.counter"),
        "large objects": stored.db.query("select count(*) from pg_largeobject_metadata"),
        "settings": stored.db.query("select setdatabase, setrole, setconfig from pg_db_role_setting order by 1, 2"),
        "slots": stored.db.query("select count(*) from pg_replication_slots"),
        "locks": stored.db.query("select count(*) from pg_locks where locktype = 'advisory'"),
        "rows": [stored.db.query(f"select count(*) from tocsin.{t}") for t in
                 ("projects", "runs", "attempts", "series", "blocks", "run_state", "alerts", "producers")],
    }


@pytest.fixture(scope="module")
def before(stored):
    return state(stored)


@pytest.mark.parametrize("user", ["tocsin_reader", "member"])
@pytest.mark.parametrize("sql", ATTACKS)
def test_attack(stored, before, sql, user):
    done = query(stored, sql, "--timeout", "5", dsn=stored.dsn_of(user))
    reaches_own_tables = user == "member" and "'none'" in sql  # its own rights, and only to read
    if not reaches_own_tables:
        assert done.rc == 2, (done.stdout, done.stderr)
        assert done.stdout == "" and done.stderr.startswith("Error: ") and done.stderr.count("\n") == 1
        assert "secret" not in done.stdout + done.stderr
    assert state(stored) == before
    assert not os.path.exists("/tmp/tocsin-cli-attack")


@pytest.mark.parametrize("user", ["tocsin_reader", "member"])
@pytest.mark.parametrize("sql", HARMLESS)
def test_harmless(stored, before, sql, user):
    done = query(stored, sql, dsn=stored.dsn_of(user))
    assert done.rc == 0, done.stderr
    wait_until_gone(stored, user)
    assert state(stored) == before


def wait_until_gone(stored, user):
    """A session's locks go with it, a moment after the client has left."""
    wait_for(lambda: stored.db.value(
        "select count(*) = 0 from pg_stat_activity where usename = %s", user))


def test_a_statement_cannot_lift_its_own_time_limit(stored):
    begin = time.monotonic()
    done = query(stored, "select set_config('statement_timeout', '0', false), pg_sleep(30)", "--timeout", "1")
    assert done.rc == 2 and time.monotonic() - begin < 10


def test_a_lost_connection_is_no_usage_error(stored):
    done = query(stored, "select pg_terminate_backend(pg_backend_pid())")
    assert (done.rc, done.stdout) == (5, "") and done.stderr.count("\n") == 1


@pytest.mark.parametrize("user", ["postgres", "mighty"])
def test_users_who_could_leave_the_role_are_refused(stored, user):
    done = query(stored, "select 1", dsn=stored.dsn_of(user))
    assert (done.rc, done.stdout) == (4, "")
    assert f"User '{user}'" in done.stderr and "user=tocsin_reader" in done.stderr


def test_user_without_the_grant_is_told_it(stored):
    done = query(stored, "select 1", dsn=stored.dsn_of("stranger"))
    assert (done.rc, done.stdout) == (4, "") and "grant tocsin_reader to" in done.stderr
