# SPDX-License-Identifier: Apache-2.0
"""tocsin mcp byte by byte: what no good client sends, and what happens while calls wait."""

import json
import os
import subprocess
import time

import pytest

from contract_data import EVIL, fill
from mcp_support import MODERN, Server, document, error, modern_meta
from rig.process import environment, program
from rig.wait import wait_for
from stored import Stored

VERSIONS = ["2025-11-25", "2025-06-18", "2025-03-26", "2024-11-05"]
MIB = 1024 * 1024


@pytest.fixture(scope="module")
def filled(cluster):
    stored = Stored(cluster.create())
    fill(stored)
    return stored


@pytest.fixture
def serve(place):
    """Starts servers; each that the test closes must end well."""
    made = []

    def make(dsn, *argv, env=None):
        made.append(Server(place, dsn, *argv, env=env))
        return made[-1]

    yield make
    for server in made:
        server.stop()


@pytest.fixture
def watched(db):
    """A project p with a run whose alerts are waited for."""
    stored = Stored(db)
    stored.run("p", "r", 1)
    return stored


def code_of(answer):
    return answer["error"]["code"]


def begin_poll(server, n, wait_s=30, **arguments):
    """Begins to wait for what comes from now on."""
    cursor = document(server.ask("tools/call", f"{n}-first", name="poll_alerts",
                                 arguments={"project": "p", **arguments})["result"])["cursor"]
    server.call(n, "poll_alerts", project="p", cursor=cursor, wait_s=wait_s, **arguments)
    assert "result" in server.ask("ping", f"{n}-ping")  # it was read
    return cursor


def titles(answer):
    return [alert["title"] for alert in document(answer["result"])["alerts"]]


# Both generations


@pytest.mark.parametrize("version", VERSIONS)
def test_the_older_generation_says_hello_and_gets_its_version(filled, serve, version):
    server = serve(filled.db.dsn_reader)
    hello = server.ask("initialize", 0, protocolVersion=version, capabilities={}, clientInfo={"name": "t", "version": "1"})
    assert hello["result"]["protocolVersion"] == version and hello["result"]["capabilities"] == {"tools": {}}
    server.send("notifications/initialized")
    listed = server.ask("tools/list", "a")["result"]
    assert "resultType" not in listed and "ttlMs" not in listed
    assert server.ask("ping", 2)["result"] == {}
    server.close()


def test_of_an_unknown_version_the_newest_is_offered(filled, serve):
    server = serve(filled.db.dsn_reader)
    for wanted in ("1999-01-01", "2027-01-01", MODERN):
        assert server.ask("initialize", 1, protocolVersion=wanted)["result"]["protocolVersion"] == VERSIONS[0]
    assert code_of(server.ask("initialize", 1)) == -32602
    server.close()


def test_requests_of_the_newer_generation_stand_alone(filled, serve):
    server = serve(filled.db.dsn_reader)
    found = server.ask("server/discover", "d", meta=modern_meta())["result"]
    assert found["resultType"] == "complete" and found["supportedVersions"] == [MODERN, *VERSIONS]
    assert found["ttlMs"] >= 0 and found["cacheScope"] in ("public", "private")
    called = server.ask("tools/call", 5, meta=modern_meta(), name="list_projects", arguments={})["result"]
    assert called["resultType"] == "complete" and document(called)["projects"]
    for result in (found, called):
        assert result["_meta"]["io.modelcontextprotocol/serverInfo"]["name"] == "tocsin"
    for method in ("initialize", "ping", "resources/list"):  # of the other generation, or of none
        assert code_of(server.ask(method, 1, meta=modern_meta(), protocolVersion=MODERN)) == -32601
    assert code_of(server.ask("server/discover", 1)) == -32601
    server.close()


def test_a_version_that_is_not_spoken_is_refused(filled, serve):
    server = serve(filled.db.dsn_reader)
    refused = server.ask("tools/list", 1, meta=modern_meta("2099-01-01"))["error"]
    assert refused["code"] == -32022
    assert refused["data"] == {"supported": [MODERN, *VERSIONS], "requested": "2099-01-01"}
    for meta in ({"io.modelcontextprotocol/protocolVersion": MODERN}, {"io.modelcontextprotocol/protocolVersion": 7}):
        assert code_of(server.ask("tools/list", 1, meta=meta)) == -32602
    server.close()


