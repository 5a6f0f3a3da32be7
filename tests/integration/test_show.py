# SPDX-License-Identifier: Apache-2.0
"""tocsin show: what its server answers (docs/http.md), to whom, and what it keeps from others."""

import gzip
import http.client
import json
import math
import re
import threading
import urllib.parse

import pytest

from rig.show import Show
from rig.wait import wait_for
from stored import T0, Stored, iso

NAN = float("nan")


@pytest.fixture
def stored(db):
    stored = Stored(db)
    stored.run("p", "r", 1, world_size=2, attempts=((0, 0), (1, 0)), config='{"lr": 0.1}')
    stored.log(1, ["loss", "acc"], [(s, s, [10.0 - s, s / 10]) for s in range(10)], rank=0)
    stored.log(1, ["loss"], [(s, s, [20.0 - s if s != 4 else NAN]) for s in range(10)], rank=1)
    stored.log(1, ["cpu"], [(0, 5, [0.5]), (0, 15, [0.75])], kind="system")
    stored.refresh_state()
    stored.alert(1, "first", level=2, step=3)
    return stored


@pytest.fixture
def start(place, stored):
    started = []

    def start(*argv, dsn=None):
        started.append(Show(place, dsn or stored.db.dsn_reader, *argv))
        return started[-1]

    yield start
    for show in started:
        if show.process.poll() is None:
            show.stop()


@pytest.fixture
def show(start):
    return start()


# Commands


@pytest.mark.parametrize("path, argv", [
    ("list/projects", ["list", "projects"]),
    ("list/runs?project=p&metric=loss&metric=acc&filter=state%3Drunning",
     ["list", "runs", "--project=p", "--metric=loss", "--metric=acc", "--filter=state=running"]),
    ("get/run?project=p&run=r", ["get", "run", "--project=p", "--run=r"]),
    ("get/snapshot?project=p&run=r&around=3&window=1", ["get", "snapshot", "--project=p", "--run=r", "--around=3",
                                                        "--window=1"]),
    ("ranks?project=p&run=r", ["ranks", "--project=p", "--run=r"]),
    ("list/alerts?project=p&min-level=warn", ["list", "alerts", "--project=p", "--min-level=warn"]),
    ("sweep?project=p&metric=loss&by=lr", ["sweep", "--project=p", "--metric=loss", "--by=lr"]),
    ("compare?project=p&arg=r&arg=1&all=1", ["compare", "--project=p", "--all", "r", "1"]),
])
def test_commands_answer_as_on_the_command_line(stored, show, path, argv):
    def without_moments(text):
        return re.sub(r'("silent_s"|"last_seen"|"cursor"): [^,}]*', "", json.dumps(text))

    assert without_moments(show.json(f"/api/{path}")) == without_moments(stored.json(*argv))


@pytest.mark.parametrize("path, status, code", [
    ("list/runs?project=nowhere", 404, "not_found"),
    ("list/runs", 400, "usage"),
    ("list/runs?project=p&colour=red", 400, "usage"),
    ("list/runs?project=p&dsn=host%3Devil", 400, "usage"),
    ("list/runs?project=p&format=tsv", 400, "usage"),
    ("list/alerts?project=p&wait=60s", 400, "usage"),
    ("list/alerts?project=p&follow=1", 400, "usage"),
    ("list/alerts?project=p&level=fatal", 400, "usage"),
    ("list/runs?project=p%00q", 400, "usage"),
    ("list/runs?project=%ff", 400, "usage"),
    ("list/runs?" + "&".join(["filter=state%3Drunning"] * 1200), 400, "usage"),
    ("nothing", 404, "not_found"),
    ("query/project?project=p&sql=select%201", 404, "not_found"),
    ("ack?arg=1", 404, "not_found"),
    ("migrate", 404, "not_found"),
    ("../../etc/passwd", 404, "not_found"),
])
def test_what_is_refused(show, path, status, code):
    error = show.json(f"/api/{path}", status)["error"]
    assert error["code"] == code and error["message"]


