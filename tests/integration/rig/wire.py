# SPDX-License-Identifier: Apache-2.0
"""Frames as schema/wire/wire.h describes them, written a second time so that a mistake of the C
code cannot hide behind itself."""

import struct

import msgpack

TAG = "TCS1"
HELLO, BATCH, WELCOME, ACK, NACK, REJECT = 1, 2, 16, 17, 18, 19
KEYSET, BLOCK, ALERT, FINISH, CONFIG, GAP = 1, 2, 3, 4, 5, 6
EVENTS, METRICS = 0, 1
METRIC, SYSTEM = 0, 1
LEVELS = ("info", "warn", "error")
RESUME = ("never", "allow", "must")

_FIELDS = {
    WELCOME: ("producer", "run_id", "attempt", "events_seq", "metrics_seq"),
    ACK: ("producer", "lane", "last_seq"),
    NACK: ("producer", "lane", "last_seq", "reason"),
    REJECT: ("producer", "reason", "text"),
}


def keyset_id(kind, names):
    value = 0xCBF29CE484222325
    encoded = [name.encode() for name in names]
    for byte in bytes([kind]) + b"".join(struct.pack("<I", len(n)) + n for n in encoded):
        value = ((value ^ byte) * 0x100000001B3) % 2**64
    return value


def frame(kind, *fields):
    return msgpack.packb([TAG, kind, *fields], use_bin_type=True)


def keyset(kind, names):
    return [KEYSET, keyset_id(kind, names), kind, list(names)]


def block(kind, names, calls):
    """calls: (step, time in ns, values in the order of names)."""
    n = len(calls)
    columns = zip(*(values for _, _, values in calls))
    return [BLOCK, keyset_id(kind, names), len(names), n,
            struct.pack(f"<{n}q", *(step for step, _, _ in calls)),
            struct.pack(f"<{n}q", *(time_ns for _, time_ns, _ in calls)),
            b"".join(struct.pack(f"<{n}d", *column) for column in columns)]


def decode(data):
    """An answer of the collector: its kind, and its fields by name."""
    tag, kind, *fields = msgpack.unpackb(data)
    assert tag == TAG and len(fields) == len(_FIELDS[kind]), (tag, kind, fields)
    return kind, dict(zip(_FIELDS[kind], fields))
