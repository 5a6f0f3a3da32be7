# SPDX-License-Identifier: Apache-2.0
"""What an endpoint answers decides what becomes of the message, and no answer takes the collector down
or makes it read, wait or remember without bound."""

import pathlib
import re
import time
import unicodedata

import pytest

from webhooks import TIMEOUT_S, Endpoints, settings

READ_BYTES_MAX = 1 << 20  # 64 KiB that the collector takes, and what the kernel holds unread
ANSWER_BYTES_MAX = 256
GROWTH_KB_MAX = 300 * 1024  # AddressSanitizer keeps 256 MB of what was freed
FIRST_RETRY = (4, 6)       # five seconds, a fifth more or less
ASKED = (39, 41)           # forty seconds, as the mood asks
AT_MOST = (3599, 3601)

# mood, state, status, attempts, seconds from the answer to the next try
DELIVERED = [(mood, "delivered", status, 1, None) for mood, status in (
    ("ok", 200), ("slow", 200), ("204", 204),
    # They took the message, whatever became of the rest of the answer.
    ("10gb", 200), ("chunks", 200), ("bomb", 200), ("hang-after", 200), ("drip", 200), ("drip-headers", 200),
    ("huge-headers", 200), ("huge-header", 200))]
RETRIED = [(mood, "waiting", status, 1, FIRST_RETRY) for mood, status in (
    ("301", 301), ("302", 302), ("303", 303), ("307", 307), ("308", 308), ("302-file", 302), ("401", 401),
    ("403", 403), ("404", 404), ("500", 500), ("502", 502), ("504", 504), ("hang-before", None),
    ("1xx", 103), ("reset", None), ("close", None), ("smtp", None))]
REFUSED = [("400", "failed", 400, 1, None), ("413", "failed", 413, 1, None), ("422", "failed", 422, 1, None),
           ("hostile", "failed", 400, 1, None), ("410", "failed", 410, 1, None)]
PACED = [("429-seconds", "waiting", 429, 0, ASKED), ("429-date", "waiting", 429, 0, ASKED),
         ("429-json", "waiting", 429, 0, ASKED), ("429-both", "waiting", 429, 0, ASKED),
         ("429-huge", "waiting", 429, 0, AT_MOST), ("503-retry-after", "waiting", 503, 1, ASKED)]
DOORS = ["expired", "wrong-host", "self-signed", "old", "garbage", "silent"]
ENDLESS = ["10gb", "chunks", "bomb", "huge-headers", "huge-header", "1xx"]
SOON = ["429-negative", "429-words", "429-bare"]


def memory_kb(tocsind, what="VmHWM"):
    status = pathlib.Path(f"/proc/{tocsind.pid}/status").read_text()
    return int(re.search(rf"{what}:\s+(\d+)", status).group(1))


def is_one_clean_line(text):
    """No control, format or surrogate characters, and no separators of lines."""
    return not {unicodedata.category(c) for c in text} & {"Cc", "Cf", "Cs", "Zl", "Zp"}


def first_attempt(mock, url, message):
    """Attempts after the first post, and seconds from it to the second: as SQL plans it, or, if that has
    come already, as it was."""
    posts = [post for post in mock.posts(url) if post.id == message["webhook_id"]]
    if len(posts) == 0:
        return message["attempts"], 0
    if len(posts) == 1:
        return message["attempts"], message["next_try"] - posts[0].at
    return message["attempts"] - (len(posts) - 1), posts[1].at - posts[0].at


