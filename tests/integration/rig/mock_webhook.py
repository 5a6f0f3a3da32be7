# SPDX-License-Identifier: Apache-2.0
"""A webhook endpoint with many moods over real TLS. The first part of the path is the mood (rig.moods),
the rest is for the test: a token, or what makes a URL one of Slack's or Discord's. Everything that
arrives is kept: connections and bytes as well as requests.

Threads of the test's own process: one for each listening socket and one for each connection.
"""

import base64
import hashlib
import hmac
import socket
import ssl
import struct
import threading
import time

from rig import moods

HEAD_BYTES_MAX = 64 * 1024
POLL_S = 0.2  # how long a thread may wait without looking whether the mock closes
UNREAD_S = 20  # so long what was sent may stay unread
SLACK, DISCORD = "hooks.slack.com/services", "discord.com/api/webhooks"
# After these moods the connection is used again; after all others it is closed.
KEEP_OPEN = {"ok", "slow", "204", "slack", "discord", "gate"}
# How each listening socket greets: with which certificate, or with what else.
DOORS = {"good": {"name": "good"}, "expired": {"name": "expired"}, "wrong-host": {"name": "wrong-host"},
         "self-signed": {"name": "self-signed"}, "old": {"name": "good", "old": True},
         "plain": None, "garbage": None, "silent": None}


class Request:
    """One post as it arrived. status: what was answered; None: nothing (yet)."""

    def __init__(self, door, path, headers, body, peer):
        self.at, self.mono = time.time(), time.monotonic()
        self.door, self.path, self.headers, self.body, self.peer = door, path, headers, body, peer
        self.mood = path.split("/")[1].split("?")[0]
        self.status = None

    @property
    def id(self):
        return self.headers.get("webhook-id")

    def is_signed(self, secret):
        """True if one of the signatures of Standard Webhooks is made with this secret."""
        key = base64.b64decode(secret.removeprefix("whsec_"))
        content = f"{self.id}.{self.headers['webhook-timestamp']}.".encode() + self.body
        made = base64.b64encode(hmac.new(key, content, hashlib.sha256).digest()).decode()
        return f"v1,{made}" in self.headers.get("webhook-signature", "").split()

    def __repr__(self):
        return f"<{self.path} {self.id} {self.status}>"


class Connection:
    """What a mood acts on. sent: bytes that the kernel took, of which a small buffer may be unread."""

    def __init__(self, mock, sock):
        self.mock, self.sock, self.sent, self.buffer = mock, sock, 0, b""

    def send(self, data):
        """False when the other end is gone, or does not read."""
        view, end = memoryview(data), time.monotonic() + UNREAD_S
        while view and not self.mock.closing.is_set() and time.monotonic() < end:
            try:
                n = self.sock.send(view)
            except TimeoutError:
                continue
            except OSError:
                return False
            self.sent += n
            view = view[n:]
        return not view

    def head(self, code, headers):
        lines = [f"HTTP/1.1 {code} Mock", *(f"{k}: {v}" for k, v in headers.items())]
        return self.send("\r\n".join(lines).encode() + b"\r\n\r\n")

    def answer(self, code, body="", headers=()):
        body = body.encode() if isinstance(body, str) else body
        sized = {} if code == 204 else {"Content-Length": str(len(body))}
        return self.head(code, {**dict(headers), **sized}) and self.send(body)

    def wait(self, pause_s):
        """True if the mock closes meanwhile."""
        return self.mock.closing.wait(pause_s)

    def wait_closed(self):
        """Until the other end gives up."""
        while self._more():
            self.buffer = b""

    def reset(self):
        """Closes so that the other end sees a reset."""
        self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        raw = socket.socket(fileno=self.sock.detach())
        raw.close()

    def receive(self):
        """The next request's path, headers and body; None at the end."""
        while b"\r\n\r\n" not in self.buffer:
            if len(self.buffer) > HEAD_BYTES_MAX or not self._more():
                return None
        head, self.buffer = self.buffer.split(b"\r\n\r\n", 1)
        first, *lines = head.decode("latin-1").split("\r\n")
        headers = {k.lower(): v.strip() for k, v in (line.split(":", 1) for line in lines)}
        assert len(headers) == len(lines) and first.startswith("POST ") and first.endswith(" HTTP/1.1"), head
        size = int(headers["content-length"])
        while len(self.buffer) < size:
            if not self._more():
                return None
        body, self.buffer = self.buffer[:size], self.buffer[size:]
        return first.split(" ")[1], headers, body

    def _more(self):
        while not self.mock.closing.is_set():
            try:
                data = self.sock.recv(64 * 1024)
            except TimeoutError:
                continue
            except OSError:
                return False
            self.buffer += data
            return bool(data)
        return False


