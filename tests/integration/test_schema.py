# SPDX-License-Identifier: Apache-2.0
"""The schema: how it gets there, who may do what, and what the views promise."""

import io
import json
import os
import re
import subprocess
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta, timezone

import psycopg2
import psycopg2.errors
import pytest

from rig.programs import Cli
from rig.wait import wait_for
from rig.wire import METRIC, SYSTEM, keyset_id

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
T0 = datetime(2026, 1, 1, tzinfo=timezone.utc)
TABLES = {"projects", "runs", "attempts", "producers", "series", "blocks", "run_state", "alerts",
          "keys", "quarantine", "gaps", "endpoints", "messages", "deliveries", "silences", "acks",
          "project_aliases", "rollups", "compacted", "retention", "retention_rounds"}
REMOVED = {"blocks", "rollups", "alerts", "deliveries", "acks", "messages"}  # by compaction and retention
VIEWS = {"metric_blocks", "metric_summary", "projects_overview", "metrics_all_attempts", "metrics", "system_metrics", "series_overview",
         "runs_overview", "attempts_overview", "alerts_feed", "producers_overview",
         "keys_overview", "quarantine_overview", "gaps_overview", "endpoints_overview",
         "deliveries_overview", "silences_overview", "project_names",
         "superseded_series", "block_columns", "rollup_columns", "metric_rollups", "compaction_backlog",
         "retention_overview", "storage_overview"}
INTERNAL_VIEWS = {"retention_cutoffs", "retention_runs", "settled_alerts"}  # of the collector
NAN = float("nan")
INF = float("inf")


def migrations():
    folder = os.path.join(ROOT, "schema", "sql")
    return sorted(name for name in os.listdir(folder) if re.match(r"\d{4}_.*\.sql$", name))


def migrate(db):
    return Cli(db.cluster.place, db.dsn_superuser).run("migrate", "--json")


# How it gets there


def test_migrate_fresh_and_again(empty_db):
    latest = len(migrations())
    assert migrate(empty_db).json() == {"version": latest, "applied": latest}
    applied = empty_db.query("select * from schema_version order by version")
    assert [row[0] for row in applied] == list(range(1, latest + 1))
    assert migrate(empty_db).json() == {"version": latest, "applied": 0}
    assert empty_db.query("select * from schema_version order by version") == applied


def test_migrate_by_many_at_once(empty_db):
    with ThreadPoolExecutor(6) as pool:
        results = list(pool.map(lambda _: migrate(empty_db).json(), range(6)))
    assert sum(result["applied"] for result in results) == len(migrations())
    assert empty_db.value("select count(*) from schema_version") == len(migrations())


def test_everything_is_there_and_nothing_else(db):
    kinds = dict(db.query("""select relname, relkind::text from pg_class
                                    where relnamespace = 'tocsin'::regnamespace
                                      and relkind in ('r', 'v', 'm', 'p')"""))
    assert {name for name, kind in kinds.items() if kind == "r"} == TABLES | {"schema_version"}
    assert {name for name, kind in kinds.items() if kind == "v"} == VIEWS | INTERNAL_VIEWS
    assert db.query("""select distinct tableowner from pg_tables
                              where schemaname = 'tocsin'""") == [("tocsin_owner",)]


REFUSALS = {
    "newer": ("insert into schema_version values (9999, 'later', 'x')", "install a newer tocsin"),
    "different": ("update schema_version set checksum = 'x' where version = 1",
                  "not the one of this program"),
}


@pytest.mark.parametrize("change, sentence", REFUSALS.values(), ids=REFUSALS)
def test_another_schema_is_refused(db, make_tocsind, change, sentence):
    db.query(change)
    before = db.query("select * from schema_version order by version")
    result = migrate(db)
    assert result.rc != 0 and sentence in result.stderr
    assert list(json.loads(result.stderr)) == ["error"]
    assert db.query("select * from schema_version order by version") == before
    daemon = make_tocsind().spawn()
    wait_for(lambda: daemon.process.code is not None)
    assert daemon.process.code == 1
    assert sentence in daemon.log and "event=ready" not in daemon.log


def test_a_database_without_schema_names_the_remedy(empty_db, make_tocsind):
    result = Cli(empty_db.cluster.place, empty_db.dsn_reader).run("list", "projects")
    assert result.rc == 1 and "run: tocsin migrate" in result.stderr
    daemon = make_tocsind(dsn=empty_db.dsn_collector).spawn()
    wait_for(lambda: daemon.process.code is not None)
    assert daemon.process.code == 1 and "run: tocsin migrate" in daemon.log


# Statements


def connect(db, role):
    """The role's connection with the schema's search path, which a copied database does not set."""
    connection = db.connect(role)
    connection.cursor().execute("set search_path = tocsin")
    return connection