def test_a_value_cannot_become_an_option(stored, show):
    stored.run("--dsn=host=evil", "r", 7)
    assert show.json("/api/list/runs?project=--dsn%3Dhost%3Devil")["runs"] == ["r"]
    assert show.json("/api/compare?project=p&arg=--all&arg=r", 404)["error"]["message"] == (
        "Run '--all' not found in project 'p'.")


def test_a_database_that_goes_and_comes_back(own_cluster, place, start):
    stored = Stored(own_cluster.create())
    stored.run("p", "r", 1)
    show = start(dsn=stored.db.dsn_reader)
    assert show.json("/api/list/runs?project=p")["runs"] == ["r"]
    own_cluster.kill9()
    assert show.json("/api/list/runs?project=p", 503)["error"]["retryable"] is True
    own_cluster.start()
    assert show.json("/api/list/runs?project=p")["runs"] == ["r"]


# Curves


def test_curves_of_a_run_and_its_ranks(show):
    (series,) = show.json("/api/curves?project=p&metric=loss&run=1&points=2")["series"]
    assert (series["run_id"], series["rank"], series["calls"], series["last_step"]) == ("1", None, 20, 9)
    assert series["first_step"] == [0, 5] and series["last_steps"] == [4, 9]
    assert series["min"] == [6.0, 1.0] and series["max"] == [20.0, 15.0]
    assert series["n"] == [10, 10] and series["odd"] == [1, 0]
    assert math.isclose(series["mean"][0], (10 + 9 + 8 + 7 + 6 + 20 + 19 + 18 + 17) / 9)
    assert series["first_time"][0] == int(T0.timestamp() * 1000) and series["last_time"][1] == series["first_time"][0] + 9000
    ranks = show.json("/api/curves?project=p&metric=loss&run=1&by=rank")["series"]
    assert [one["rank"] for one in ranks] == [0, 1] and ranks[1]["last"][4] is None and len(ranks[0]["n"]) == 10
    (one,) = show.json("/api/curves?project=p&metric=loss&run=1&rank=1")["series"]
    assert one["max"][:2] == [20.0, 19.0]


def test_curves_of_what_is_new(stored, show):
    path = "/api/curves?project=p&metric=acc&run=1"
    (whole,) = show.json(path)["series"]
    assert (sum(whole["n"]), whole["calls"]) == (10, 10)
    stored.log(1, ["loss", "acc"], [(s, s, [0.0, 9.0]) for s in range(10, 13)])
    stored.refresh_state()
    (new,) = show.json(path + "&since=1:9")["series"]
    assert new["first_step"] == [10, 11, 12] and new["min"] == [9.0] * 3
    assert sum(whole["n"]) + sum(new["n"]) == new["calls"]
    (nothing,) = show.json(path + "&since=1:12")["series"]
    assert nothing["n"] == [] and nothing["calls"] == 13
    (part,) = show.json(path + "&from=3&to=6&points=2")["series"]
    assert part["first_step"] == [3, 5] and part["last_steps"] == [4, 6]


def test_curves_of_system_metrics(show):
    (series,) = show.json("/api/curves?project=p&metric=cpu&run=1&kind=system")["series"]
    assert series["last"] == [0.5, 0.75] and series["last_step"] == int(T0.timestamp() + 15) * 1000000


@pytest.mark.parametrize("query", ["", "project=p", "project=p&metric=loss&run=x", "project=p&metric=loss&points=1",
                                   "project=p&metric=loss&points=9999", "project=p&metric=loss&run=1&since=2:1",
                                   "project=p&metric=loss&run=1&since=1:x", "project=p&metric=loss&by=host",
                                   "project=p&metric=loss&kind=all", "project=p&metric=loss&from=1e3",
                                   "project=p&metric=loss&rank=-1", "project=p&metric=loss&x=1",
                                   "project=p&metric=loss&" + "&".join(["run=1"] * 1001)])
