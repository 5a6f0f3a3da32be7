# SPDX-License-Identifier: Apache-2.0
"""tocsin import trackio-sqlite, from files made here as Trackio makes them."""

import json
import os
import sqlite3
from datetime import datetime, timezone

import pytest

from rig.wait import wait_for

TABLES = """
    create table metrics (id integer primary key autoincrement, run_id text not null, timestamp text not null,
                          run_name text not null, step integer not null, metrics text not null,
                          log_id text, space_id text);
    create table configs (id integer primary key autoincrement, run_id text not null, run_name text not null,
                          config text not null, created_at text not null, unique(run_id));
    create table system_metrics (id integer primary key autoincrement, run_id text not null,
                                 timestamp text not null, run_name text not null, metrics text not null);
    create table alerts (id integer primary key autoincrement, run_id text not null, timestamp text not null,
                         run_name text not null, title text not null, text text,
                         level text not null default 'warn', step integer, alert_id text);
"""


def at(second):
    return f"2026-11-23T12:30:{second:02d}.250000+00:00"


def when(second):
    return datetime(2026, 11, 23, 12, 30, second, 250_000, tzinfo=timezone.utc)


class Trackio:
    """A project's file, with the journal that Trackio uses."""

    def __init__(self, place, name="my-project.db"):
        self.path = place / name
        self.db = sqlite3.connect(self.path)
        self.db.execute("pragma journal_mode = wal")
        self.db.executescript(TABLES)

    def config(self, run_id, name, config, second=0):
        self.db.execute("insert into configs values (null, ?, ?, ?, ?)",
                        (run_id, name, json.dumps(config).encode(), at(second)))
        self.db.commit()

    def log(self, run_id, name, step, metrics, second=1):
        blob = metrics if isinstance(metrics, bytes) else json.dumps(metrics).encode()
        self.db.execute("insert into metrics values (null, ?, ?, ?, ?, ?, null, null)",
                        (run_id, at(second), name, step, blob))
        self.db.commit()

    def system(self, run_id, name, metrics, second=2):
        self.db.execute("insert into system_metrics values (null, ?, ?, ?, ?)",
                        (run_id, at(second), name, json.dumps(metrics).encode()))
        self.db.commit()

    def alert(self, run_id, name, title, text, level, step, second=3):
        self.db.execute("insert into alerts values (null, ?, ?, ?, ?, ?, ?, ?, null)",
                        (run_id, at(second), name, title, text, level, step))
        self.db.commit()


@pytest.fixture
def trackio(place):
    made = Trackio(place)
    yield made
    made.db.close()


@pytest.fixture
def load(importer):
    def run(path, *argv):
        result = importer.cli.run("import", "trackio-sqlite", path, "--json", *argv, env=importer.env)
        assert result.rc == 0, result.stderr
        return result.json()
    return run