# What no good client sends

GARBAGE = [
    (b"garbage", -32700), (b"{", -32700), (b'{"jsonrpc": "2.0", "id": 1, "method": "ping"', -32700), (b"\xff\xfe", -32700),
    (b'{"jsonrpc": "2.0", "id": 1, "method": "p\\u0000"}', -32700), (b'{"id": 99999999999999999999}', -32700),
    (b'{"jsonrpc": "2.0", "id": 1, "method": "ping"} {}', -32700), (b"[" * 65 + b"]" * 65, -32700),
    (b'{"params": ' + b'{"a": ' * 64 + b"1" + b"}" * 65, -32700), (b"[" * 100_000, -32700),
    (b"[]", -32600), (b"7", -32700), (b'"x"', -32700), (b"{}", -32600), (b'{"id": 1, "method": "ping"}', -32600),
    (b'{"jsonrpc": "1.0", "id": 1, "method": "ping"}', -32600), (b'{"jsonrpc": "2.0", "id": null, "method": "ping"}', -32600),
    (b'{"jsonrpc": "2.0", "id": 1.5, "method": "ping"}', -32600), (b'{"jsonrpc": "2.0", "id": {}, "method": "ping"}', -32600),
    (b'{"jsonrpc": "2.0", "id": 1, "method": 7}', -32600), (b'{"jsonrpc": "2.0", "id": 1}', -32600),
    (b'{"jsonrpc": "2.0", "id": 1, "method": "ping", "params": []}', -32602),
    (b'[{"jsonrpc": "2.0", "id": 1, "method": "ping"}]', -32600),
    (b'{"jsonrpc": "2.0", "id": 1, "method": "tools/call"}', -32602),
    (b'{"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": {"name": "status", "arguments": []}}', -32602),
    (b'{"jsonrpc": "2.0", "id": 1, "method": "tools/list", "params": {"cursor": "x"}}', -32602),
    (b'{"jsonrpc": "2.0", "id": 1, "method": "nix"}', -32601),
]


def test_garbage_is_refused_and_the_next_request_answered(filled, serve):
    server = serve(filled.db.dsn_reader)
    for line, code in GARBAGE:
        server.write(line + b"\n")
        answer = server.next()
        assert answer["error"]["code"] == code and answer["error"]["message"], line[:100]
        assert answer.get("id") in (None, 1) and answer.get("id", 1) is not None
        assert server.ask("ping", "still there")["result"] == {}
    server.close()


def test_notices_and_answers_are_never_answered(filled, serve):
    server = serve(filled.db.dsn_reader)
    for message in ({"method": "notifications/initialized"}, {"method": "nix"}, {"method": "tools/list", "params": []},
                    {"method": "notifications/cancelled", "params": {"requestId": "nobody"}},
                    {"method": "notifications/cancelled"}, {"id": 1, "result": {}}, {"id": 1, "error": {"code": 1}}):
        server.write(json.dumps({"jsonrpc": "2.0", **message}).encode() + b"\n")
    server.write(b"\n\n")
    assert server.ask("ping", 1)["result"] == {}
    server.close()


def test_long_lines(filled, serve):
    server = serve(filled.db.dsn_reader)
    comment = "x" * 1_000_000
    answer = server.ask("tools/call", 1, name="query_sql",
                        arguments={"project": "p", "sql": f"select length('{comment}') as long"})
    assert error(answer["result"])["message"].startswith("The answer is longer")  # the query is repeated in it
    server.write(b'{"jsonrpc": "2.0", "id": 2, "method": "' + b"x" * MIB + b'"}\n')
    assert code_of(server.next()) == -32600
    for _ in range(80):  # a line that never ends costs no memory
        server.write(b"y" * MIB)
    server.write(b"\n")
    assert code_of(server.next()) == -32600
    peak = [line for line in open(f"/proc/{server.process.pid}/status") if line.startswith("VmRSS")]
    assert int(peak[0].split()[1]) < 100 * 1024, peak  # with the sanitizers' shadow
    assert server.ask("ping", 3)["result"] == {}
    server.close()