def test_curves_that_make_no_sense(show, query):
    assert show.json(f"/api/curves?{query}", 400)["error"]["code"] == "usage"


def test_curves_of_nothing(show):
    assert show.json("/api/curves?project=p&metric=none&run=1")["series"] == []
    assert show.json("/api/curves?project=p&metric=loss")["series"] == []
    assert show.json("/api/curves?project=q&metric=loss&run=1")["series"] == []  # a run of another project


# Events


class Events:
    """Reads a stream of server-sent events in a thread."""

    def __init__(self, show, project, headers=None):
        self.connection = http.client.HTTPConnection("127.0.0.1", show.port, timeout=60)
        self.connection.request("GET", f"/api/events?project={urllib.parse.quote(project)}", headers=headers or {})
        self.answer = self.connection.getresponse()
        assert self.answer.status == 200 and self.answer.getheader("Content-Type") == "text/event-stream"
        self.events = []
        self.thread = threading.Thread(target=self._read, daemon=True)
        self.thread.start()

    def _read(self):
        event = {}
        try:
            for raw in self.answer:
                line = raw.decode().rstrip("\n")
                if not line and event:
                    self.events.append(event)
                    event = {}
                elif line and not line.startswith(":"):
                    name, value = line.split(": ", 1)
                    event[name] = value
        except (OSError, ValueError):
            pass

    def wait(self, name, n=1):
        """The n-th event of that name, its data read."""
        event = wait_for(lambda: len(self.named(name)) >= n and self.named(name)[n - 1], 30)
        return {**event, "data": json.loads(event["data"])}

    def named(self, name):
        return [event for event in self.events if event["event"] == name]

    def close(self):
        self.connection.sock.close() if self.connection.sock else self.answer.close()


def test_events(stored, show):
    events = Events(show, "p")
    hello = events.wait("hello")
    stored.alert(1, "second", text="hostile\n\ndata: x", level=1)
    stored.db.query("select pg_notify('tocsin_alerts', '')")
    alerts = events.wait("alerts")
    assert [alert["title"] for alert in alerts["data"]["alerts"]] == ["second"]
    assert alerts["id"] == alerts["data"]["cursor"] != hello["id"]
    stored.db.query("update attempts set ended = now(), ending = 'failed'; ")
    stored.db.query("update runs set last_seen = now() where run_id = 1")
    stored.run("p", "new", 2)
    runs = {}
    wait_for(lambda: [runs.update({run["name"]: run["state"]}) for event in events.named("runs")
                      for run in json.loads(event["data"])["runs"]] and runs == {"r": "failed", "new": "running"}, 30)
    told = len(events.named("runs"))
    stored.alert(1, "third")
    events.wait("alerts", 2)
    assert len(events.named("runs")) - told <= 1  # what has not changed is not told again
    # Who comes back gets what it missed, and nothing twice.
    missed = Events(show, "p", {"Last-Event-ID": alerts["id"]})
    assert [alert["title"] for alert in missed.wait("alerts")["data"]["alerts"]] == ["third"]
    for one in (events, missed):
        one.close()


def test_an_open_stream_does_not_hold_up_the_end(stored, show):
    Events(show, "p").wait("hello")
    show.stop()


def test_many_streams(stored, show):
    streams = [Events(show, "p") for _ in range(20)]
    for stream in streams:
        stream.wait("hello")
    stored.alert(1, "to all")
    stored.db.query("select pg_notify('tocsin_alerts', '')")
    for stream in streams:
        assert stream.wait("alerts")["data"]["alerts"][0]["title"] == "to all"
    assert stored.db.value("select count(*) from pg_stat_activity where usename = 'tocsin_reader'") <= 6
    for stream in streams:
        stream.close()


def test_many_browsers_behind_one_address(show):
    """Each of them keeps six connections."""
    connections = [http.client.HTTPConnection("127.0.0.1", show.port, timeout=30) for _ in range(6 * 40)]
    for connection in connections:
        connection.request("GET", "/api/session")
        assert connection.getresponse().read()
    assert show.request("/").status == 200
    for connection in connections:
        connection.close()


