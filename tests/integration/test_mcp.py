# SPDX-License-Identifier: Apache-2.0
"""tocsin mcp with the official clients, in each generation of the protocol that they speak."""

import json
import re
import time

import pytest

from contract_data import fill
from mcp_support import CLIENTS, MODERN, Client, Failed, document, error
from rig.python import TOP
from rig.wait import wait_for
from stored import Stored

jsonschema = pytest.importorskip("jsonschema")

READERS = ["status", "list_projects", "list_runs", "get_run", "get_metrics", "snapshot", "compare_runs",
           "sweep_summary", "poll_alerts", "query_sql"]
RUN = {"project": "p", "run": "twin"}
ODD = {"project": "q\u00fc", "run": "odd"}

# Tool, its arguments, and the command line that is the same question.
CALLS = [
    ("list_projects", {}, ["list", "projects"]),
    ("list_runs", {"project": "p"}, ["list", "runs", "--project", "p"]),
    ("list_runs", {"project": "p", "filter": ["state=failed"], "metric": ["train/loss"], "sort": "-created", "top": 1},
     ["list", "runs", "--project", "p", "--filter", "state=failed", "--metric", "train/loss", "--sort=-created",
      "--top", "1"]),
    ("get_run", RUN, ["get", "run", "--project", "p", "--run", "twin"]),
    ("get_metrics", {**ODD, "metric": "x"}, ["get", "metric", "--project", "q\u00fc", "--run", "odd", "--metric", "x"]),
    ("get_metrics", {**RUN, "metric": "train/loss", "around": 2, "window": 1, "rank": 0, "attempt": "all"},
     ["get", "metric", "--project", "p", "--run", "twin", "--metric", "train/loss", "--around", "2", "--window", "1",
      "--rank", "0", "--attempt", "all"]),
    ("snapshot", {**RUN, "at_time": "2026-11-23T12:31:44Z", "window": 5},
     ["get", "snapshot", "--project", "p", "--run", "twin", "--at-time", "2026-11-23T12:31:44Z", "--window", "5"]),
    ("compare_runs", {"project": "p", "runs": ["11", "12"], "all": True},
     ["compare", "11", "12", "--project", "p", "--all"]),
    ("sweep_summary", {"project": "p", "metric": "train/loss", "by": ["config.lr"]},
     ["sweep", "--project", "p", "--metric", "train/loss", "--by", "config.lr"]),
    ("query_sql", {"project": "p", "sql": "select 1 as one, 'nan'::float8 as odd"},
     ["query", "project", "--project", "p", "--sql", "select 1 as one, 'nan'::float8 as odd"]),
]


@pytest.fixture(scope="module")
def stored(cluster):
    stored = Stored(cluster.create())
    fill(stored)
    return stored


@pytest.fixture
def connect(place):
    """Clients, which must end well if the test does."""
    made = []

    def make(kind, dsn, *argv, env=None):
        made.append(Client(kind, place, dsn, *argv, env=env))
        return made[-1]

    yield make
    for client in made:
        client.stop()


@pytest.mark.parametrize("kind", CLIENTS)
def test_a_client_connects_and_is_told_of_the_tools(stored, connect, kind):
    client = connect(kind, stored.db.dsn_reader)
    versions = {"sdk": None, "legacy": "2025-11-25", "auto": MODERN, "modern": MODERN}
    assert client.hello["version"] == versions[kind]
    assert client.hello["server"]["name"] == "tocsin" and "poll_alerts" in client.hello["instructions"]
    tools = client.tools()
    assert [tool["name"] for tool in tools] == READERS  # in this order, always
    for tool in tools:
        assert tool["annotations"]["readOnlyHint"] is True and tool["description"]
        for schema in (tool["inputSchema"], tool["outputSchema"]):
            jsonschema.Draft202012Validator.check_schema(schema)
            assert schema["type"] == "object"
        assert all(re.fullmatch("[a-z_]+", name) for name in tool["inputSchema"]["properties"])
    client.close()


@pytest.mark.parametrize("kind", CLIENTS)
def test_a_tool_answers_what_its_command_prints(stored, connect, kind):
    client = connect(kind, stored.db.dsn_reader)
    tools = {tool["name"]: tool for tool in client.tools()}  # from now on the client checks answers too
    for name, arguments, argv in CALLS:
        jsonschema.validate(arguments, tools[name]["inputSchema"])
        answer = document(client.call(name, **arguments))
        assert answer == stored.json(*argv)
        jsonschema.Draft202012Validator(tools[name]["outputSchema"]).validate(answer)
    alerts = document(client.call("poll_alerts", project="p", min_level="warn"))
    assert [alert["title"] for alert in alerts["alerts"]] == ["rank one", "diverged"]
    status = document(client.call("status"))
    assert status["database"]["answers"] and not status["running"] and status["projects"] == 4
    assert {name for name, _, _ in CALLS} | {"poll_alerts", "status"} == set(READERS)
    client.close()


def test_what_a_schema_leaves_out_is_not_taken(stored, connect):
    """A schema that takes anything proves nothing."""
    tools = {tool["name"]: tool for tool in connect("modern", stored.db.dsn_reader).tools()}
    arguments, answer = (tools["get_metrics"][key] for key in ("inputSchema", "outputSchema"))
    for wrong in ({}, {**RUN}, {**RUN, "metric": "x", "fields": "step"}, {**RUN, "metric": "x", "rank": -1}):
        with pytest.raises(jsonschema.ValidationError):
            jsonschema.validate(wrong, arguments)
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(stored.json("list", "projects"), answer)


