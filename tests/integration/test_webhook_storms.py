# SPDX-License-Identifier: Apache-2.0
"""However many alerts there are, few messages go out, and each alert is in exactly one of them.

TOCSIN_TEST_LONG=1: with the intervals that people have, which takes minutes."""

import json
import os
import time

import pytest
import zmq

from rig import wire
from rig.emitter import FakeEmitter
from rig.wait import wait_for
from webhooks import Endpoints, settings

LONG = bool(os.environ.get("TOCSIN_TEST_LONG"))
REPEAT_S = 60 if LONG else 2
STORM, RUNS, TITLES = 10000, 20, 100
FIRST_MINUTE_MAX = 70


@pytest.fixture
def make_crowd():
    """Makes many emitters that share one context: make_crowd(tocsind, [fields of each])."""
    context = zmq.Context()
    context.max_sockets = 2048
    made = []

    def make(tocsind, all_fields):
        crowd = [FakeEmitter(tocsind.endpoint, context=context, **fields) for fields in all_fields]
        made.extend(crowd)
        for emitter in crowd:
            emitter.send_raw(emitter.hello_frame())
        for emitter in crowd:
            emitter.attempt = emitter.expect(wire.WELCOME, 30)["attempt"]
        return crowd

    yield make
    for emitter in made:
        emitter.close()
    context.term()


def alert(title, level=1, text="text", url=None):
    return [wire.ALERT, level, title, text, None, time.time_ns(), url]


def is_accounted_for(db, endpoint, alerts):
    """Each alert is delivered at this endpoint, and the messages speak of as many as there are."""
    return db.query("""select count(*), count(distinct (run_id, alert_id)) from deliveries_overview
                        where endpoint_id = %s and state = 'delivered'""", endpoint) == [(alerts, alerts)] \
        and db.value("select sum(alerts) from messages where endpoint_id = %s", endpoint) == alerts


def test_ten_thousand_alerts_in_a_second(db, make_tocsind, make_crowd, mock):
    """To endpoints that count as strictly as Slack and Discord do."""
    tocsind = make_tocsind().start(*settings(mock))
    ends = Endpoints(db)
    urls = {"slack": mock.url("slack", "s", kind="slack"), "discord": mock.url("discord", "d", kind="discord"),
            "generic": mock.url("slack", "g")}
    ids = {kind: ends.add(url, repeat_s=REPEAT_S) for kind, url in urls.items()}
    each = STORM // RUNS
    crowd = make_crowd(tocsind, [{"run_id": n + 1, "name": f"run {n}"} for n in range(RUNS)])
    began = time.monotonic()
    for emitter in crowd:
        emitter.send(wire.EVENTS, [alert(f"rule {n % TITLES}", level=n % 3) for n in range(each)])
    for emitter in crowd:
        emitter.wait_acked(wire.EVENTS, 30)
    stored = time.monotonic()
    deadline_s = 200 if LONG else 60
    for kind, endpoint in ids.items():
        wait_for(lambda e=endpoint: is_accounted_for(db, e, STORM), deadline_s,
                 lambda e=endpoint: f"{ends.states(e)}\n{tocsind.log}")
    print(f"{STORM} alerts acknowledged in {stored - began:.2f} s")
    for kind, url in urls.items():
        posts = mock.posts(url)
        early = [post for post in posts if post.mono < began + 60]
        print(f"{kind}: {len(posts)} posts, {len(early)} of them in the first minute; the first after "
              f"{posts[0].mono - began:.2f} s, the last after {posts[-1].mono - began:.2f} s")
        assert {post.status for post in posts} <= {200, 204}, kind
        assert len(early) <= FIRST_MINUTE_MAX and posts[0].mono - began < 10
        assert len({post.id for post in posts}) == len(posts)
    assert db.value("select count(*) from alerts") == STORM


def test_a_steady_drizzle_meets_no_limit(db, make_tocsind, make_emitter, mock):
    """Every alert is another one, and they come faster than they may be sent."""
    tocsind = make_tocsind().start(*settings(mock))
    ends = Endpoints(db)
    urls = [mock.url("slack", "s", kind="slack"), mock.url("discord", "d", kind="discord")]
    ids = [ends.add(url) for url in urls]
    emitter = make_emitter(tocsind)
    emitter.hello()
    end = time.monotonic() + (100 if LONG else 6)
    sent = 0
    while time.monotonic() < end:
        emitter.alert(f"alert {sent}")
        sent += 1
        assert emitter.is_silent(0.2)
    for endpoint in ids:
        wait_for(lambda e=endpoint: is_accounted_for(db, e, sent), 40, lambda e=endpoint: str(ends.states(e)))
    for url in urls:
        print(url.split("/")[3], len(mock.posts(url)), "posts for", sent, "alerts")
        assert {post.status for post in mock.posts(url)} <= {200, 204}


@pytest.mark.skipif(not LONG, reason="takes two minutes")
def test_as_much_as_may_be_sent_is_no_more_than_is_taken(db, make_tocsind, make_emitter, mock):
    """An alert whenever the last one has been posted: the bucket at its limit, for more than a minute."""
    tocsind = make_tocsind().start(*settings(mock))
    ends = Endpoints(db)
    urls = [mock.url("slack", "s", kind="slack"), mock.url("discord", "d", kind="discord")]
    emitters = [make_emitter(tocsind, project=f"p{n}") for n in range(2)]
    for n, url in enumerate(urls):
        ends.add(url, project=f"p{n}")
        emitters[n].hello()
    end, posted = time.monotonic() + 100, [0, 0]
    while time.monotonic() < end:
        for n, url in enumerate(urls):
            if len(mock.posts(url)) >= posted[n]:
                posted[n] += 1
                emitters[n].alert(f"alert {posted[n]}")
        assert emitters[0].is_silent(0.05)
    for url in urls:
        print(url.split("/")[3], len(mock.posts(url)), "posts in 100 s")
        assert {post.status for post in mock.posts(url)} <= {200, 204}


