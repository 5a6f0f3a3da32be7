# SPDX-License-Identifier: Apache-2.0
"""A collector that dies while it posts: every alert arrives, and what arrives twice says that it does.

TOCSIN_TEST_KILLS: how often it is killed."""

import os
import random
import time

from rig.wait import wait_for
from webhooks import Endpoints, settings

KILLS = int(os.environ.get("TOCSIN_TEST_KILLS", 5))
LEASE_S = 30  # of a claim: OUTBOX_CLAIM_MS


def test_an_answer_that_is_never_heard_is_asked_for_again(db, make_tocsind, make_emitter, mock):
    """Killed between the post and its row: the one case in which a message goes out twice."""
    tocsind = make_tocsind().start(*settings(mock, 15))
    ends = Endpoints(db)
    url = mock.url("gate")
    endpoint = ends.add(url)
    emitter = make_emitter(tocsind)
    emitter.hello()
    emitter.alert("a")
    wait_for(lambda: mock.posts(url))
    tocsind.kill9()
    mock.gate.set()
    assert ends.message(endpoint)["state"] == "waiting"
    tocsind.start(*settings(mock, 15))
    run_out_of_claims(db)
    message = ends.wait_state(endpoint, "delivered", LEASE_S + 20)
    posts = mock.posts(url)
    assert [post.id for post in posts] == [message["webhook_id"]] * 2
    assert posts[0].body == posts[1].body and message["attempts"] == 1


def run_out_of_claims(db):
    """As if the claims of the dead had been made half a minute earlier."""
    db.query("update messages set claimed_until = claimed_until - interval '30 s' where claim is not null")


def test_kills_lose_nothing_and_double_little(db, make_tocsind, make_emitter, mock):
    """At random moments, while alerts keep coming and answers take their time."""
    rng = random.Random(KILLS)
    tocsind = make_tocsind().start(*settings(mock, 15))
    ends = Endpoints(db)
    urls = [mock.url("slow", str(n)) for n in range(4)]
    ids = [ends.add(url) for url in urls]
    emitter = make_emitter(tocsind)
    emitter.hello()
    sent = 0
    for _ in range(KILLS):
        seen = len(mock.requests)
        for _ in range(3):
            emitter.alert(f"alert {sent}")
            sent += 1
        wait_for(lambda: len(mock.requests) > seen, 40)
        until = time.monotonic() + rng.uniform(0, 1)
        wait_for(lambda: time.monotonic() > until)
        tocsind.kill9()
        run_out_of_claims(db)
        tocsind.start(*settings(mock, 15))
        emitter.reconnect(tocsind.endpoint)
        emitter.hello()
    for endpoint in ids:
        wait_for(lambda e=endpoint: ends.states(e) == {"delivered": sent}, 60, lambda e=endpoint: str(ends.states(e)))
    doubled = 0
    for url, endpoint in zip(urls, ids):
        got = [post.id for post in mock.posts(url)]
        known = {row[0] for row in db.query("select webhook_id from messages where endpoint_id = %s", endpoint)}
        assert set(got) == known
        twice = [one for one in known if got.count(one) > 1]
        assert len(got) - len(known) <= KILLS, "more than one message of an endpoint is doubled by a kill"
        doubled += len(twice)
        for one in twice:
            assert len({post.body for post in mock.posts(url) if post.id == one}) == 1
    print(f"{KILLS} kills, {sent} alerts to {len(urls)} endpoints, {len(mock.requests)} posts, "
          f"{doubled} messages came more than once")


def test_a_stop_does_not_wait_for_an_endpoint(db, make_tocsind, make_emitter, mock):
    """And what it was about is posted again by the next one, once the claim has run out."""
    tocsind = make_tocsind().start(*settings(mock, 15), "--shutdown-ms=1500")
    ends = Endpoints(db)
    url = mock.url("gate")
    endpoint = ends.add(url)
    emitter = make_emitter(tocsind)
    emitter.hello()
    emitter.alert("a")
    wait_for(lambda: mock.posts(url))
    began = time.monotonic()
    assert tocsind.stop() == 0
    assert time.monotonic() - began < 10  # of the 15 that the post may take
    mock.gate.set()
    tocsind.start(*settings(mock, 15))
    run_out_of_claims(db)
    message = ends.wait_state(endpoint, "delivered", LEASE_S + 20)
    assert {post.id for post in mock.posts(url)} == {message["webhook_id"]}


def test_alerts_wait_for_a_collector_that_may_post(db, make_tocsind, make_emitter, mock):
    """Nothing is lost while the endpoint is out of reach; a restart does not forget the schedule."""
    tocsind = make_tocsind().start(*settings(mock))
    ends = Endpoints(db)
    url = mock.url("500")
    endpoint = ends.add(url)
    emitter = make_emitter(tocsind)
    emitter.hello()
    emitter.alert("a")
    message = ends.wait_answered(endpoint)
    tocsind.kill9()
    tocsind.start(*settings(mock))
    mock.moods["500"] = mock.moods["ok"]
    assert ends.wait_state(endpoint, "delivered")["attempts"] == 2
    assert [post.id for post in mock.posts(url)] == [message["webhook_id"]] * 2
    assert mock.posts(url)[1].at >= message["next_try"] - 0.1