def copy_nothing(db, text):
    signature, no_flags_no_extension, trailer = b"PGCOPY\n\xff\r\n\0", bytes(8), b"\xff\xff"
    connection = connect(db, "tocsin_collector")
    connection.cursor().copy_expert(
        text, io.BytesIO(signature + no_flags_no_extension + trailer))
    connection.close()


def run_in_transaction(db, text):
    connection = db.connect()
    connection.autocommit = False
    connection.cursor().execute(text)
    connection.rollback()
    connection.close()


NOT_PREPARED = {
    "collector/sql/copy_blocks.sql": copy_nothing,
    "schema/db/sql/lock_schema_version.sql": run_in_transaction,
    "schema/db/sql/bootstrap.sql": run_in_transaction,
}


def statement_files():
    folders = ("collector/sql", "cli/sql", "schema/db/sql")
    listed = [subprocess.run(["find", folder, "-name", "*.sql"], cwd=ROOT, check=True,
                             capture_output=True).stdout.decode().split() for folder in folders]
    assert all(listed)
    return sorted(sum(listed, []))


@pytest.fixture(scope="module")
def fresh(cluster):
    """One migrated database for all statements: preparing changes nothing."""
    database = cluster.create()
    yield database
    database.drop()


@pytest.mark.parametrize("path", statement_files())
def test_every_statement_prepares(fresh, path):
    with open(os.path.join(ROOT, path), encoding="utf-8") as file:
        text = file.read()
    if path in NOT_PREPARED:
        NOT_PREPARED[path](fresh, text)
        return
    fresh.query(f"prepare statement as\n{text}")
    inferred = fresh.value("select cardinality(parameter_types) from pg_prepared_statements")
    fresh.query("deallocate statement")
    code = re.sub(r"--.*", "", text)
    assert inferred == max([0, *map(int, re.findall(r"\$(\d+)", code))])


# Roles


def refused(connection, text):
    with pytest.raises(psycopg2.errors.InsufficientPrivilege):
        connection.cursor().execute(text)


def test_reader_sees_views_and_no_table(db):
    reader = connect(db, "tocsin_reader")
    for view in VIEWS | {"schema_version"}:
        reader.cursor().execute(f"select * from {view} limit 1")
    for table in TABLES | INTERNAL_VIEWS:
        refused(reader, f"select * from {table} limit 1")
    for column in ("url", "url_hash", "secret", "old_secret"):
        refused(reader, f"select {column} from endpoints")
    refused(reader, "select body from messages")
    reader.close()


def test_no_view_shows_a_secret(db):
    """Of a webhook's URL the host and four digits of a hash; of its signing secrets nothing."""
    db.query("""insert into endpoints (origin, kind, url, url_hash, shown, secret, old_secret)
                select 'command', 'generic', u, sha256(convert_to(u, 'UTF8')), endpoint_shown(u),
                       'whsec_canary', 'whsec_canary'
                  from (values ('https://canary:canary@example.org/canary?canary#canary')) v(u)""")
    for view in VIEWS:
        assert "canary" not in str(db.query(f"select * from {view}"))
    ((shown, signed),) = db.query("select url, signed from endpoints_overview")
    assert re.fullmatch("https://example.org/…#[0-9a-f]{4}", shown) and signed


@pytest.mark.parametrize("url, host", [
    ("http://[::1]:8443/x", "http://[::1]:8443"),
    ("https://hooks.slack.com/services/T/B/x", "https://hooks.slack.com"),
    ("https://a@b@c/x", "https://c"),
    ("https://host", "https://host"),
    ("https://host?canary", "https://host"),
    ("https://canary.example.org.", "https://canary.example.org."),
    ("https://user:canary/x", "not a web address"),
    ("https://h\u00f6st/canary", "not a web address"),
    ("ftp://host/canary", "not a web address"),
    ("", "not a web address"),
])
def test_what_is_shown_of_a_url(fresh, url, host):
    assert re.fullmatch(re.escape(host) + "/…#[0-9a-f]{4}",
                        fresh.value("select endpoint_shown(%s)", url))


@pytest.mark.parametrize("url, kind", [
    ("https://hooks.slack.com/services/x", "slack"),
    ("https://discord.com/api/webhooks/1/x", "discord"),
    ("https://discordapp.com/api/webhooks/1/x", "discord"),
    ("https://discord.com/channels/1", "generic"),
    ("https://example.org/hook", "generic"),
])
def test_the_kind_of_a_url(fresh, url, kind):
    assert fresh.value("select endpoint_kind(%s)", url) == kind


