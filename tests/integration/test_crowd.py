# SPDX-License-Identifier: Apache-2.0
"""A collector beyond loopback meets everybody: a thousand connections that never become one of ours."""

import os
import resource
import select
import socket
import time

import pytest

from keyring import KeyedEmitter, Keyring, start_keyed
from rig.wait import wait_for

CROWD = 1000
HANDSHAKE_MS = 2000
# What a ZeroMQ client says first (ZMTP 3.0, mechanism CURVE); the rest never comes.
GREETING = (b"\xff" + bytes(8) + b"\x7f\x03\x00" + b"CURVE" + bytes(15) + b"\x00" + bytes(31))
JUNK = [b"GET / HTTP/1.1\r\nHost: x\r\n\r\n", b"\x16\x03\x01\x02\x00" + os.urandom(300),
        b"\x01\x00\x00\x00hello", os.urandom(64)]


@pytest.fixture
def many_files():
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard < 2 * CROWD:
        pytest.skip(f"only {hard} files may be open here")
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    yield
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def files_of(pid):
    return len(os.listdir(f"/proc/{pid}/fd"))


def open_connections(endpoint, n):
    host, port = endpoint.removeprefix("tcp://").split(":")
    sockets = [socket.create_connection((host, int(port)), 20) for _ in range(n)]
    for one in sockets:
        one.setblocking(False)
    return sockets


class Slow:
    """Sends the greeting byte by byte until the other end has had enough."""

    def __init__(self, sockets):
        self.sockets = sockets
        self.sent = 0

    def step(self):
        byte = GREETING[self.sent % len(GREETING):][:1]
        self.sent += 1
        for one in self.sockets:
            try:
                one.send(byte)
            except OSError:
                pass


def closed(sockets):
    """How many the other end has closed."""
    poll = select.poll()
    for one in sockets:
        poll.register(one, select.POLLIN | select.POLLRDHUP)
    ended = select.POLLRDHUP | select.POLLHUP | select.POLLERR
    return sum(bool(events & ended) for _, events in poll.poll(0))


def seconds_of_alerts(emitter, n, between=lambda: None):
    taken = []
    for i in range(n):
        between()
        began = time.monotonic()
        emitter.alert(f"alert {i}")
        taken.append(time.monotonic() - began)
    return sorted(taken)


def test_a_thousand_strangers_disturb_nobody_and_leave_nothing(place, db, many_files):
    keyring = Keyring(place, db)
    key = keyring.key("ann")
    tocsind = start_keyed(place, db, keyring, "tcp://127.0.0.1:*",
                          f"--handshake-ms={HANDSHAKE_MS}")
    honest = KeyedEmitter(tocsind.endpoint, keyring.server, key)
    honest.hello()
    alone = seconds_of_alerts(honest, 50)
    files = files_of(tocsind.pid)

    sockets = open_connections(tocsind.endpoint, CROWD)
    silent, junk, slow = sockets[0::3], sockets[1::3], Slow(sockets[2::3])
    for i, one in enumerate(junk):
        one.send(JUNK[i % len(JUNK)])
    beside = seconds_of_alerts(honest, 50, slow.step)
    newcomer = KeyedEmitter(tocsind.endpoint, keyring.server, key, rank=1)
    newcomer.hello()  # somebody who comes while the crowd is there gets in, too
    newcomer.log(["x"], [(0, (1.0,))])

    def all_closed():
        slow.step()
        return closed(silent + junk + slow.sockets) == CROWD

    wait_for(all_closed, 30, lambda: f"{closed(sockets)} of {CROWD} closed")
    wait_for(lambda: files_of(tocsind.pid) <= files + 2, 10,
             lambda: f"{files_of(tocsind.pid)} files open, {files} before")
    print(f"alert to answer: median {alone[25]:.4f} s alone, {beside[25]:.4f} s beside the crowd; "
          f"slowest {alone[-1]:.4f} s, {beside[-1]:.4f} s")
    assert beside[25] < max(4 * alone[25], 0.5)
    assert beside[-1] < 5
    assert db.value("select count(*) from alerts") == 100
    assert tocsind.metrics()["tocsin_frames_received_total"] == 1 + 100 + 2
    for one in sockets:
        one.close()
    honest.close()
    newcomer.close()
    assert tocsind.stop() == 0