def test_a_project_comes_over_whole(db, trackio, load):
    """Open in the other program, with rows that only its log has."""
    trackio.config("id1", "brave-forest-0", {"lr": 0.1, "model": {"layers": 2}, "_Group": "sweep"})
    trackio.log("id1", "brave-forest-0", 3, {"train": {"loss": 0.1, "deep": {"er": 2}}, "ok": True,
                                             "bad": "NaN", "up": "Infinity", "down": "-Infinity"})
    trackio.log("id1", "brave-forest-0", 1, {"train": {"loss": 1e300}, "text": "hello", "list": [1, 2],
                                             "img": {"_type": "trackio.image", "size": 7}, "none": None})
    trackio.system("id1", "brave-forest-0", {"gpu/0/utilization": 50, "cpu/utilization": 12.5})
    trackio.alert("id1", "brave-forest-0", "loss is high", "really", "error", 3)
    trackio.alert("id1", "brave-forest-0", "no step", None, "info", None, 4)
    trackio.log("id2", "brave-forest-0", 0, {"loss": 9}, 5)
    done = load(trackio.path)
    assert done["project"] == "my-project"
    assert [(run["run"], run["calls"], run["alerts"], run["left_out"]) for run in done["runs"]] == [
        ("brave-forest-0", 3, 2, {"texts": 1, "lists": 1, "media": 1}), ("brave-forest-0", 1, 0, {})]
    first = done["runs"][0]["run_id"]
    assert [(*row[:2], repr(row[2])) for row in db.query(
        "select step, name, value from metrics where run_id = %s order by step, name", first)] == [
            (1, "train/loss", "1e+300"), (3, "bad", "nan"), (3, "down", "-inf"), (3, "ok", "1.0"),
            (3, "train/deep/er", "2.0"), (3, "train/loss", "0.1"), (3, "up", "inf")]
    assert db.query("select time, name, value from system_metrics order by name") == [
        (when(2), "cpu/utilization", 12.5), (when(2), "gpu/0/utilization", 50.0)]
    assert db.query("select level, title, text, step, time from alerts_feed order by time") == [
        ("error", "loss is high", "really", 3, when(3)), ("info", "no step", None, None, when(4))]
    (run,) = db.query("select created, group_name, config - '_import', state from runs_overview "
                      "where run_id = %s", first)
    assert run == (when(0), "sweep", {"lr": 0.1, "model": {"layers": 2}, "_Group": "sweep"}, "finished")
    assert db.query("select distinct time from metrics where run_id = %s", first) == [(when(1),)]
    assert db.value("select ended from attempts_overview where run_id = %s", first) == when(4)
    again = load(trackio.path)
    assert [(run["state"], run["skipped"], run["skipped_alerts"]) for run in again["runs"]] == [
        ("already imported", 3, 2), ("already imported", 1, 0)]


def test_what_is_logged_meanwhile_follows(db, trackio, load):
    """Each table grows at its own end: calls of both kinds and alerts are counted apart."""
    for second in range(3):
        trackio.log("id", "r", 5, {"loss": second}, second)
        trackio.system("id", "r", {"gpu": second}, second)
        trackio.alert("id", "r", f"alert {second}", None, "warn", second, second)
        (run,) = load(trackio.path)["runs"]
        assert (run["calls"], run["skipped"], run["alerts"], run["skipped_alerts"]) == (
            2, 2 * second, 1, second)
    assert db.query("select value from metrics order by time") == [(0,), (1,), (2,)]
    assert db.query("select value from system_metrics order by time") == [(0,), (1,), (2,)]
    assert db.query("select title from alerts_feed order by time") == [
        ("alert 0",), ("alert 1",), ("alert 2",)]
    assert db.query("select state, created from runs_overview") == [("finished", when(0))]


def test_alerts_of_the_past_ring_no_bell(db, trackio, load):
    db.query("""insert into endpoints (origin, kind, url, url_hash, shown)
                values ('command', 'generic', 'http://127.0.0.1:9/x', sha256('x'), 'shown')""")
    for i in range(20):
        trackio.alert("id", "r", f"alert {i}", None, "error", i)
    assert load(trackio.path)["runs"][0]["alerts"] == 20
    assert db.value("select count(*) from alerts_feed") == 20
    assert db.value("select count(*) from deliveries") == 0
    assert db.value("select count(*) from endpoints") == 1, "the empty URL is none"


def test_a_killed_import_of_alerts_and_calls_is_continued(db, trackio, importer, load):
    for i in range(3000):
        trackio.db.execute("insert into alerts values (null, 'id', ?, 'r', ?, null, 'warn', ?, null)",
                           (at(1), f"alert {i}", i))
        trackio.db.execute("insert into metrics values (null, 'id', ?, 'r', ?, ?, null, null)",
                           (at(1), i, b'{"loss": 1}'))
    trackio.db.commit()
    for n in (0, 300, 1000):
        process = importer.spawn("trackio-sqlite", trackio.path)
        wait_for(lambda: db.value("select count(*) from alerts_feed") > n or process.code is not None, 60,
                 lambda: process.log)
        process.kill9()
        assert process.code == -9, process.log
    (run,) = load(trackio.path, "--project", "p")["runs"]
    assert run["skipped_alerts"] > 1000
    assert db.value("select count(*) from metrics") == 3000
    assert sorted(db.query("select title, step from alerts_feed")) == sorted(
        (f"alert {i}", i) for i in range(3000))