def test_a_migrated_database_sets_up_its_roles(empty_db):
    """Any client finds the views, reads only, and for a limited time."""
    migrate(empty_db).json()
    reader = empty_db.connect("tocsin_reader")
    reader.cursor().execute("select * from metrics")
    with pytest.raises(psycopg2.errors.ReadOnlySqlTransaction):
        reader.cursor().execute("create temp table t (i int)")
    with reader.cursor() as cursor:
        cursor.execute("show statement_timeout")
        assert cursor.fetchone() == ("1min",)
    reader.close()


def test_reader_writes_nothing(db):
    reader = connect(db, "tocsin_reader")
    reader.cursor().execute("set default_transaction_read_only = off")
    for table in TABLES | {"schema_version"}:
        refused(reader, f"insert into {table} default values")
        refused(reader, f"delete from {table}")
    assert db.query("""select name from unnest(%s) name
                        where has_table_privilege('tocsin_reader', name,
                                                  'insert, update, delete, truncate, trigger')""",
                    list(VIEWS)) == []
    refused(reader, "create table mine (i int)")
    refused(reader, "set role tocsin_owner")
    reader.close()


def test_collector_deletes_nothing_but_what_it_replaces_and_what_is_too_old(db):
    collector = connect(db, "tocsin_collector")
    for table in TABLES | {"schema_version"}:
        refused(collector, f"truncate {table}")
    for table in (TABLES | {"schema_version"}) - REMOVED:
        refused(collector, f"delete from {table}")
    refused(collector, "update blocks set rank = 0")
    refused(collector, "update alerts set title = 'x'")
    refused(collector, "update retention set keep_s = 1")
    refused(collector, "insert into schema_version values (9, 'x', 'x')")
    refused(collector, "create table mine (i int)")
    refused(collector, "set role tocsin_owner")
    collector.cursor().execute("insert into projects (name) values ('p')")
    collector.close()


def test_a_stranger_sees_nothing(db):
    db.query("create role stranger login")
    stranger = db.connect("stranger")
    refused(stranger, "select * from tocsin.metrics")
    stranger.close()
    db.query("drop role stranger")


# Views


def add_run(db, run_id=7, attempts=((0, 0),)):
    db.query("insert into projects (name) values ('p') on conflict do nothing")
    db.query("""insert into runs (run_id, project_id, name, created)
                        select %s, project_id, 'r', %s from projects where name = 'p'""",
                     run_id, T0)
    for rank, attempt in attempts:
        db.query("""insert into attempts values
                            (%s, %s, %s, gen_random_uuid(), 1, 'node', 42, 'test', %s)""",
                         run_id, rank, attempt, T0 + timedelta(seconds=attempt))


def add_block(db, names, steps, columns, run_id=7, attempt=0, kind="metric"):
    keyset = keyset_id(SYSTEM if kind == "system" else METRIC, names) - (1 << 63)
    times = [T0 + timedelta(seconds=attempt * 1000 + i) for i in range(len(steps))]
    for position, name in enumerate(names, 1):
        db.query("insert into series values (%s, %s, %s, %s, %s) on conflict do nothing",
                         run_id, keyset, position, name, kind)
    db.query("""insert into blocks values
                        (%s, %s, %s, %s, 0, %s, %s, %s::timestamptz[], %s::float8[])""",
                     run_id, keyset, min(steps), max(steps), attempt, steps, times,
                     "{" + ",".join(repr(float(v)) for column in columns for v in column) + "}")
    db.query("""insert into run_state values (%s, %s, 0, %s, %s, %s, %s, %s,
                          array_fill(0::float8, array[%s]), array_fill(0::float8, array[%s]),
                          array_fill(0::float8, array[%s]))
                        on conflict (run_id, keyset_id, rank, attempt) do update
                          set first_step = least(run_state.first_step, excluded.first_step),
                              last_step = greatest(run_state.last_step, excluded.last_step)""",
                     run_id, keyset, attempt, len(steps), min(steps), max(steps), times[-1],
                     len(names), len(names), len(names))


def test_columns_are_told_apart(db):
    add_run(db)
    add_block(db, ["a", "b"], [0, 1, 2], [[1, 2, 3], [10, 20, 30]])
    add_block(db, ["a", "b"], [3], [[4], [40]])
    for name, factor in (("a", 1), ("b", 10)):
        assert db.query("""select project, run, run_id, rank, attempt, step, value
                                   from metrics where name = %s order by step""", name) == [
            ("p", "r", 7, 0, 0, step, (step + 1.0) * factor) for step in range(4)]
    assert db.value("select count(distinct time) from metrics where step < 3") == 3


