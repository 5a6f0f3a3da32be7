# SPDX-License-Identifier: Apache-2.0
"""tocsin migrate where the server is not its own: users with few rights, several databases at once,
copies and restored dumps."""

import json
import subprocess
from concurrent.futures import ThreadPoolExecutor

import pytest

from rig.postgres import server_program
from rig.programs import Cli
from rig.wait import wait_for

ROLES = ("tocsin_collector", "tocsin_owner", "tocsin_reader")
SETTINGS = """select r.rolname, unnest(s.setconfig)
                from pg_db_role_setting s
                join pg_roles r on r.oid = s.setrole
                join pg_database d on d.oid = s.setdatabase
               where d.datname = current_database() order by 1, 2"""
EXPECTED_SETTINGS = [
    ("tocsin_collector", "search_path=tocsin"), ("tocsin_owner", "search_path=tocsin"),
    ("tocsin_reader", "default_transaction_read_only=on"), ("tocsin_reader", "search_path=tocsin"),
    ("tocsin_reader", "statement_timeout=60s")]


def migrate(database, user):
    return Cli(database.cluster.place).run("migrate", "--json", "--dsn",
                                           database.cluster.dsn(database.name, user))


def roles_there(cluster_database):
    return [name for (name,) in cluster_database.query(
        "select rolname from pg_roles where rolname like 'tocsin%%' order by 1")]


@pytest.fixture
def bare(own_cluster):
    """A database in a server that has never heard of tocsin."""
    return own_cluster.create(migrated=False)


def test_many_databases_of_one_server_at_once(own_cluster):
    databases = [own_cluster.create(migrated=False) for _ in range(3)]
    assert roles_there(databases[0]) == []
    with ThreadPoolExecutor(9) as pool:
        results = list(pool.map(lambda i: migrate(databases[i % 3], "postgres"), range(9)))
    assert [result.rc for result in results] == [0] * 9, [result.stderr for result in results]
    for i, database in enumerate(databases):
        assert sum(result.json()["applied"] for result in results[i::3]) == database.value(
            "select count(*) from schema_version")
        assert database.query(SETTINGS) == EXPECTED_SETTINGS


def test_a_user_who_may_create_roles_migrates_and_acts_as_each(bare):
    bare.query("create role admin login createrole")
    bare.query(f"grant create on database {bare.name} to admin")
    assert migrate(bare, "admin").json()["applied"] > 0
    assert migrate(bare, "admin").json()["applied"] == 0
    admin = bare.connect("admin")
    for role in ROLES:
        admin.cursor().execute(f"set role {role}")
    admin.close()


def test_a_user_who_may_not_is_told_what_to_do(bare):
    bare.query("create role plain login")
    bare.query(f"grant create on database {bare.name} to plain")
    result = migrate(bare, "plain")
    assert result.rc != 0
    assert "superuser or as a user with CREATEROLE" in result.stderr
    assert list(json.loads(result.stderr)) == ["error"]
    assert roles_there(bare) == []


def test_the_owner_migrates_alone_once_roles_are_there(bare):
    for role in ROLES:
        bare.query(f"create role {role} login")
    bare.query(f"grant create on database {bare.name} to tocsin_owner")
    assert migrate(bare, "tocsin_owner").json()["applied"] > 0
    assert migrate(bare, "tocsin_owner").json()["applied"] == 0


def test_who_is_no_owner_is_refused_and_changes_nothing(db):
    for user in ("tocsin_collector", "tocsin_reader"):
        before = db.query("select * from schema_version")
        result = migrate(db, user)
        assert result.rc != 0 and list(json.loads(result.stderr)) == ["error"]
        assert db.query("select * from schema_version") == before


def test_a_running_migration_is_waited_for(empty_db):
    """Another runner that holds the lock: ours waits, and is not the one to apply."""
    migrate(empty_db, "postgres")
    other = empty_db.connect()
    other.autocommit = False
    other.cursor().execute("lock table tocsin.schema_version in share row exclusive mode")
    with ThreadPoolExecutor(1) as pool:
        ours = pool.submit(migrate, empty_db, "postgres")
        wait_for(lambda: empty_db.value("""select count(*) from pg_locks
                                            where relation = 'tocsin.schema_version'::regclass
                                              and not granted"""), what="ours waits")
        other.rollback()
        assert ours.result().json()["applied"] == 0
    other.close()


def test_a_restored_dump_gets_the_settings_of_its_roles(db, cluster, place):
    db.query("insert into projects (name) values ('kept')")
    dump = place / "dump"
    subprocess.run([server_program("pg_dump"), "-Fc", "-f", dump, db.dsn_superuser], check=True,
                   timeout=60)
    restored = cluster.create(migrated=False)
    subprocess.run([server_program("pg_restore"), "-d", restored.dsn_superuser, dump], check=True,
                   timeout=60)
    assert restored.query(SETTINGS) == []
    assert migrate(restored, "postgres").json()["applied"] == 0
    assert restored.query(SETTINGS) == EXPECTED_SETTINGS
    assert restored.query("select name from projects") == [("kept",)]
    restored.drop()


def test_a_failed_migration_leaves_nothing(bare):
    """Something in the way of one of its tables: all of it is rolled back, and it can be repeated."""
    assert migrate(bare, "postgres").rc == 0
    bare.query("drop schema tocsin cascade")
    bare.query("create schema tocsin authorization tocsin_owner")
    bare.query("create table tocsin.alerts (in_the_way int)")
    result = migrate(bare, "postgres")
    assert result.rc != 0 and "already exists" in result.stderr
    assert bare.query("select tablename from pg_tables where schemaname = 'tocsin' order by 1") == [
        ("alerts",), ("schema_version",)]
    reading = Cli(bare.cluster.place, bare.dsn_reader).run("list", "projects")
    assert reading.rc != 0 and "schema version 0" in reading.stderr
    assert "run: tocsin migrate" in reading.stderr
    bare.query("drop table tocsin.alerts")
    assert migrate(bare, "postgres").json()["applied"] > 0
