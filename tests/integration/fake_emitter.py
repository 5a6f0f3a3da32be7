# SPDX-License-Identifier: Apache-2.0
"""An emitter written from docs/wire.md, independently of the C code."""

import itertools
import os
import secrets
import struct
import time

import msgpack
import zmq

EVENTS, METRICS = 0, 1
METRIC, SYSTEM = 0, 1
INFO, WARN, ERROR = 0, 1, 2
NEVER, ALLOW, MUST = 0, 1, 2
FINISHED, FAILED = 0, 1

HELLO, BATCH, WELCOME, ACK, NACK, REJECT = 1, 2, 16, 17, 18, 19
KEYSET, BLOCK, ALERT, FINISH, CONFIG = 1, 2, 3, 4, 5

_ANSWERS = {
    WELCOME: ("producer", "run_id", "attempt", "last_events", "last_metrics"),
    ACK: ("producer", "lane", "last_seq"),
    NACK: ("producer", "lane", "last_seq", "reason"),
    REJECT: ("producer", "reason", "text"),
}


def keyset_id(names, kind=METRIC):
    value = 0xcbf29ce484222325
    encoded = [name.encode() for name in names]
    pieces = (struct.pack("<I", len(name)) + name for name in encoded)
    for byte in itertools.chain([kind], *pieces):
        value = (value ^ byte) * 0x100000001b3 & 0xffffffffffffffff
    return value


def keyset(names, kind=METRIC):
    return [KEYSET, keyset_id(names, kind), kind, list(names)]


def block(names, calls, kind=METRIC):
    """calls: (step, time_ns, one value for each name)."""
    steps, times, rows = zip(*calls)
    columns = [value for column in zip(*rows) for value in column]
    return [BLOCK, keyset_id(names, kind), len(names), len(calls),
            struct.pack(f"<{len(steps)}q", *steps), struct.pack(f"<{len(times)}q", *times),
            struct.pack(f"<{len(columns)}d", *columns)]


def alert(title, text=None, level=WARN, step=None, time_ns=None, webhook_url=None):
    return [ALERT, level, title, text, step, time_ns or time.time_ns(), webhook_url]


def finish(ending=FINISHED, time_ns=None):
    return [FINISH, ending, time_ns or time.time_ns()]


def config(text):
    return [CONFIG, text]


def frame(kind, *fields):
    return msgpack.packb(["TCS1", kind, *fields], use_bin_type=True)


class Answer:
    """A frame from the collector; its fields are attributes."""

    def __init__(self, data):
        tag, self.kind, *fields = msgpack.unpackb(data, raw=False)
        assert tag == "TCS1" and len(fields) == len(_ANSWERS[self.kind]), data
        self.__dict__.update(zip(_ANSWERS[self.kind], fields))

    def __repr__(self):
        return f"Answer({self.__dict__})"


class FakeEmitter:
    """One producer on one DEALER socket. It does only what it is told: nothing is resent."""

    def __init__(self, endpoint, **fields):
        self.endpoint = endpoint
        self.fields = {"producer": secrets.token_bytes(16), "run_id": secrets.randbits(62),
                       "rank": 0, "world_size": 1, "resume": ALLOW, "started_ns": time.time_ns(),
                       "pid": os.getpid(), "project": "p", "name": "r", "group": "",
                       "host": "node", "user": "ann", "client": "fake/1", "config": ""}
        unknown = set(fields) - set(self.fields)
        assert not unknown, unknown
        self.fields.update(fields)
        self.context = zmq.Context()
        self.socket = None
        self.connect()

    @property
    def producer(self):
        return self.fields["producer"]

    def connect(self):
        """A new connection, as after a silence."""
        if self.socket is not None:
            self.socket.close(linger=0)
        self.socket = self.context.socket(zmq.DEALER)
        self.socket.setsockopt(zmq.LINGER, 0)
        self.socket.connect(self.endpoint)

    def send(self, *parts):
        self.socket.send_multipart(parts)

    def recv(self, deadline_s=10):
        assert self.socket.poll(int(deadline_s * 1000)), f"no answer within {deadline_s} s"
        return Answer(self.socket.recv())

    def send_hello(self):
        self.send(frame(HELLO, *self.fields.values()))

    def hello(self, deadline_s=10):
        """Says hello; returns the welcome."""
        self.send_hello()
        answer = self.recv(deadline_s)
        assert answer.kind == WELCOME, answer
        return answer

    def batch(self, lane, seq, items, emitted=0, dropped=0, producer=None):
        """Sends one batch; the answer is for recv()."""
        self.send(frame(BATCH, producer or self.producer, lane, seq, emitted, dropped, items))

    def recv_ack(self, lane, seq, deadline_s=10):
        """Reads until seq of the lane is acknowledged; whatever is no ack is an error."""
        end = time.monotonic() + deadline_s
        while True:
            answer = self.recv(max(0.0, end - time.monotonic()))
            assert answer.kind == ACK, answer
            if answer.lane == lane and answer.last_seq >= seq:
                return answer

    def remove(self):
        self.socket.close(linger=0)
        self.context.term()
