# SPDX-License-Identifier: Apache-2.0
"""Which alerts go where, and what a post looks like when it gets there."""

import base64
import json
import re
import time

import pytest

from rig.process import Process, program
from rig.wait import wait_for
from webhooks import Endpoints, settings

SECRETS = ["whsec_" + base64.b64encode(bytes([n]) * 32).decode() for n in (1, 2)]
HOSTILE = 'a "title" <!channel> @everyone <https://evil.test|bank> **b** `c` \\ \u202e'


def bodies(mock, url):
    return [json.loads(post.body) for post in mock.posts(url)]


@pytest.fixture
def ready(db, make_tocsind, mock):
    return make_tocsind().start(*settings(mock), "--dashboard-url=https://dash.test/base")


def test_an_alert_of_a_real_run_reaches_every_kind(db, ready, mock, place):
    """trainee: tocsin_alert() of libtocsin in a process of its own."""
    ends = Endpoints(db)
    urls = {kind: mock.url("ok", "t0ken", kind=kind) for kind in ("slack", "discord", "generic")}
    ids = {kind: ends.add(url) for kind, url in urls.items()}
    stop = place / "stop"
    trainee = Process([program("trainee"), stop, 1], place, place / "trainee.log",
                      {"TOCSIN_PROJECT": "paper", "TOCSIN_RUN_NAME": "late night", "TOCSIN_ENDPOINT": ready.endpoint,
                       "TOCSIN_RING_DIR": str(place / "rings")})
    for endpoint in ids.values():
        ends.wait_states(endpoint, delivered=1)
    stop.touch()
    wait_for(lambda: trainee.code is not None, 60)
    assert trainee.code == 0, trainee.log
    got = {kind: bodies(mock, url)[0] for kind, url in urls.items()}
    data = got["generic"]
    assert (data["title"], data["project"], data["run"], data["rank"]) == ("something", "paper", "late night", 0)
    assert data["level"] == "warn" and data["url"].startswith("https://dash.test/base")
    for kind in ("slack", "discord"):
        text = json.dumps(got[kind])
        assert "something" in text and "late night" in text and "dash.test" in text, text
    assert "blocks" in got["slack"] or "attachments" in got["slack"]
    assert got["discord"]["embeds"] and got["discord"]["allowed_mentions"] == {"parse": []}


def test_a_post_says_who_it_is_and_that_it_is_genuine(db, ready, mock, make_emitter):
    ends = Endpoints(db)
    signed, plain = mock.url("ok", "signed"), mock.url("ok", "plain")
    first, second = ends.add(signed, secret=SECRETS[0]), ends.add(plain)
    emitter = make_emitter(ready)
    emitter.hello()
    emitter.alert("a")
    ends.wait_states(first, delivered=1)
    ends.wait_states(second, delivered=1)
    (post,) = mock.posts(signed)
    assert post.is_signed(SECRETS[0]) and not post.is_signed(SECRETS[1])
    assert post.id == ends.message(first)["webhook_id"]
    assert abs(int(post.headers["webhook-timestamp"]) - time.time()) < 30
    assert re.fullmatch(r"tocsin/\S+", post.headers["user-agent"])
    assert post.headers["content-type"].startswith("application/json")
    assert set(post.headers) <= {"host", "accept", "user-agent", "content-type", "content-length", "webhook-id",
                                 "webhook-timestamp", "webhook-signature"}
    assert "webhook-signature" not in mock.posts(plain)[0].headers

    db.query("update endpoints set secret = %s, old_secret = secret, old_secret_until = now() + interval '1 hour' "
             "where endpoint_id = %s", SECRETS[1], first)
    emitter.alert("b")
    ends.wait_states(first, delivered=2)
    assert all(mock.posts(signed)[1].is_signed(secret) for secret in SECRETS)
    db.query("update endpoints set old_secret_until = now() where endpoint_id = %s", first)
    emitter.alert("c")
    ends.wait_states(first, delivered=3)
    assert [mock.posts(signed)[2].is_signed(secret) for secret in SECRETS] == [False, True]


