# SPDX-License-Identifier: Apache-2.0
"""Connections that go quiet, and connections that go."""

import pathlib
import signal
import sys
import time

import zmq

from rig import wire
from rig.emitter import FakeEmitter
from rig.process import Process
from rig.wait import wait_for


def test_a_peer_may_leave_while_nothing_is_read(db, make_tocsind, make_emitter):
    """libzmq aborts if a heartbeat of its own falls due when a peer with a full pipe has gone."""
    tocsind = make_tocsind().start("--queue-bytes=4194304", "--commit-bytes=65536")
    peers = [make_emitter(tocsind, run_id=1, rank=rank, world_size=16) for rank in range(16)]
    for peer in peers:
        peer.hello()
    blocker = db.connect()
    blocker.autocommit = False
    blocker.cursor().execute("lock table tocsin.blocks in access exclusive mode")
    block = wire.block(wire.METRIC, ["a", "b"], [(step, 1, (1.0, 2.0)) for step in range(1500)])

    def push():
        for peer in peers:
            peer.send(wire.METRICS, [block])
        return tocsind.metrics()["tocsin_queue_bytes"] >= 4194304

    wait_for(push)
    for _ in range(24):  # more than a pipe holds
        push()
    for peer in peers:
        peer.close()
    quiet_until = time.monotonic() + 5
    wait_for(lambda: time.monotonic() > quiet_until or tocsind.process.code is not None)
    assert tocsind.process.code is None, tocsind.log
    blocker.close()
    wait_for(lambda: tocsind.metrics()["tocsin_queue_bytes"] == 0)


class PingingEmitter(FakeEmitter):
    """With the heartbeats of the real one, ten times as fast; notes when its connection ends."""

    def connect(self, endpoint):
        self._socket = self._zmq.socket(zmq.DEALER)
        self._socket.linger = 0
        self._socket.heartbeat_ivl = 200
        self._socket.heartbeat_timeout = self._socket.heartbeat_ttl = 600
        self.monitor = self._socket.get_monitor_socket(zmq.EVENT_DISCONNECTED)
        self._socket.connect(endpoint)

    def close(self):
        self._socket.disable_monitor()
        self.monitor.close(linger=0)
        super().close()


def test_an_idle_connection_stays_as_long_as_it_pings(tocsind):
    emitter = PingingEmitter(tocsind.endpoint)
    emitter.hello()
    lost = emitter.monitor.poll(2500)
    emitter.close()
    assert not lost


IDLER = """
import sys, time, zmq
dealer = zmq.Context().socket(zmq.DEALER)
dealer.heartbeat_ivl, dealer.heartbeat_ttl = 200, 600
dealer.connect(sys.argv[1])
time.sleep(1)
print("has pinged", flush=True)
time.sleep(60)
"""


def test_a_peer_that_stands_still_loses_its_connection(place, tocsind):
    """The time to live of its pings has passed: descriptors of stopped trainers come back."""
    def connections():
        """Established ones of its socket (03, in the column of states)."""
        lines = pathlib.Path("/proc/net/unix").read_text().splitlines()
        return sum(line.endswith(f" {path}") and line.split()[5] == "03" for line in lines)

    path = tocsind.endpoint.removeprefix("ipc://")
    idler = Process([sys.executable, "-c", IDLER, tocsind.endpoint], place, place / "idler.log")
    wait_for(lambda: "has pinged" in idler.log)
    assert connections() == 1
    idler.send(signal.SIGSTOP)
    wait_for(lambda: connections() == 0)
    idler.kill9()
