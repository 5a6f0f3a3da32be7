# SPDX-License-Identifier: Apache-2.0
"""The vectors against an independent reading of docs/wire.md: Debian's msgpack and no C of ours."""

import json
import pathlib
import struct

import msgpack
import pytest

HERE = pathlib.Path(__file__).parent
GOOD = sorted(p.stem for p in HERE.glob("*.hex") if not p.name.startswith("bad_"))
BAD = sorted(p.stem for p in HERE.glob("bad_*.hex"))

LANES = ["events", "metrics"]
LEVELS = ["info", "warn", "error"]
RESUME = ["never", "allow", "must"]
SERIES = ["metric", "system"]
ENDINGS = ["finished", "failed"]
NACKS = ["gap", "unknown_producer"]

# Of each kind: its number, then its fields in order. A field is a name, or a name and how the
# number on the wire reads: from a list of words.
FRAMES = {
    "hello": (1, ["producer", "run_id", "rank", "world_size", ("resume", RESUME), "started_ns",
                  "pid", "project", "name", "group", "host", "user", "client", "config"]),
    "batch": (2, ["producer", ("lane", LANES), "seq", "emitted", "dropped", "items"]),
    "welcome": (16, ["producer", "run_id", "attempt", "last_seq_events", "last_seq_metrics"]),
    "ack": (17, ["producer", ("lane", LANES), "last_seq"]),
    "nack": (18, ["producer", ("lane", LANES), "last_seq", ("reason", NACKS)]),
    "reject": (19, ["producer", "reason", "text"]),
}
ITEMS = {
    "keyset": (1, ["keyset_id", ("series", SERIES), "names"]),
    "block": (2, ["keyset_id", "columns", "calls", "steps", "times_ns", "values"]),
    "alert": (3, [("level", LEVELS), "title", "text", "step", "time_ns", "webhook_url"]),
    "finish": (4, [("ending", ENDINGS), "time_ns"]),
    "config": (5, ["config"]),
    "gap": (6, ["calls", "first_step", "last_step", "first_time_ns", "last_time_ns"]),
}


def hex_of(number):
    return f"{number:016x}"


def values_to_meaning(packed, calls):
    bits = [hex_of(b) for (b,) in struct.iter_unpack("<Q", packed)]
    return [bits[i:i + calls] for i in range(0, len(bits), calls)]


def values_to_wire(columns):
    return b"".join(struct.pack("<Q", int(b, 16)) for column in columns for b in column)


def i64s_to_wire(numbers):
    return struct.pack(f"<{len(numbers)}q", *numbers)


def i64s_to_meaning(packed):
    return [n for (n,) in struct.iter_unpack("<q", packed)]


def to_meaning(table, tag, fields):
    kind, values = fields[0], fields[1:]
    name = next(n for n, (number, _) in table.items() if number == kind)
    meaning = {tag: name}
    for field, value in zip(table[name][1], values, strict=True):
        if isinstance(field, tuple):
            field, words = field
            value = words[value]
        meaning[field] = value
    return meaning


def decode(frame):
    assert frame.find(b"\xa4TCS1") in (1, 3, 5)
    fields = msgpack.unpackb(frame, max_array_len=4096)
    meaning = to_meaning(FRAMES, "kind", fields[1:])
    if meaning["producer"] is not None:
        assert len(meaning["producer"]) == 16
        meaning["producer"] = meaning["producer"].hex()
    meaning["items"] = [to_meaning(ITEMS, "item", item) for item in meaning.get("items", [])]
    for item in meaning["items"]:
        if "keyset_id" in item:
            item["keyset_id"] = hex_of(item["keyset_id"])
        if item["item"] == "block":
            item["steps"] = i64s_to_meaning(item["steps"])
            item["times_ns"] = i64s_to_meaning(item["times_ns"])
            item["values"] = values_to_meaning(item["values"], item["calls"])
    if meaning["kind"] != "batch":
        del meaning["items"]
    return meaning


TO_WIRE = {
    "producer": lambda v: None if v is None else bytes.fromhex(v),
    "keyset_id": lambda v: int(v, 16),
    "steps": i64s_to_wire,
    "times_ns": i64s_to_wire,
    "values": values_to_wire,
    "items": lambda v: [to_wire(ITEMS, "item", item) for item in v],
}


def to_wire(table, tag, meaning):
    number, fields = table[meaning[tag]]
    values = [number]
    for field in fields:
        if isinstance(field, tuple):
            values.append(field[1].index(meaning[field[0]]))
        else:
            values.append(TO_WIRE.get(field, lambda v: v)(meaning[field]))
    return values


def encode(meaning):
    return msgpack.packb(["TCS1"] + to_wire(FRAMES, "kind", meaning), use_bin_type=True)


def fnv1a(data, hashed=0xCBF29CE484222325):
    for byte in data:
        hashed = (hashed ^ byte) * 0x100000001B3 % 2**64
    return hashed


def keyset_id(series, names):
    data = bytes([SERIES.index(series)])
    for name in names:
        encoded = name.encode()
        data += struct.pack("<I", len(encoded)) + encoded
    return fnv1a(data)


def read(name):
    frame = bytes.fromhex((HERE / f"{name}.hex").read_text())
    return frame, json.loads((HERE / f"{name}.json").read_text())


def test_every_kind_and_item_has_a_vector():
    meanings = [read(name)[1] for name in GOOD]
    assert {m["kind"] for m in meanings} == set(FRAMES)
    assert {i["item"] for m in meanings for i in m.get("items", [])} == set(ITEMS)
    assert {p.stem for p in HERE.glob("*.json")} == set(GOOD) | set(BAD)


@pytest.mark.parametrize("name", GOOD)
def test_decodes_to_its_meaning(name):
    frame, meaning = read(name)
    meaning.pop("wide", None)
    assert decode(frame) == meaning


@pytest.mark.parametrize("name", GOOD)
def test_meaning_encodes_to_it(name):
    frame, meaning = read(name)
    wide = meaning.pop("wide", False)
    shortest = encode(meaning)
    assert shortest == frame if not wide else len(shortest) < len(frame)


@pytest.mark.parametrize("name", GOOD)
def test_keyset_ids(name):
    for item in read(name)[1].get("items", []):
        if item["item"] == "keyset":
            assert item["keyset_id"] == hex_of(keyset_id(item["series"], item["names"]))


@pytest.mark.parametrize("name", BAD)
def test_bad_frames_say_what_is_wrong(name):
    frame, meaning = read(name)
    assert set(meaning) == {"error", "what"}
    assert meaning["error"] in {"ERR_MAGIC", "ERR_VERSION", "ERR_TRUNCATED", "ERR_TRAILING",
                                "ERR_TYPE", "ERR_VALUE", "ERR_UTF8", "ERR_TOO_LONG"}
    try:
        decoded = decode(frame)
    except Exception:  # whatever msgpack and the tables object to
        return
    # What reads fine as msgpack and by the tables is bad by a rule on values.
    assert meaning["error"] in {"ERR_VALUE", "ERR_UTF8", "ERR_TOO_LONG", "ERR_TYPE"}, decoded