def test_each_endpoint_takes_its_level_and_its_project(db, make_tocsind, mock, make_emitter):
    """The configuration names one for all projects; an alert may name one of its own."""
    everything = mock.url("ok", "settings")
    own = mock.url("ok", "own")
    tocsind = make_tocsind().start(*settings(mock), "--webhook-min-level=warn",
                                   env={"TOCSIND_WEBHOOK_URL": f"{everything} {mock.url('ok', 'settings2')}"})
    ends = Endpoints(db)
    urls = {"p errors": mock.url("ok", "1"), "p all": mock.url("ok", "2"), "q all": mock.url("ok", "3")}
    ends.add(urls["p errors"], "p", min_level=2)
    ends.add(urls["p all"], "p")
    ends.add(urls["q all"], "q")
    emitter = make_emitter(tocsind, project="p")
    emitter.hello()
    for level in ("info", "warn", "error"):
        emitter.alert(f"an {level}", level=level, url=own if level == "info" else None)
    emitter.alert("everywhere once", level="error", url=urls["p all"])
    wanted = {everything: 3, mock.url("ok", "settings2"): 3, urls["p errors"]: 2, urls["p all"]: 4,
              urls["q all"]: 0, own: 1}
    wait_for(lambda: db.value("select count(*) from deliveries_overview where state <> 'delivered'") == 0
             and db.value("select count(*) from deliveries_overview") == sum(wanted.values()), 30,
             lambda: str(db.query("select url, title, state from deliveries_overview")))
    posted = {url: sum(row[0] for row in db.query(
        "select alerts from messages join endpoints using (endpoint_id) where url = %s", url)) for url in wanted}
    assert posted == wanted
    assert all(mock.posts(url) or not n for url, n in wanted.items())


def test_nothing_untrusted_comes_alive_on_the_way(db, ready, mock, make_emitter):
    """As the payloads' own tests have it, once through all of tocsind."""
    ends = Endpoints(db)
    urls = {kind: mock.url("ok", "x", kind=kind) for kind in ("slack", "discord", "generic")}
    ids = [ends.add(url) for url in urls.values()]
    emitter = make_emitter(ready, name=HOSTILE)
    emitter.hello()
    emitter.alert(HOSTILE, HOSTILE * 400)
    for endpoint in ids:
        ends.wait_states(endpoint, delivered=1)
    for kind, url in urls.items():
        (post,) = mock.posts(url)
        json.loads(post.body)
        assert len(post.body) <= 20 * 1024
        if kind == "slack":
            assert b"<!channel>" not in post.body and b"<https://evil" not in post.body
        if kind == "discord":
            assert json.loads(post.body)["allowed_mentions"] == {"parse": []}


def test_a_digest_says_what_is_in_it(db, make_tocsind, make_emitter, mock):
    tocsind = make_tocsind().start(*settings(mock))
    ends = Endpoints(db)
    url = mock.url("ok")
    endpoint = ends.add(url)
    db.query("update endpoints set tokens = 1")
    emitter = make_emitter(tocsind)
    emitter.hello()
    emitter.send(0, [[3, n % 3, f"rule {n}", None, n, time.time_ns(), None] for n in range(30)])
    ends.wait_states(endpoint, delivered=30)
    digests = [body for body in bodies(mock, url) if body["type"] == "digest"]
    (digest,) = digests
    assert digest["alerts"] == digest["groups_total"] == sum(digest["alerts_by_level"].values())
    assert len(digest["groups"]) == 10 and digest["groups"][0]["level"] == "error"
    assert abs(len(mock.posts(url)) - 1 + digest["alerts"] - 30) == 0
    assert digest["timestamp"] and "tocsin list alerts" in digest["command"]


def test_what_waits_for_an_endpoint_that_is_disabled_goes_nowhere(db, ready, mock, make_emitter):
    ends = Endpoints(db)
    url = mock.url("ok")
    endpoint = ends.add(url)
    emitter = make_emitter(ready)
    emitter.hello()
    db.query("update endpoints set enabled = false")
    emitter.alert("a")
    db.query("update endpoints set enabled = true")
    emitter.alert("b")
    ends.wait_states(endpoint, delivered=1)
    assert len(mock.posts(url)) == 1