def test_512_ranks_say_the_same_in_one_message(db, make_tocsind, make_crowd, mock):
    ranks = 512
    tocsind = make_tocsind().start(*settings(mock), "--group-wait-ms=2000")
    ends = Endpoints(db)
    kinds = ("generic", "slack", "discord")
    ids = {kind: ends.add(mock.url("ok", "x", kind=kind)) for kind in kinds}
    crowd = make_crowd(tocsind, [{"run_id": 7, "rank": n, "world_size": ranks} for n in range(ranks)])
    for emitter in crowd:
        emitter.send(wire.EVENTS, [alert("loss is NaN", level=2)])
    for emitter in crowd:
        emitter.wait_acked(wire.EVENTS)
    for kind, endpoint in ids.items():
        ends.wait_states(endpoint, delivered=ranks)
        (post,) = mock.posts(mock.url("ok", "x", kind=kind))
        body = post.body.decode()
        json.loads(body)
        assert "loss is NaN" in body, body
        assert "512 of 512" in body or kind == "generic" and body.count("512") == 2 + 1, body
        assert ends.message(endpoint)["alerts"] == ranks


def test_the_same_alert_again_waits_for_its_interval(db, make_tocsind, make_emitter, mock):
    tocsind = make_tocsind().start(*settings(mock))
    ends = Endpoints(db)
    url = mock.url("ok")
    endpoint = ends.add(url, repeat_s=REPEAT_S)
    emitter = make_emitter(tocsind)
    emitter.hello()
    emitter.alert("same")
    ends.wait_states(endpoint, delivered=1)
    for _ in range(3):
        emitter.alert("same")
    emitter.alert("same", level="error")  # not the same: it is worse
    ends.wait_states(endpoint, delivered=2, waiting=3)
    ends.wait_states(endpoint, delivered=5, deadline_s=REPEAT_S + 20)
    posts = mock.posts(url)
    assert len(posts) == 3
    assert posts[1].mono - posts[0].mono < REPEAT_S
    assert posts[2].mono - posts[0].mono > REPEAT_S - 0.2
    assert ends.message(endpoint)["alerts"] == 3


def test_what_people_do_not_want_to_hear_is_stored_and_not_sent(db, make_tocsind, make_emitter, mock):
    tocsind = make_tocsind().start(*settings(mock))
    ends = Endpoints(db)
    endpoint = ends.add(mock.url("ok"), repeat_s=0)
    emitter, other = make_emitter(tocsind, project="p"), make_emitter(tocsind, project="q")
    emitter.hello()
    other.hello()
    silence = """insert into silences (project_id, max_level, title, who, ends)
                 values ((select project_id from projects where name = %s), %s, %s, 'ann', now() + %s)"""
    db.query(silence, "p", 2, "disk * is_100%", "1 hour")
    db.query(silence, "p", 1, "loss*", "1 hour")
    db.query(silence, "p", 2, "temperature", "-1 second")
    for title, level in (("disk 7 is_100%", "error"), ("disk 7 is 100%", "error"), ("disk 7 is_1000", "warn"),
                         ("loss is NaN", "warn"), ("loss is NaN", "error"), ("temperature", "warn")):
        emitter.alert(title, level=level)
    other.alert("loss is NaN")
    ends.wait_states(endpoint, delivered=5, silenced=2)

    emitter.alert("grad")
    ends.wait_states(endpoint, delivered=6, silenced=2)
    db.query("insert into acks select run_id, alert_id, 'ann' from alerts where title = 'grad'")
    emitter.alert("grad")
    emitter.alert("grad", level="error")
    ends.wait_states(endpoint, delivered=7, silenced=2, acknowledged=1)
    assert db.value("select count(*) from alerts") == 10


def test_a_silence_of_everything(db, make_tocsind, make_emitter, mock):
    tocsind = make_tocsind().start(*settings(mock))
    ends = Endpoints(db)
    endpoint = ends.add(mock.url("ok"))
    emitter = make_emitter(tocsind)
    emitter.hello()
    db.query("insert into silences (who, ends) values ('ann', now() + interval '1 hour')")
    emitter.alert("a", level="error")
    ends.wait_states(endpoint, silenced=1)
    assert mock.requests == []


def test_several_collectors_double_nothing(db, make_tocsind, make_emitter, mock):
    collectors = [make_tocsind(name=name).start(*settings(mock)) for name in "abc"]
    ends = Endpoints(db)
    urls = [mock.url("slack" if n % 2 else "429-once", str(n)) for n in range(8)]
    ids = [ends.add(url) for url in urls]
    emitters = [make_emitter(tocsind, run_id=n + 1) for n, tocsind in enumerate(collectors)]
    for emitter in emitters:
        emitter.hello()
    for n in range(10):
        for emitter in emitters:
            emitter.alert(f"alert {n}")
    for endpoint in ids:
        wait_for(lambda e=endpoint: is_accounted_for(db, e, 30), 60, lambda e=endpoint: str(ends.states(e)))
    for url, endpoint in zip(urls, ids):
        posts = mock.posts(url)
        again = sum(post.status == 429 for post in posts)
        assert again == (0 if "slack" in url else 1), url
        assert len(posts) - again == len({post.id for post in posts}), url
        assert len(posts) - again == db.value("select count(*) from messages where endpoint_id = %s", endpoint)
