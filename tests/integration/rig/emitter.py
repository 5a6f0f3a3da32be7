# SPDX-License-Identifier: Apache-2.0
"""An emitter written in Python: it says exactly what a test wants said, also what is wrong."""

import itertools
import os
import time

import zmq

from rig import wire

_ids = itertools.count(1)


class FakeEmitter:
    """One producer on one DEALER. Connects at once; says nothing before hello()."""

    def __init__(self, endpoint, run_id=None, rank=0, project="p", name="r", context=None, **hello):
        """context: of ZeroMQ, where there are many; its owner ends it."""
        self.producer = os.urandom(16)
        self.run_id = run_id if run_id is not None else os.getpid() * 1000 + next(_ids)
        self.rank = rank
        self.hello_fields = {"project": project, "name": name, **hello}
        self.seq = {wire.EVENTS: 0, wire.METRICS: 0}
        self.calls = {wire.EVENTS: 0, wire.METRICS: 0}
        self.attempt = None
        self._known = set()
        self._is_owner = context is None
        self._zmq = context or zmq.Context()
        self.connect(endpoint)

    def connect(self, endpoint):
        self._socket = self._zmq.socket(zmq.DEALER)
        self._socket.linger = 0
        self._socket.connect(endpoint)

    def reconnect(self, endpoint):
        """A new connection, as after a collector's death: what was on its way is lost."""
        self._socket.close()
        self.connect(endpoint)

    def close(self):
        self._socket.close()
        if self._is_owner:
            self._zmq.term()

    def send_raw(self, *parts):
        """One message of these parts, whatever they are."""
        self._socket.send_multipart(list(parts))

    def receive(self, deadline_s=15):
        """The next answer: kind, fields."""
        assert self._socket.poll(deadline_s * 1000), f"no answer within {deadline_s} s"
        return wire.decode(self._socket.recv())

    def is_silent(self, wait_s):
        """True if nothing comes within so long."""
        return not self._socket.poll(wait_s * 1000)

    def expect(self, kind, deadline_s=15):
        got, fields = self.receive(deadline_s)
        assert got == kind, (got, fields)
        return fields

    def hello_frame(self, **fields):
        f = {"world_size": 1, "resume": "never", "started_ns": time.time_ns(), "pid": os.getpid(),
             "project": "p", "name": "r", "group": "", "host": "host", "user": "user",
             "client": "fake/1", "config": "", **self.hello_fields, **fields}
        return wire.frame(wire.HELLO, self.producer, self.run_id, self.rank,
                          max(f["world_size"], self.rank + 1), wire.RESUME.index(f["resume"]),
                          f["started_ns"], f["pid"], f["project"], f["name"], f["group"], f["host"],
                          f["user"], f["client"], f["config"])

    def hello(self, **fields):
        """Says who it is and goes on where the collector says."""
        self.send_raw(self.hello_frame(**fields))
        welcome = self.expect(wire.WELCOME)
        assert welcome["producer"] == self.producer
        self.run_id, self.attempt = welcome["run_id"], welcome["attempt"]
        self.seq = {wire.EVENTS: welcome["events_seq"], wire.METRICS: welcome["metrics_seq"]}
        return welcome

    def batch_frame(self, lane, items, seq=None, emitted=None, dropped=0):
        return wire.frame(wire.BATCH, self.producer, lane, self.seq[lane] if seq is None else seq,
                          self.calls[lane] if emitted is None else emitted, dropped, list(items))

    def send(self, lane, items, dropped=0):
        """The next batch of a lane; returns its sequence number and does not wait."""
        self.seq[lane] += 1
        self.calls[lane] += sum(item[3] if item[0] == wire.BLOCK else item[0] not in (wire.KEYSET, wire.GAP)
                                for item in items)
        self.send_raw(self.batch_frame(lane, items, dropped=dropped))
        return self.seq[lane]

    def wait_acked(self, lane, deadline_s=15):
        """Waits until everything sent on the lane is acknowledged."""
        end = time.monotonic() + deadline_s
        while True:
            ack = self.expect(wire.ACK, max(0.001, end - time.monotonic()))
            if ack["lane"] == lane and ack["last_seq"] == self.seq[lane]:
                return

    def log(self, names, calls, kind=wire.METRIC, wait=True):
        """Calls of one keyset as one batch. calls: (step, values) or (step, time in ns, values)."""
        full = [call if len(call) == 3 else (call[0], time.time_ns(), call[1]) for call in calls]
        items = [wire.block(kind, names, full)]
        if (kind, tuple(names)) not in self._known:
            self._known.add((kind, tuple(names)))
            items.insert(0, wire.keyset(kind, names))
        self.send(wire.METRICS, items)
        if wait:
            self.wait_acked(wire.METRICS)

    def event(self, *item, wait=True):
        self.send(wire.EVENTS, [item])
        if wait:
            self.wait_acked(wire.EVENTS)

    def alert(self, title, text=None, level="warn", step=None, url=None, time_ns=None, wait=True):
        self.event(wire.ALERT, wire.LEVELS.index(level), title, text, step,
                   time_ns or time.time_ns(), url, wait=wait)

    def config(self, text, wait=True):
        self.event(wire.CONFIG, text, wait=wait)

    def finish(self, failed=False, wait=True):
        self.event(wire.FINISH, int(failed), time.time_ns(), wait=wait)