def test_each_mood_has_its_verdict(db, make_tocsind, make_emitter, mock):
    """One alert to all of them at once, so that none of them holds up another."""
    tocsind = make_tocsind().start(*settings(mock))
    ends = Endpoints(db)
    emitter = make_emitter(tocsind)
    emitter.hello()
    before = memory_kb(tocsind)
    table = DELIVERED + RETRIED + REFUSED + PACED
    urls = {mood: mock.url(mood, "t0ken") for mood in [row[0] for row in table] + SOON}
    urls.update((door, mock.url("ok", door, door=door)) for door in DOORS)
    urls["discord-404"] = mock.url("404", "t0ken", kind="discord")
    ids = {mood: ends.add(url) for mood, url in urls.items()}
    emitter.alert("loss is NaN", "at the first layer", level="error")
    messages = {mood: ends.wait_answered(ids[mood]) for mood in urls}

    wrong = []
    for mood, state, status, attempts, pause in table:
        message = messages[mood]
        counted, planned = first_attempt(mock, urls[mood], message)
        got = message["state"], message["status"], counted
        late_s = TIMEOUT_S + 2 if status is None else 2  # the pause begins when the attempt is over
        if got != (state, status, attempts) or pause and not pause[0] - 0.2 <= planned <= pause[1] + late_s:
            wrong.append((mood, got, planned, message["answer"]))
    assert not wrong, wrong

    for mood in ENDLESS:
        assert mock.answered_bytes(urls[mood]) < READ_BYTES_MAX, mood
    for door in DOORS:
        message = messages[door]
        assert (message["state"], message["status"]) == ("waiting", None) and message["attempts"], door
        assert mock.connections[door] and not mock.posts(urls[door]), door
    assert mock.connections["plain"] == 0
    for mood, message in messages.items():
        answer = message["answer"]
        assert len(answer.encode()) <= ANSWER_BYTES_MAX and is_one_clean_line(answer), (mood, answer)
    disabled = [mood for mood in ids if not ends.is_enabled(ids[mood])]
    assert sorted(disabled) == ["410", "discord-404"]
    assert memory_kb(tocsind) - before < GROWTH_KB_MAX
    print("memory grew by", memory_kb(tocsind) - before, "kB")


@pytest.mark.parametrize("mood, posts, attempts", [("429-once", 2, 1), ("500-once", 2, 2)])
def test_a_message_keeps_its_id_until_it_is_taken(db, make_tocsind, make_emitter, mock, mood, posts, attempts):
    tocsind = make_tocsind().start(*settings(mock))
    ends = Endpoints(db)
    url = mock.url(mood)
    endpoint = ends.add(url)
    emitter = make_emitter(tocsind)
    emitter.hello()
    emitter.alert("a")
    message = ends.wait_state(endpoint, "delivered")
    assert message["attempts"] == attempts
    assert [post.id for post in mock.posts(url)] == [message["webhook_id"]] * posts
    assert len({post.body for post in mock.posts(url)}) == 1
    assert mock.posts(url)[1].mono - mock.posts(url)[0].mono > 0.9


def test_an_endpoint_that_is_gone_is_disabled_and_the_feed_says_so(db, make_tocsind, make_emitter, mock, cli):
    tocsind = make_tocsind().start(*settings(mock))
    ends = Endpoints(db)
    gone, good = mock.url("410", "t0ken"), mock.url("ok")
    ends.add(gone)
    ok = ends.add(good)
    emitter = make_emitter(tocsind)
    emitter.hello()
    emitter.alert("first")
    ends.wait_states(ok, delivered=2)  # the alert, and what the feed says about the other one
    told = [row for row in db.query("select level, title, text from alerts_feed order by alert_id")]
    assert [row[1] for row in told][0] == "first" and len(told) == 2
    assert told[1][0] == "error" and "127.0.0.1" in told[1][1] and "t0ken" not in str(told)
    assert db.value("select why_disabled from endpoints_overview where not enabled")
    emitter.alert("second")
    ends.wait_states(ok, delivered=3)
    assert len(mock.posts(gone)) == 1
    emitter.finish()


def test_no_answer_holds_up_another_endpoint(db, make_tocsind, make_emitter, mock):
    """Those that hang, drip and never shake hands are still under way when all others have their alert."""
    tocsind = make_tocsind().start(*settings(mock, timeout_s=15), "--shutdown-ms=1000")
    ends = Endpoints(db)
    dead = [ends.add(url) for url in (mock.url("hang-before"), mock.url("drip-headers"), mock.url("ok", door="silent"))]
    urls = [mock.url("ok", f"{n}") for n in range(20)]
    good = [ends.add(url) for url in urls]
    emitter = make_emitter(tocsind)
    emitter.hello()
    emitter.alert("a")
    for endpoint in good:
        ends.wait_state(endpoint, "delivered", 10)
    assert all(ends.message(endpoint)["claimed"] for endpoint in dead)
    began = time.monotonic()
    emitter.alert("b")
    for endpoint in good:
        ends.wait_states(endpoint, delivered=2, deadline_s=10)
    print(f"20 endpoints beside 3 dead ones had an alert after {time.monotonic() - began:.2f} s")
    assert all(ends.message(endpoint)["claimed"] for endpoint in dead)