def test_requests_come_as_the_pipe_gives_them(filled, serve):
    server = serve(filled.db.dsn_reader)
    ping = b'{"jsonrpc": "2.0", "id": %d, "method": "ping"}\n'
    server.write(ping % 1 + ping % 2)  # two in one write
    assert [server.next()["id"], server.next()["id"]] == [1, 2]
    for part in (ping % 3)[:9], (ping % 3)[9:20], (ping % 3)[20:]:
        server.write(part)
    assert server.next()["id"] == 3
    server.write((ping % 4).replace(b"\n", b"\r\n"))
    assert server.next()["id"] == 4
    server.write((ping % 5).rstrip())  # the last line without its end
    code, rest = server.end()
    assert code == 0 and [json.loads(line)["id"] for line in rest] == [5]


def test_arguments_are_not_the_command_line(filled, serve):
    """No value becomes an option, and only what a tool shows is one."""
    server = serve(filled.db.dsn_reader)

    def call(name, **arguments):
        return server.ask("tools/call", 1, name=name, arguments=arguments)["result"]

    assert error(call("list_runs", project="--dsn=host=/nowhere"))["code"] == "not_found"
    assert error(call("compare_runs", project="p", runs=["--dsn=host=/nowhere", "--help"]))["code"] == "not_found"
    for hidden in ("dsn", "json", "fields", "follow", "wait", "help", "format"):
        assert hidden in error(call("poll_alerts", project="p", **{hidden: "x"}))["message"]
    assert "'project'" in error(call("list_runs", projekt="p"))["message"]
    assert "--project" in error(call("list_runs"))["message"]
    for wrong in (True, {}, [], 1.5):
        assert error(call("poll_alerts", project="p", limit=wrong))["code"] == "usage"
    for wrong in (-1, 31, "30", 1e300):
        assert "wait_s" in error(call("poll_alerts", project="p", wait_s=wrong))["message"]
    assert error(call("list_runs", project="p", filter=["state=failed"] * 65))["code"] == "usage"
    assert len(document(call("list_runs", project="p", filter="state=failed", limit=5.0, rank=None))["runs"]) == 1
    server.close()


def test_an_answer_has_a_limit_and_says_how_to_ask_for_less(filled, serve):
    server = serve(filled.db.dsn_reader)
    many = {"project": "r", "run": "many", "metric": "m"}
    complaint = error(server.ask("tools/call", 1, name="get_metrics", arguments={**many, "max_points": 0})["result"])
    assert complaint["code"] == "usage" and "96 KiB" in complaint["message"] and "max_points" in complaint["hint"]
    near = document(server.ask("tools/call", 2, name="get_metrics", arguments={**many, "around": 9})["result"])
    assert [value["step"] for value in near["values"]] == list(range(20)) and near["truncated"] is False
    server.close()


def test_long_series_and_snapshots_are_cut_to_what_an_agent_can_read(filled, serve):
    server = serve(filled.db.dsn_reader)
    tools = {tool["name"]: tool["inputSchema"]["properties"] for tool in server.ask("tools/list", 0)["result"]["tools"]}
    assert tools["get_metrics"]["max_points"]["default"] == tools["snapshot"]["limit"]["default"] == 200
    run = {"project": "r", "run": "many"}
    for points, given in ((200, {}), (200, {"max_points": None}), (50, {"max_points": 50})):
        answer = server.ask("tools/call", 1, name="get_metrics", arguments={**run, "metric": "m", **given})["result"]
        cut = document(answer)
        assert cut["truncated"] and points / 2 < len(cut["values"]) <= points
        assert len(answer["content"][0]["text"]) < 32 * 1024
    everything = {**run, "around": 1250, "window": 1250}
    snapshot = document(server.ask("tools/call", 2, name="snapshot", arguments=everything)["result"])
    assert snapshot["has_more"] and len(snapshot["metrics"]["m"]) == 200
    server.close()


def test_hostile_texts_stay_inside_json(filled, serve):
    server = serve(filled.db.dsn_reader)
    answer = server.ask("tools/call", 1, name="poll_alerts", arguments={"project": "q\u00fc"})
    assert titles(answer) == [EVIL]
    server.close()