@pytest.mark.parametrize("path", ["/api/events", "/api/events?project=p&x=1"])
def test_events_that_make_no_sense(show, path):
    assert show.json(path, 400)["error"]["code"] == "usage"


# The page and its headers


def test_assets(show):
    page = show.request("/")
    assert page.status == 200 and b"<!doctype html>" in page.bytes.lower()
    policy = page.getheader("Content-Security-Policy")
    assert "default-src 'none'" in policy and "unsafe" not in policy
    assert page.getheader("X-Content-Type-Options") == "nosniff"
    tag = page.getheader("ETag")
    again = show.request("/", headers={"If-None-Match": tag})
    assert again.status == 304 and again.bytes == b""
    packed = show.request("/app.js", headers={"Accept-Encoding": "gzip"})
    plain = show.request("/app.js")
    assert packed.getheader("Content-Encoding") == "gzip" and gzip.decompress(packed.bytes) == plain.bytes
    assert show.request("/nothing").status == 404


def test_long_answers_are_packed(stored, show):
    path = "/api/list/metrics?project=p&run=1"
    assert show.request(path, headers={"Accept-Encoding": "gzip"}).getheader("Content-Encoding") is None
    path = "/api/curves?project=p&metric=loss&run=1&by=rank"
    packed = show.request(path, headers={"Accept-Encoding": "gzip, br"})
    assert packed.getheader("Content-Encoding") == "gzip"
    assert json.loads(gzip.decompress(packed.bytes)) == show.json(path)
    assert packed.getheader("Cache-Control") == "no-store"


# Who may look


def test_no_other_name_on_loopback(show):
    """DNS rebinding: a page of another site whose name has become 127.0.0.1."""
    assert show.request("/", headers={"Host": "evil.example"}).status == 403
    assert show.request("/api/list/projects", headers={"Host": f"evil.example:{show.port}"}).status == 403
    assert show.request("/", headers={"Host": f"localhost:{show.port}"}).status == 200
    assert show.request("/", headers={"Host": "localhost.evil.example"}).status == 403


def test_beyond_loopback_a_token_is_needed(start):
    show = start("--host=0.0.0.0")
    assert show.token and len(show.token) == 32 and "THIS-MACHINE" in show.line
    assert show.request("/").status == 401 and show.request("/api/list/projects").status == 401
    assert show.request("/?token=wrong").status == 401
    assert show.request("/api/list/projects", headers={"Authorization": "Bearer x"}).status == 401
    entry = show.request(f"/?token={show.token}")
    assert entry.status == 303 and entry.getheader("Location") == "/"
    cookie = entry.getheader("Set-Cookie")
    assert "HttpOnly" in cookie and "SameSite=Strict" in cookie
    cookie = cookie.split(";")[0]
    assert show.request("/", headers={"Cookie": f"a=b; {cookie}"}).status == 200
    assert show.request("/", headers={"Cookie": cookie + "x"}).status == 401
    assert show.request("/", headers={"Cookie": cookie[:-1]}).status == 401
    assert show.request("/api/list/projects", headers={"Authorization": f"Bearer {show.token}"}).status == 200
    assert "not encrypted" in show.stop()


def test_a_token_of_ones_own(start, stored, place):
    show = start("--token=a.b-c_9")
    assert show.token == "a.b-c_9" and show.request("/").status == 401
    for token in ("", "a b", "x" * 129, "a\nb"):
        done = stored.cli("show", f"--token={token}", "--port=0")
        assert done.rc == 2 and "--token is" in done.stderr


@pytest.mark.parametrize("argv, rc, sentence", [
    (["--host=localhost"], 2, "numeric address"), (["--host=256.1.1.1"], 2, "numeric address"),
    (["--port=70000"], 2, "--port is a whole number"), (["--project=nowhere"], 3, "Project 'nowhere' not found"),
    (["--host=203.0.113.1", "--token=x"], 2, "cannot listen on 203.0.113.1"),
])
def test_it_does_not_start(stored, argv, rc, sentence):
    done = stored.cli("show", "--port=0", *argv)
    assert (done.rc, done.stdout) == (rc, "") and sentence in done.stderr