def test_rows_that_cannot_be_read_are_counted_and_the_rest_comes(db, trackio, load):
    trackio.log("id", "r", 0, {"loss": 1})
    trackio.log("id", "r", 1, b"{\"loss\": ")
    trackio.log("id", "r", 2, b"[1]")
    trackio.log("id", "r", 3, b"{\"\xff\": 1}")
    trackio.log("id", "r", "x", {"loss": 2})
    trackio.log("id", "r", 4, {"x" * 256: 1, "a" * 200: {"b" * 100: 1}, "loss": 3})
    trackio.log("id", "r", 5, b"{" + b"\"a\": {" * 40 + b"\"b\": 1" + b"}" * 40 + b"}")
    (run,) = load(trackio.path)["runs"]
    assert run["calls"] == 2 and run["left_out"] == {
        "unreadable rows": 4, "names over 255 bytes": 2, "objects nested too deep": 1}
    assert db.query("select step, value from metrics order by step") == [(0, 1), (4, 3)]


@pytest.mark.skipif(os.getuid() != 0, reason="changes the owner of a directory")
def test_a_file_in_a_directory_that_cannot_be_written(place, db, importer):
    """Closed by its program it has no log and can be read; with a log it is refused, not read in part."""
    folder = place / "read-only"
    folder.mkdir()
    made = Trackio(folder)
    made.log("id", "r", 0, {"loss": 1})
    with open(str(made.path) + "-wal", "rb") as file:
        log = file.read()
    made.db.close()
    place.chmod(0o755)
    folder.chmod(0o555)
    importer.cli.user = "nobody"
    env = {**importer.env, "TOCSIN_DATA_DIR": "/nonexistent"}
    ask = ("import", "trackio-sqlite", made.path, "--dry-run", "--json")
    assert importer.cli.run(*ask, env=env).json()["runs"][0]["calls"] == 1
    assert sorted(os.listdir(folder)) == ["my-project.db"], "nothing is made beside it"
    with open(str(made.path) + "-wal", "wb") as file:
        file.write(log)
    refused = importer.cli.run(*ask, env=env)
    assert refused.rc == 1 and "has a log (-wal) that cannot be read" in refused.stderr


def test_older_files_tell_runs_by_their_names_and_lack_tables(place, db, load):
    path = place / "old.db"
    old = sqlite3.connect(path)
    old.executescript("create table metrics (id integer primary key, timestamp text, run_name text, "
                      "step integer, metrics text)")
    for step in range(3):
        old.execute("insert into metrics values (null, ?, 'r', ?, ?)", (at(step), step, '{"loss": 1}'))
    old.commit()
    old.close()
    assert load(path)["runs"][0]["calls"] == 3
    assert db.query("select project, run, created from runs_overview") == [("old", "r", when(0))]


@pytest.mark.parametrize("content, says", [(b"", "this is no database of Trackio"),
                                           (b"hello, I am no database" * 100, "not a database")])
def test_other_files_are_refused(place, cli, content, says):
    path = place / "x.db"
    path.write_bytes(content)
    refused = cli.run("import", "trackio-sqlite", path, "--dry-run")
    assert refused.rc == 2 and says in refused.stderr, refused.stderr
    missing = cli.run("import", "trackio-sqlite", place / "no.db", "--dry-run")
    assert missing.rc == 3 and "cannot open" in missing.stderr