def test_sql_leaves_nothing_behind(filled, serve):
    """Each statement of an agent has a connection of its own: nothing that it sets is there for the next."""
    server = serve(filled.db.dsn_reader)

    def query(sql):
        return server.ask("tools/call", 1, name="query_sql", arguments={"project": "p", "sql": sql})["result"]

    (columns,) = document(query("""select count(*) as n from information_schema.columns
        where table_schema = 'tocsin' and table_name = 'metrics' and column_name in ('run', 'rank', 'value')"""))["rows"]
    assert columns == {"n": 3}  # as the tool's description says
    assert document(query("select set_config('search_path', 'nowhere', false) as path"))["row_count"] == 1
    assert document(query("select pg_advisory_lock(1)::text as locked, pg_backend_pid() as pid"))["row_count"] == 1
    assert document(query("select count(*) as runs from runs_overview"))["rows"] == [{"runs": 7}]
    wait_for(lambda: filled.db.value("select count(*) from pg_locks where locktype = 'advisory'") == 0)
    for sql in ("update tocsin.runs set name = 'x'", "set role tocsin_owner", "select 1; select 2", "commit"):
        assert error(query(sql))["code"] == "usage"
    server.close()


# Waiting


def test_waiting_calls_hold_up_nothing(watched, serve):
    watched.run("q", "r", 2)
    server = serve(watched.db.dsn_reader)
    begin_poll(server, "high", min_level="error")
    begin_poll(server, "any")
    server.call("short", "poll_alerts", project="q", wait_s=1)
    assert document(server.ask("tools/call", 1, name="list_projects", arguments={})["result"])["projects"] == ["p", "q"]
    watched.alert(1, "a warning", level=1)
    answer = server.next()
    assert answer["id"] == "any" and titles(answer) == ["a warning"]
    answer = server.next()
    assert answer["id"] == "short" and titles(answer) == []
    watched.alert(1, "an error", level=2)
    answer = server.next()
    assert answer["id"] == "high" and titles(answer) == ["an error"]
    server.close()


def store_and_tell(stored, title):
    """As tocsind does: the notification is part of the transaction."""
    connection = stored.db.connect()
    connection.autocommit = False
    with connection.cursor() as cursor:
        cursor.execute("insert into tocsin.alerts (project_id, run_id, rank, attempt, level, title, time) "
                       "select project_id, run_id, 0, 0, 1, %s, now() from tocsin.runs", (title,))
        cursor.execute("select pg_notify('tocsin_alerts', '')")
    connection.commit()
    connection.close()


def test_the_database_wakes_who_waits(watched, serve):
    """Without its notification a call is looked at a second after it began, so each round would take that."""
    server = serve(watched.db.dsn_reader)
    took = []
    for n in range(5):
        begin_poll(server, n)
        start = time.monotonic()
        store_and_tell(watched, f"alert {n}")
        assert titles(server.next()) == [f"alert {n}"]
        took.append(time.monotonic() - start)
    assert min(took) < 0.5, took
    server.close()


def test_the_first_alert_of_all_wakes_who_asked_without_a_cursor(watched, serve):
    took = []
    for _ in range(3):
        watched.db.query("delete from alerts")
        server = serve(watched.db.dsn_reader)
        server.call(1, "poll_alerts", project="p", wait_s=30)
        assert "result" in server.ask("ping", 2)
        start = time.monotonic()
        store_and_tell(watched, "the first")
        assert titles(server.next()) == ["the first"]
        took.append(time.monotonic() - start)
        server.close()
    assert min(took) < 0.5, took


def test_an_idle_server_reads_what_it_is_told(watched, serve):
    """PostgreSQL keeps notifications for all until the last listener has taken them."""
    server = serve(watched.db.dsn_reader)
    begin_poll(server, 1)
    server.send("notifications/cancelled", requestId=1)
    for n in range(40):
        watched.db.query("select count(pg_notify('tocsin_alerts', repeat('x', 7000) || %s || i)) from generate_series(1, 50) i",
                         str(n))
    wait_for(lambda: watched.db.value("select pg_notification_queue_usage()") == 0)
    server.close()


