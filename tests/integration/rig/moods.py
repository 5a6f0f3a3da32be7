# SPDX-License-Identifier: Apache-2.0
"""What the mock endpoint does with a post: one function for each mood, which answers on the connection
(rig.mock_webhook.Connection) or leaves it in the state that the mood is about. It returns the status it
sent, or None if none was. Whatever stays open afterwards is closed by the mock.

A mood may be called a second time on the same path: those that matter only once count by themselves.
"""

import gzip
import time
from email.utils import formatdate

CHUNK = bytes(64 * 1024)
ENDLESS_BYTES = 10 * 1024 ** 3
METADATA = "http://169.254.169.254/latest/meta-data/"


def status(code, body="", **headers):
    """headers: Retry_After="7" for Retry-After: 7."""
    def mood(connection, _request):
        connection.answer(code, body, {k.replace("_", "-"): v for k, v in headers.items()})
        return code
    return mood


def after(pause_s, then):
    def mood(connection, request):
        connection.wait(pause_s)
        return then(connection, request)
    return mood


def first(*moods):
    """The first post gets the first of them, and so on; the last one stays."""
    counts = {}

    def mood(connection, request):
        nth = counts.get(request.path, 0)
        counts[request.path] = nth + 1
        return moods[min(nth, len(moods) - 1)](connection, request)
    return mood


def retry_after_date(connection, _request):
    connection.answer(429, "", {"Retry-After": formatdate(time.time() + 40, usegmt=True)})
    return 429


def hang_before_headers(connection, _request):
    connection.wait_closed()


def hang_after_headers(connection, _request):
    connection.head(200, {"Content-Length": "100"})
    connection.wait_closed()
    return 200


def drip(connection, _request):
    connection.head(200, {"Content-Length": "100000"})
    while connection.send(b"x") and not connection.wait(1):
        pass
    return 200


def drip_headers(connection, _request):
    connection.send(b"HTTP/1.1 200 OK\r\nX-Slow: ")
    while connection.send(b"x") and not connection.wait(1):
        pass


def huge_body(connection, _request):
    connection.head(200, {"Content-Length": str(ENDLESS_BYTES)})
    while connection.send(CHUNK):
        pass
    return 200


def endless_chunks(connection, _request):
    connection.head(200, {"Transfer-Encoding": "chunked"})
    while connection.send(b"10000\r\n" + CHUNK + b"\r\n"):
        pass
    return 200


def huge_headers(connection, _request):
    connection.send(b"HTTP/1.1 200 OK\r\n")
    while connection.send(b"X-Huge: " + b"h" * 8000 + b"\r\n"):
        pass


def one_huge_header(connection, _request):
    connection.send(b"HTTP/1.1 200 OK\r\nX-Huge: ")
    while connection.send(b"h" * len(CHUNK)):
        pass


def endless_informational(connection, _request):
    while connection.send(b"HTTP/1.1 103 Early Hints\r\n\r\n" * 100):
        pass


def gzip_bomb(connection, _request):
    connection.answer(200, gzip.compress(bytes(1024 ** 2)) * 200, {"Content-Encoding": "gzip"})
    return 200


def reset_after_body(connection, _request):
    connection.reset()


def close_after_body(_connection, _request):
    return None


def no_http(connection, _request):
    connection.send(b"220 mail.test ESMTP ready\r\n")


def echo_path(connection, request):
    """What many gateways do: the path, which is a secret, comes back in the text of the error."""
    connection.answer(404, f"no such hook: {request.path} on {request.headers.get('host')}")
    return 404


def echo_everything(connection, request):
    text = request.path + "\n" + "\n".join(f"{k}: {v}" for k, v in request.headers.items())
    connection.answer(400, text + "\n" + request.body.decode("utf-8", "replace"))
    return 400


def hostile_text(connection, _request):
    connection.answer(400, b"\x1b]0;owned\x07\x1b[31m\xff\xfe\r\nevil: 1\n\0\xe2\x80\xaeback" + b"A" * 5000)
    return 400