def test_replayed_steps_come_from_the_latest_attempt(db):
    add_run(db, attempts=((0, 0), (0, 1), (0, 2)))
    add_block(db, ["a"], list(range(0, 5)), [[0] * 5])
    add_block(db, ["a"], list(range(5, 10)), [[0] * 5])
    add_block(db, ["a"], list(range(7, 12)), [[1] * 5], attempt=1)
    add_block(db, ["a"], list(range(9, 11)), [[2] * 2], attempt=2)
    seen = db.query("select step, attempt, value from metrics order by step")
    expected = [(step, 0, 0.0) for step in range(7)] + [(7, 1, 1.0), (8, 1, 1.0)] + [
        (9, 2, 2.0), (10, 2, 2.0)]
    assert seen == expected
    assert db.value("select count(*) from metrics_all_attempts") == 17


def test_values_that_are_no_numbers(db):
    add_run(db)
    values = [NAN, INF, -INF, -0.0, 5e-324, 1.7976931348623157e308]
    add_block(db, ["a"], list(range(6)), [values])
    seen = [value for (value,) in db.query("select value from metrics order by step")]
    assert list(map(repr, seen)) == list(map(repr, values))


def test_system_series_stay_apart(db):
    add_run(db)
    microseconds = [int(T0.timestamp()) * 1000000 + i * 1000000 for i in range(2)]
    add_block(db, ["gpu", "cpu"], microseconds, [[50, 51], [1, 2]], kind="system")
    add_block(db, ["gpu"], [0], [[-1]])
    assert db.query("select time, value from system_metrics where name = 'gpu' order by time"
                          ) == [(T0, 50.0), (T0 + timedelta(seconds=1), 51.0)]
    assert db.query("select step, name, value from metrics") == [(0, "gpu", -1.0)]
    assert db.value("select calls from runs_overview") == 1
    assert db.value("select last_step from runs_overview") == 0


def test_state_of_runs(db):
    def state():
        return db.value("select state from runs_overview")

    add_run(db, attempts=((0, 0),))
    assert state() == "running"
    db.query("update attempts set ended = now(), ending = 'failed'")
    assert state() == "failed"
    db.query("""insert into attempts values (7, 0, 1, gen_random_uuid(), 2, 'node', 1, 'test',
                        now())""")
    assert state() == "running"
    db.query("update attempts set ended = now(), ending = 'finished' where attempt = 1")
    assert state() == "running", "one of two ranks has not been seen"
    db.query("""insert into attempts values (7, 1, 0, gen_random_uuid(), 2, 'node', 1, 'test',
                        now(), now(), 'finished')""")
    assert state() == "finished"


def test_conservation_is_in_a_view(db):
    add_run(db)
    db.query("""insert into producers (run_id, producer_id, lane, last_seq, emitted, dropped,
                                               committed)
                        select run_id, producer_id, 1, 4, 100, 7, 90 from attempts""")
    assert db.query("""select lane, emitted, committed, dropped, on_node
                               from producers_overview""") == [("metrics", 100, 90, 7, 3)]


# Plans


def index_scans(plan):
    """Index name and condition of every scan in a JSON plan."""
    found = [(plan["Index Name"], plan.get("Index Cond", ""))] if "Index Name" in plan else []
    return found + [scan for child in plan.get("Plans", []) for scan in index_scans(child)]


@pytest.fixture
def many_blocks(db):
    """20 runs of 4 keysets of 250 blocks each; `loss` is in the last keyset."""
    db.query("insert into projects (name) values ('p')")
    db.query("""insert into runs (run_id, project_id, name, created)
                select i, 1, 'r' || i, now() from generate_series(1, 20) i""")
    db.query("""insert into series
                select i, k, 1, case k when 4 then 'loss' else 'other' || k end, 'metric'
                  from generate_series(1, 20) i, generate_series(1, 4) k""")
    db.query("""insert into blocks
                select i, k, b * 10, b * 10 + 9, 0, 0, array[b * 10, b * 10 + 9],
                       array[now(), now()], array[1, 2]::float8[]
                  from generate_series(1, 20) i, generate_series(1, 4) k,
                       generate_series(0, 249) b""")
    db.query("vacuum analyze")
    return db


def test_a_range_of_steps_is_read_by_index(many_blocks):
    (top,) = many_blocks.value("""explain (format json, analyze)
        select step, value from metric_blocks, unnest(steps, values) as u(step, value)
         where run_id = 7 and name = 'loss' and first_step <= 1020 and last_step >= 1000
           and step between 1000 and 1020""")
    scans = dict(index_scans(top["Plan"]))
    assert "blocks_by_series" in scans, scans
    for column in ("run_id", "keyset_id", "first_step"):
        assert column in scans["blocks_by_series"]
    assert top["Plan"]["Actual Rows"] == 5


def test_the_view_of_values_is_read_by_index(many_blocks):
    (top,) = many_blocks.value("""explain (format json)
        select * from metrics where project = 'p' and run = 'r7' and name = 'loss'""")
    scans = dict(index_scans(top["Plan"]))
    assert "blocks_by_series" in scans, scans
    assert "run_id" in scans["blocks_by_series"]
