# SPDX-License-Identifier: Apache-2.0
"""`query project` cannot write, whatever it is told."""

import os

import pytest

from query_support import fill, query
from rig.wait import wait_for
from stored import Stored


@pytest.fixture(scope="module")
def stored(cluster):
    stored = Stored(cluster.create())
    fill(stored)
    return stored


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
    "select url, secret, old_secret from endpoints",
    "select url from tocsin.endpoints",
    "select query_to_xml('select * from tocsin.endpoints', true, true, '')",
    "select body from tocsin.messages",
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


STATE = """select (select count(*) from public.planted),
  (select array_agg((oid::regclass, relacl)::text order by oid) from pg_class
    where relnamespace not in ('pg_catalog'::regnamespace, 'pg_toast'::regnamespace)),
  (select count(*) from pg_attribute where attrelid = 'public.planted'::regclass),
  (select array_agg((rolname, rolsuper, rolcanlogin)::text order by oid) from pg_roles),
  (select array_agg((roleid, member)::text order by roleid, member) from pg_auth_members),
  (select count(*) from pg_proc),
  (select (last_value, is_called)::text from public.counter),
  (select count(*) from pg_largeobject_metadata),
  (select array_agg(s::text order by setdatabase, setrole) from pg_db_role_setting s),
  (select count(*) from pg_replication_slots),
  (select count(*) from pg_locks where locktype = 'advisory'),
  (select count(*) from projects), (select count(*) from runs), (select count(*) from attempts),
  (select count(*) from series), (select count(*) from blocks), (select count(*) from run_state),
  (select count(*) from alerts), (select count(*) from producers)"""


def state(stored):
    """Everything an attack could have changed."""
    return stored.db.query(STATE)


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