def strict(bucket):
    """As the destination itself: it counts, and says 429 beyond its limits."""
    def mood(connection, request):
        code, headers, body = bucket(request.path).take(time.monotonic())
        connection.answer(code, body, headers)
        return code
    return mood


class SlackBucket:
    """One message a second, bursts of five."""

    RATE, BURST = 1.0, 5.0

    def __init__(self):
        self.tokens, self.at = self.BURST, time.monotonic()

    def take(self, now):
        self.tokens = min(self.BURST, self.tokens + (now - self.at) * self.RATE)
        self.at = now
        if self.tokens < 1:
            return 429, {"Retry-After": "1"}, "rate_limited"
        self.tokens -= 1
        return 200, {}, "ok"


class DiscordBucket:
    """Five in two seconds, said in headers, and thirty in any minute, of which nothing is said."""

    def __init__(self):
        self.window, self.left, self.taken = 0.0, 5, []

    def take(self, now):
        if now >= self.window + 2:
            self.window, self.left = now, 5
        self.taken = [at for at in self.taken if at > now - 60]
        reset = self.window + 2 - now
        if self.left == 0 or len(self.taken) >= 30:
            wait = reset if self.left == 0 else self.taken[0] + 60 - now
            return 429, {"Retry-After": str(int(wait + 1))}, f'{{"retry_after": {wait:.3f}, "global": false}}'
        self.left -= 1
        self.taken.append(now)
        return 204, {"X-RateLimit-Limit": "5", "X-RateLimit-Remaining": str(self.left),
                     "X-RateLimit-Reset-After": f"{reset:.3f}"}, ""


def _one_each(kind):
    made = {}
    return lambda path: made.setdefault(path, kind())


def table():
    """Moods by the first part of the path; a new table for each mock, because some of them count."""
    return {
        "ok": status(200, "ok"),
        "slow": after(0.7, status(200, "ok")),
        "204": status(204),
        **{str(code): status(code, "redirected", Location=METADATA) for code in (301, 302, 303, 307, 308)},
        "302-file": status(302, "", Location="file:///etc/passwd"),
        "400": status(400, "invalid_payload"), "401": status(401, "invalid_token"),
        "403": status(403, "invalid_token"), "404": status(404, "no_service"),
        "410": status(410, "channel_is_archived"), "413": status(413, "too large"),
        "422": status(422, "invalid"), "500": status(500, "oops"), "502": status(502, "<html>bad</html>"),
        "504": status(504, "late"),
        "503-retry-after": status(503, "busy", Retry_After="40"),
        "429-seconds": status(429, "", Retry_After="40"),
        "429-date": retry_after_date,
        "429-negative": status(429, "", Retry_After="-5"),
        "429-huge": status(429, "", Retry_After="1000000000"),
        "429-words": status(429, "", Retry_After="abc"),
        "429-json": status(429, '{"message": "limited", "retry_after": 40.25, "global": false}'),
        "429-both": status(429, '{"retry_after": 3000}', Retry_After="40"),
        "429-bare": status(429),
        "429-once": first(status(429, "", Retry_After="1"), status(200, "ok")),
        "500-once": first(status(500, "oops"), status(200, "ok")),
        "hang-before": hang_before_headers, "hang-after": hang_after_headers,
        "drip": drip, "drip-headers": drip_headers,
        "10gb": huge_body, "chunks": endless_chunks, "huge-headers": huge_headers,
        "huge-header": one_huge_header, "1xx": endless_informational, "bomb": gzip_bomb,
        "reset": reset_after_body, "close": close_after_body, "smtp": no_http,
        "echo": echo_path, "echo-all": echo_everything, "hostile": hostile_text,
        "slack": strict(_one_each(SlackBucket)), "discord": strict(_one_each(DiscordBucket)),
    }
