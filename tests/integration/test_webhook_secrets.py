# SPDX-License-Identifier: Apache-2.0
"""The URL of a webhook is a secret, and so is what signs: whoever looks around finds neither."""

import base64
import os
import pathlib
import shutil
import subprocess
import time

import pytest

from rig.postgres import Cluster, server_program
from rig.wait import wait_for
from webhooks import Endpoints, settings

CANARY = "CaNaRy0f7a31d2b9"
SECRET = "whsec_" + base64.b64encode(b"CaNaRySeCrEt" * 3).decode()
LOUD = {"log_statement": "all", "log_min_duration_statement": "0", "log_error_verbosity": "verbose",
        "log_parameter_max_length_on_error": "0"}


def lines_with(text, needle):
    return [line[:300] for line in text.splitlines() if needle in line]


def assert_nowhere(place_name, data):
    data = data if isinstance(data, bytes) else data.encode()
    for needle in (CANARY, SECRET.removeprefix("whsec_")):
        at = data.find(needle.encode())
        assert at < 0, f"in {place_name}: …{data[max(0, at - 100):at + 60]!r}"


@pytest.fixture
def told(db, make_tocsind, make_emitter, mock):
    """A collector that says all it can, and has posted a secret URL to every mood that talks back."""
    tocsind = make_tocsind().start(*settings(mock), "--log-level=debug",
                                   env={"TOCSIND_WEBHOOK_URL": mock.url("echo-all", f"{CANARY}/settings")})
    ends = Endpoints(db)
    moods = ("ok", "echo", "echo-all", "302", "400", "404", "410", "429-words", "500", "hostile", "reset", "smtp")
    urls = [mock.url(mood, CANARY) for mood in moods]
    urls += [mock.url("ok", CANARY, door=door) for door in ("expired", "wrong-host", "self-signed", "garbage", "plain")]
    urls += [mock.url("404", CANARY, kind="discord"), mock.url("echo", CANARY, kind="slack"),
             f"https://{CANARY}@10.0.0.1/{CANARY}", f"https://127.0.0.1:{mock.ports['good']}/ok/?token={CANARY}",
             f"https:// /{CANARY}", f"gopher://127.0.0.1/{CANARY}", CANARY, f"https://{CANARY.lower()}.invalid/{CANARY}",
             f"https://user:{CANARY}@127.0.0.1:{mock.ports['good']}/ok/{CANARY}"]
    ids = [ends.add(url, secret=SECRET) for url in urls]
    emitter = make_emitter(tocsind, run_id=7)
    emitter.hello()
    emitter.alert("a", "text", level="error", url=mock.url("echo-all", f"{CANARY}/run"))
    for endpoint in ids:
        ends.wait_answered(endpoint)
    wait_for(lambda: db.value("select count(*) from messages where answer is null") == 0)
    assert {mock.url("echo-all", f"{CANARY}/{who}") for who in ("settings", "run")} <= {
        "https://" + request.headers["host"] + request.path for request in mock.requests}
    return tocsind


def test_a_secret_is_not_where_people_look(db, told, cli, mock):
    for sql in ("select * from endpoints_overview", "select * from deliveries_overview", "select * from alerts_feed",
                "select * from silences_overview"):
        assert_nowhere(sql, str(db.query(sql)))
    assert_nowhere("answers", str(db.query("select answer from messages")))
    assert_nowhere("bodies", str(db.query("select body from messages")))
    assert_nowhere("the log of tocsind", told.log)
    assert_nowhere("/metrics", told.get("/metrics")[1])
    assert_nowhere("/healthz", told.get("/healthz")[1])
    for name in ("cmdline", "status", "maps", "comm"):
        assert_nowhere(name, pathlib.Path(f"/proc/{told.pid}/{name}").read_bytes())
    listed = cli.run("list", "alerts", "--project", "p", "--json")
    assert listed.rc == 0 and "\"a\"" in listed.stdout
    assert_nowhere("tocsin list alerts", listed.stdout + listed.stderr)
    assert len(lines_with(str(db.query("select url from endpoints")), CANARY)) == 1, "the test has a canary"


def test_a_reader_cannot_read_it(db, told):
    """As tocsin_reader: tables are closed, views do not have it, and pg_stat_activity hides it."""
    reader = db.connect("tocsin_reader")
    with reader.cursor() as cursor:
        cursor.execute("set search_path = tocsin")
        for table in ("endpoints", "messages", "deliveries"):
            with pytest.raises(Exception, match="permission denied"):
                cursor.execute(f"select * from {table}")
        cursor.execute("select c.oid::regclass::text from pg_class c where relnamespace = 'tocsin'::regnamespace "
                       "and relkind in ('r', 'v', 'm', 'p') and has_table_privilege(c.oid, 'select')")
        readable = [row[0] for row in cursor.fetchall()]
        assert "endpoints_overview" in readable and "alerts_feed" in readable
        for relation in readable:
            cursor.execute(f"select * from {relation}")
            assert_nowhere(relation, repr(cursor.fetchall()))
        cursor.execute("select * from pg_stat_activity")
        assert_nowhere("pg_stat_activity", repr(cursor.fetchall()))
        cursor.execute("select * from pg_prepared_statements")
        assert_nowhere("pg_prepared_statements", repr(cursor.fetchall()))
    reader.close()


def test_a_dump_as_reader_has_none(db, told):
    done = subprocess.run([server_program("pg_dump"), "-d", db.dsn_reader, "-n", "tocsin", "--data-only"],
                          capture_output=True, timeout=60)
    assert_nowhere("pg_dump of tocsin_reader", done.stdout + done.stderr)


def test_postgresql_does_not_log_it(cluster, db, told):
    """As it is set up by default: it logs statements that fail, and their parameters are no part of it."""
    assert_nowhere("the log of PostgreSQL", cluster.server.log)


def test_no_core_dump_is_left_behind(place, told):
    """The kernel writes none of a process that is not dumpable, not even when it is killed for a bug."""
    limits = pathlib.Path(f"/proc/{told.pid}/limits").read_text()
    owner = os.stat(f"/proc/{told.pid}/maps").st_uid
    told.process.send(11)
    wait_for(lambda: told.process.code is not None)
    cores = [path for path in place.iterdir() if path.name.startswith("core")]
    assert cores == [], (cores, limits, owner)