def test_a_port_that_is_taken(stored, show):
    done = stored.cli("show", f"--port={show.port}")
    assert done.rc == 2 and "is it taken? Give another --port" in done.stderr


def test_session(start, stored):
    assert start().json("/api/session") == {"version": start().json("/api/session")["version"], "project": None,
                                            "writes": False}
    session = start("--project=p", dsn=stored.db.dsn_superuser).json("/api/session")
    assert (session["project"], session["writes"]) == ("p", True)


# Changes


def post(show, path, body, **headers):
    return show.request(path, "POST", json.dumps(body), {"X-Tocsin": "1", **headers})


def test_acknowledge_and_silence(start, stored):
    show = start(dsn=stored.db.dsn_superuser)
    (alert,) = show.json("/api/list/alerts?project=p")["alerts"]
    done = post(show, "/api/ack", {"ids": [alert["id"]], "comment": "on it"})
    assert done.status == 200 and json.loads(done.bytes)["alerts"] == [alert["id"]]
    (alert,) = show.json("/api/list/alerts?project=p")["alerts"]
    assert alert["acknowledged"]
    done = post(show, "/api/silence", {"project": "p", "title": "fir*", "for": "2h", "max_level": None})
    assert done.status == 200
    assert [one["title"] for one in show.json("/api/silence/list?project=p")["silences"]] == ["fir*"]


@pytest.mark.parametrize("path, body, status", [
    ("/api/ack", {"ids": ["999"]}, 404), ("/api/ack", {"ids": []}, 400), ("/api/ack", {"ids": "1"}, 400),
    ("/api/ack", {"ids": [1]}, 400), ("/api/ack", {"ids": ["--help"]}, 400), ("/api/ack", [], 400),
    ("/api/ack", {"ids": ["1"], "dsn": "x"}, 400), ("/api/silence", {"project": "p"}, 400),
    ("/api/silence", {"project": "p", "for": "soon"}, 400), ("/api/list/runs", {}, 404), ("/", {}, 405),
    ("/api/ack", {"ids": ["1"], "comment": "x" * 70000}, 413),
])
def test_changes_that_make_no_sense(start, stored, path, body, status):
    assert post(start(dsn=stored.db.dsn_superuser), path, body).status == status


def test_who_may_not_change(start, stored):
    reader = start()
    assert post(reader, "/api/ack", {"ids": ["1"]}).status == 403
    show = start(dsn=stored.db.dsn_superuser)
    body = json.dumps({"ids": ["1"]})
    assert show.request("/api/ack", "POST", body).status == 403  # a form of another site has no such header
    assert show.request("/api/ack", "POST", body, {"X-Tocsin": "1", "Origin": "http://evil.example"}).status == 403
    own = {"X-Tocsin": "1", "Origin": f"http://127.0.0.1:{show.port}"}
    assert show.request("/api/ack", "POST", body, own).status == 200


def test_garbage_harms_nobody(show):
    import socket
    for garbage in (b"\x00\xff" * 100, b"GET / HTTP/9.9\r\n\r\n", b"GET " + b"/" * 70000 + b" HTTP/1.1\r\n\r\n",
                    b"POST /api/ack HTTP/1.1\r\nHost: localhost\r\nContent-Length: 99999999999\r\n\r\nx"):
        with socket.create_connection(("127.0.0.1", show.port), timeout=10) as connection:
            connection.sendall(garbage)
            connection.shutdown(socket.SHUT_WR)
            while connection.recv(4096):
                pass
    assert show.request("/").status == 200


def test_times_are_those_of_the_command_line(stored, show):
    assert show.json("/api/list/alerts?project=p")["alerts"][0]["timestamp"] == iso(0)