class MockWebhook:
    """Listens at once, at one port for each door. namespace: a rig.netns.Namespace to listen in,
    on all addresses."""

    host = "127.0.0.1"

    def __init__(self, certificates, namespace=None):
        self.certificates, self.namespace = certificates, namespace
        self.closing, self.gate, self.lock = threading.Event(), threading.Event(), threading.Lock()
        self.moods = {**moods.table(), "gate": self._behind_gate}
        self.requests, self.faults = [], []
        self.connections = dict.fromkeys(DOORS, 0)
        self.destinations = {}  # address that a client wanted: how often
        self.sent = {}  # path: most bytes that were sent in answer to one post
        self.threads = []
        listening = {door: threading.Event() for door in DOORS}
        self.ports = {}
        for door in DOORS:
            self._spawn(self._listen, door, listening[door])
        for event in listening.values():
            assert event.wait(10), "the mock does not listen"

    def url(self, mood, token="", kind="generic", door="good", host=None):
        middle = {"generic": "", "slack": SLACK + "/", "discord": DISCORD + "/"}[kind]
        scheme = "http" if door == "plain" else "https"
        return f"{scheme}://{host or self.host}:{self.ports[door]}/{mood}/{middle}{token}"

    def posts(self, url):
        """Requests that came to this URL so far, in the order of their arrival."""
        path = "/" + url.split("/", 3)[3]
        with self.lock:
            return [request for request in self.requests if request.path == path]

    def answered_bytes(self, url):
        """Most bytes that were sent in answer to one post to this URL; None: no answer is over."""
        with self.lock:
            return self.sent.get("/" + url.split("/", 3)[3])

    def close(self):
        self.closing.set()
        self.gate.set()
        for thread in self.threads:
            thread.join(20)
        assert not self.faults, self.faults

    def _spawn(self, target, *arguments):
        thread = threading.Thread(target=target, args=arguments, daemon=True)
        self.threads.append(thread)
        thread.start()

    def _behind_gate(self, connection, _request):
        """Answers once the test opens the gate."""
        while not self.gate.wait(0.05):
            if self.closing.is_set():
                return None
        connection.answer(200, "ok")
        return 200

    def _listener(self):
        if self.namespace:  # where every address is ours
            return socket.create_server(("::", 0), family=socket.AF_INET6, dualstack_ipv6=True, backlog=512)
        return socket.create_server((self.host, 0), backlog=512)

    def _listen(self, door, listening):
        if self.namespace:
            self.namespace.enter_thread()
        kind = DOORS[door]
        context = self.certificates.server(**kind) if kind else None
        with self._listener() as listener:
            # Little is on its way unread, so that bytes sent are nearly bytes read.
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 32 * 1024)
            self.ports[door] = listener.getsockname()[1]
            listening.set()
            listener.settimeout(0.1)
            while not self.closing.is_set():
                try:
                    sock, peer = listener.accept()
                except TimeoutError:
                    continue
                wanted = sock.getsockname()[0].removeprefix("::ffff:")
                with self.lock:
                    self.connections[door] += 1
                    self.destinations[wanted] = self.destinations.get(wanted, 0) + 1
                self._spawn(self._serve, door, context, sock, peer)

    def _serve(self, door, context, sock, peer):
        try:
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            sock.settimeout(UNREAD_S)
            with sock if context is None else context.wrap_socket(sock, server_side=True) as ready:
                ready.settimeout(POLL_S)
                self._greet(door, Connection(self, ready), peer)
        except (OSError, ssl.SSLError):
            pass  # a client that does not like the certificate, or went away
        except Exception as fault:  # pylint: disable=broad-except # close() tells the test
            self.faults.append(repr(fault))

    def _greet(self, door, connection, peer):
        if door == "silent":
            connection.wait_closed()
        elif door == "garbage":
            connection.send(b"220 mail.test ESMTP ready\r\n")
            connection.wait_closed()
        else:
            self._talk(door, connection, peer)

    def _talk(self, door, connection, peer):
        while (got := connection.receive()) is not None:
            request = Request(door, *got, peer)
            with self.lock:
                self.requests.append(request)
            before = connection.sent
            request.status = self.moods[request.mood](connection, request)
            with self.lock:
                self.sent[request.path] = max(connection.sent - before, self.sent.get(request.path, 0))
            if request.mood not in KEEP_OPEN:
                return
