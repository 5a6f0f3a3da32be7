# SPDX-License-Identifier: Apache-2.0
"""The URL of a webhook is a secret, and so is what signs: whoever looks around finds neither."""

import base64
import os
import pathlib
import signal
import subprocess

import psycopg2
import pytest

from rig.postgres import server_program
from rig.wait import wait_for
from webhooks import Endpoints, settings

CANARY = "CaNaRy0f7a31d2b9"
SECRET = "whsec_" + base64.b64encode(b"CaNaRySeCrEt" * 3).decode()


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
    for who in ("settings", "run"):
        wait_for(lambda w=who: mock.posts(mock.url("echo-all", f"{CANARY}/{w}")), 30)
    return tocsind


def test_a_secret_is_not_where_people_look(db, told, cli, place):
    assert len(lines_with(str(db.query("select url from endpoints")), CANARY)) == 1, "the test has a canary"
    for sql in ("select * from endpoints_overview", "select * from deliveries_overview",
                "select * from alerts_feed", "select answer, body from messages"):
        assert_nowhere(sql, str(db.query(sql)))
    assert_nowhere("the log of tocsind", told.log)
    assert_nowhere("/metrics", told.get("/metrics")[1])
    assert_nowhere("/healthz", told.get("/healthz")[1])
    for name in ("cmdline", "status", "comm"):
        assert_nowhere(name, pathlib.Path(f"/proc/{told.pid}/{name}").read_bytes())
    listed = cli.run("list", "alerts", "--project", "p", "--json")
    assert listed.rc == 0 and "\"a\"" in listed.stdout
    assert_nowhere("tocsin list alerts", listed.stdout + listed.stderr)
    # The kernel writes no core of a process that is not dumpable, not even of one that is at fault.
    assert os.stat(f"/proc/{told.pid}/environ").st_uid == 0, "what is not dumpable belongs to root"
    told.process.send(signal.SIGSEGV)
    wait_for(lambda: told.process.code is not None)
    for path in place.iterdir():
        if path.is_file():
            assert_nowhere(path, path.read_bytes())


def test_a_reader_of_the_database_finds_no_secret(cluster, db, told):
    """Tables are closed, views do not have it, pg_stat_activity hides it, and no dump has it."""
    reader = db.connect("tocsin_reader")
    with reader.cursor() as cursor:
        cursor.execute("set search_path = tocsin")
        for table in ("endpoints", "messages", "deliveries"):
            with pytest.raises(psycopg2.errors.InsufficientPrivilege):
                cursor.execute(f"select * from {table}")
        cursor.execute("select c.oid::regclass::text from pg_class c where relkind in ('r', 'v', 'm', 'p') "
                       "and relnamespace = 'tocsin'::regnamespace and has_table_privilege(c.oid, 'select')")
        readable = [row[0] for row in cursor.fetchall()]
        assert {"endpoints_overview", "deliveries_overview", "alerts_feed"} <= set(readable)
        for relation in [*readable, "pg_stat_activity", "pg_prepared_statements", "pg_stats"]:
            cursor.execute(f"select * from {relation}")
            assert_nowhere(relation, repr(cursor.fetchall()))
    reader.close()
    dump = subprocess.run([server_program("pg_dump"), "-d", db.dsn_reader, "-n", "tocsin", "--data-only"],
                          capture_output=True, timeout=60, check=False)
    assert_nowhere("pg_dump by tocsin_reader", dump.stdout + dump.stderr)
    assert_nowhere("the log of PostgreSQL", cluster.server.log)
