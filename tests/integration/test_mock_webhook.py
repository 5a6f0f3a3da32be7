# SPDX-License-Identifier: Apache-2.0
"""The mock endpoint itself: it is what it says to be, and it can fail."""

import base64
import hashlib
import hmac
import http.client
import socket
import ssl

import pytest

from rig.moods import DiscordBucket, SlackBucket
from rig.wait import wait_for


def post(mock, url, body=b"{}", context=None, **headers):
    """Status, headers and body of the answer."""
    address = url.split("/")[2]
    context = context or mock.certificates.client()
    connection = http.client.HTTPSConnection(address, timeout=5, context=context)
    try:
        connection.request("POST", "/" + url.split("/", 3)[3], body, headers)
        answer = connection.getresponse()
        return answer.status, dict(answer.getheaders()), answer.read(200000)
    finally:
        connection.close()


def test_a_post_is_answered_and_kept(mock):
    url = mock.url("ok", "token", kind="slack")
    assert post(mock, url, b'{"a":1}', X_Test="1")[::2] == (200, b"ok")
    (request,) = mock.posts(url)
    assert request.path == "/ok/hooks.slack.com/services/token"
    assert (request.body, request.headers["x_test"], request.status) == (b'{"a":1}', "1", 200)
    assert mock.connections["good"] == 1


@pytest.mark.parametrize("mood, code", [("204", 204), ("307", 307), ("400", 400), ("410", 410),
                                        ("429-json", 429), ("503-retry-after", 503), ("echo", 404)])
def test_a_mood_has_its_status(mock, mood, code):
    got, headers, body = post(mock, mock.url(mood, "secret"))
    assert got == code
    assert headers.get("Location") == ("http://169.254.169.254/latest/meta-data/" if code == 307 else None)
    assert mood != "echo" or b"/echo/secret" in body


@pytest.mark.parametrize("door", ["expired", "wrong-host", "self-signed", "old", "garbage"])
def test_a_bad_door_lets_no_careful_client_in(mock, door):
    with pytest.raises((ssl.SSLError, OSError)):
        post(mock, mock.url("ok", door=door))
    assert mock.connections[door] == 1 and mock.requests == []


def test_a_careless_client_gets_in_everywhere_but_by_old_tls(mock):
    """So what keeps a careful one out is the certificate, not a broken door."""
    careless = ssl._create_unverified_context()
    for door in ("expired", "wrong-host", "self-signed"):
        assert post(mock, mock.url("ok", door=door), context=careless)[0] == 200


def test_endless_answers_end_with_their_reader(mock):
    for mood in ("10gb", "chunks"):
        url = mock.url(mood)
        assert len(post(mock, url)[2]) == 200000
        wait_for(lambda: mock.answered_bytes(url))
        assert mock.answered_bytes(url) < 16 * 1024 ** 2


@pytest.mark.parametrize("mood", ["huge-headers", "huge-header", "reset", "close", "smtp"])
def test_a_broken_answer_is_an_error(mock, mood):
    with pytest.raises((http.client.HTTPException, OSError)):
        post(mock, mock.url(mood))


def test_a_silent_answer_is_waited_for(mock):
    sock = socket.create_connection((mock.host, mock.ports["silent"]), 5)
    sock.settimeout(0.3)
    with pytest.raises(TimeoutError):
        sock.recv(1)
    sock.close()


def test_signatures_are_checked(mock):
    key = b"k" * 32
    secret = "whsec_" + base64.b64encode(key).decode()
    made = base64.b64encode(hmac.new(key, b"id.17.{}", hashlib.sha256).digest()).decode()
    url = mock.url("ok")
    post(mock, url, **{"webhook-id": "id", "webhook-timestamp": "17", "webhook-signature": f"v1,no v1,{made}"})
    post(mock, url, b"{ }", **{"webhook-id": "id", "webhook-timestamp": "17", "webhook-signature": f"v1,{made}"})
    assert [request.is_signed(secret) for request in mock.posts(url)] == [True, False]


def test_buckets_are_strict():
    slack, discord = SlackBucket(), DiscordBucket()
    start = slack.at
    assert [slack.take(start)[0] for _ in range(6)] == [200] * 5 + [429]
    assert slack.take(start + 1.1)[0] == 200 and slack.take(start + 1.2)[0] == 429
    assert [discord.take(100)[0] for _ in range(6)] == [204] * 5 + [429]
    assert [discord.take(100 + 2.1 * n)[0] for n in range(1, 27)] == [204] * 25 + [429]
    assert discord.take(160.1)[0] == 204