def test_a_wait_ends_with_its_time(watched, serve):
    server = serve(watched.db.dsn_reader)
    start = time.monotonic()
    begin_poll(server, 1, wait_s=1)
    answer = server.next()
    assert answer["id"] == 1 and titles(answer) == [] and 0.9 < time.monotonic() - start < 10
    cursor = document(answer["result"])["cursor"]
    watched.alert(1, "after it")
    assert titles(server.ask("tools/call", 2, name="poll_alerts", arguments={"project": "p", "cursor": cursor})) == [
        "after it"]
    server.close()


def test_so_many_calls_may_wait(watched, serve):
    server = serve(watched.db.dsn_reader)
    for n in range(16):
        begin_poll(server, n)
    server.call(16, "poll_alerts", project="p", wait_s=30)
    answer = server.next()
    assert answer["id"] == 16 and error(answer["result"])["retryable"] is True
    watched.alert(1, "for all")
    assert sorted(server.next()["id"] for _ in range(16)) == list(range(16))
    server.close()


@pytest.mark.parametrize("number", [7, "seven"])
def test_a_cancelled_call_is_never_answered(watched, serve, number):
    server = serve(watched.db.dsn_reader)
    begin_poll(server, number)
    begin_poll(server, "other")
    server.send("notifications/cancelled", requestId=str(number) if number == 7 else 7)  # of another
    server.send("notifications/cancelled", requestId=number, reason="enough")
    assert server.ask("ping", 1)["result"] == {}
    watched.alert(1, "late")
    assert server.next()["id"] == "other"
    assert server.ask("ping", 2)["result"] == {}
    server.close()


def test_the_end_of_the_input_ends_a_wait(watched, serve):
    server = serve(watched.db.dsn_reader)
    begin_poll(server, 1)
    start = time.monotonic()
    code, rest = server.end()
    assert (code, rest) == (0, []) and time.monotonic() - start < 5


def test_a_client_that_takes_no_answers_ends_the_server(watched, place):
    unread, output = os.pipe()
    with subprocess.Popen([program("tocsin"), "mcp"], stdin=subprocess.PIPE, stdout=output,
                          env=environment(place, {"TOCSIN_DSN": watched.db.dsn_reader})) as process:
        os.close(output)
        os.close(unread)
        process.stdin.write(b'{"jsonrpc": "2.0", "id": 1, "method": "ping"}\n')
        process.stdin.flush()  # and stays open
        assert process.wait(15) != 0


# The database


def backends(stored):
    return stored.db.query("""select pid from pg_stat_activity
        where datname = current_database() and application_name = 'tocsin' order by pid""")


def test_calls_share_a_connection(watched, serve):
    server = serve(watched.db.dsn_reader)
    begin_poll(server, 1)
    first = backends(watched)
    assert len(first) == 1
    for n in range(5):
        assert "result" in server.ask("tools/call", n, name="list_runs", arguments={"project": "p"})
        assert error(server.ask("tools/call", n, name="get_run", arguments={"project": "p", "run": "x"})["result"])
        assert document(server.ask("tools/call", n, name="status", arguments={})["result"])
    assert backends(watched) == first
    server.close()
    wait_for(lambda: not backends(watched), 10)


def test_a_connection_that_was_cut_is_made_again(watched, serve):
    server = serve(watched.db.dsn_reader)
    for n in range(3):
        assert document(server.ask("tools/call", n, name="list_projects", arguments={})["result"])["projects"] == ["p"]
        ((pid,),) = backends(watched)
        watched.db.query("select pg_terminate_backend(%s)", pid)
    server.close()


def test_a_wait_outlives_a_restart_of_the_database(own_cluster, serve):
    stored = Stored(own_cluster.create())
    stored.run("p", "r", 1)
    server = serve(stored.db.dsn_reader)
    begin_poll(server, 1)
    own_cluster.stop()
    server.call(2, "list_projects")
    answer = server.next()
    assert answer["id"] == 2 and error(answer["result"])["code"] == "unreachable"
    own_cluster.start()
    stored.db.close()
    stored.alert(1, "after the restart")
    answer = server.next()
    assert answer["id"] == 1 and titles(answer) == ["after the restart"]
    server.close()