@pytest.mark.parametrize("kind", CLIENTS)
def test_errors_are_those_of_the_command_line(stored, connect, kind):
    client = connect(kind, stored.db.dsn_reader)
    client.tools()
    printed = stored.cli("get", "run", "--project", "p", "--run", "twyn", "--json")
    assert error(client.call("get_run", project="p", run="twyn")) == json.loads(printed.stderr)["error"]
    assert error(client.call("list_runs", project="none"))["code"] == "not_found"
    assert error(client.call("query_sql", project="p", sql="delete from tocsin.runs"))["code"] == "usage"
    with pytest.raises(Failed) as failed:
        client.call("delete_everything")
    assert failed.value.args[0] == -32602
    client.close()


def test_no_database_is_worth_another_try(stored, connect, place):
    client = connect("modern", f"host={place} dbname=none")
    assert {**error(client.call("list_projects")), "message": ""} == {
        "code": "unreachable", "message": "", "hint": None, "retryable": True}
    assert document(client.call("status"))["database"]["answers"] is False
    client.close()


@pytest.mark.parametrize("kind", CLIENTS)
def test_a_poll_that_waits_is_woken_by_the_commit(db, connect, kind):
    stored = Stored(db)
    stored.run("p", "r", 1)
    client = connect(kind, db.dsn_reader)
    first = document(client.call("poll_alerts", project="p"))
    assert first["alerts"] == []
    waiting = client.begin("poll_alerts", project="p", cursor=first["cursor"], wait_s=30)
    assert document(client.call("list_projects"))["projects"] == ["p"]  # meanwhile others are answered
    stored.alert(1, "it diverged", level=2, step=7)
    since = time.monotonic()
    found = document(client.answer(waiting))
    assert time.monotonic() - since < 5  # not the 30 s
    assert [alert["title"] for alert in found["alerts"]] == ["it diverged"]
    again = document(client.call("poll_alerts", project="p", cursor=found["cursor"], wait_s=1))
    assert again["alerts"] == [] and again["has_more"] is False
    client.close()


@pytest.mark.parametrize("kind", CLIENTS)
def test_a_cancelled_poll_is_over(db, connect, kind):
    stored = Stored(db)
    stored.run("p", "r", 1)
    client = connect(kind, db.dsn_reader)
    cursor = document(client.call("poll_alerts", project="p"))["cursor"]
    waiting = client.begin("poll_alerts", project="p", cursor=cursor, wait_s=30)
    assert document(client.call("list_projects"))["projects"] == ["p"]
    client.cancel(waiting)
    with pytest.raises(Failed):
        client.answer(waiting)
    stored.alert(1, "later")
    later = document(client.call("poll_alerts", project="p", cursor=cursor, wait_s=30))
    assert [alert["title"] for alert in later["alerts"]] == ["later"]
    client.close()


def test_alerts_are_acknowledged_if_that_was_allowed(db, connect):
    stored = Stored(db)
    stored.run("p", "r", 1)
    alert = str(stored.alert(1, "loss is NaN"))
    reader = connect("modern", db.dsn_owner)
    with pytest.raises(Failed) as failed:
        reader.call("ack_alert", alert_ids=[alert])
    assert failed.value.args[0] == -32602
    client = connect("modern", db.dsn_owner, "--allow-ack", env={"USER": "agent"})
    tool = client.tools()[-1]
    assert tool["name"] == "ack_alert" and tool["annotations"]["readOnlyHint"] is False
    assert tool["inputSchema"]["required"] == ["alert_ids"]
    answer = document(client.call("ack_alert", alert_ids=[alert], comment="restarted"))
    assert answer == {"alerts": [alert], "who": "agent", "comment": "restarted"}
    assert stored.json("list", "alerts", "--project", "p")["alerts"][0]["acknowledged_by"] == "agent"
    assert error(client.call("ack_alert", alert_ids=["999"]))["code"] == "not_found"
    assert error(client.call("ack_alert", alert_ids=["--dsn=host=/nowhere"]))["code"] == "usage"
    client.close()
    reader.close()


def test_the_page_lists_the_tools(stored, connect):
    """docs/mcp.md and the program say the same."""
    page = (TOP / "docs/mcp.md").read_text()
    rows = re.findall(r"^\| `(\w+)` \| `tocsin ([^`]+)` \| (.*) \|$", page, re.M)
    tools = connect("modern", stored.db.dsn_reader, "--allow-ack").tools()
    assert [row[0] for row in rows] == [tool["name"] for tool in tools]
    for (name, _, arguments), tool in zip(rows, tools):
        schema = tool["inputSchema"]
        shown = [f"**{key}**" if key in schema["required"] else key for key in schema["properties"]]
        assert arguments == (", ".join(shown) or "none"), name


def test_the_client_of_the_page_is_the_one_that_was_tried():
    """Hosts of one machine have no place in the lock."""
    lock = json.loads((TOP / "tests/integration/mcp/package-lock.json").read_text())
    resolved = {package.get("resolved", "https://registry.npmjs.org/") for package in lock["packages"].values()}
    assert all(url.startswith("https://registry.npmjs.org/") for url in resolved)
    for name, version in lock["packages"][""]["dependencies"].items():
        assert f"`{name}` {version}" in (TOP / "docs/mcp.md").read_text()
