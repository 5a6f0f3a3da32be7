# SPDX-License-Identifier: Apache-2.0
"""What tocsind makes of single frames: stored, answered, refused by reason."""

import math
import random
import struct
import time

from rig import wire
from rig.wait import wait_for

NAMES = ["train/loss", "lr"]


def refused(tocsind, reason):
    return tocsind.metrics()[f'tocsin_frames_refused_total{{reason="{reason}"}}']


def test_calls_alerts_config_and_ending_are_stored(db, tocsind, make_emitter):
    emitter = make_emitter(tocsind, project="vision", name="first", group="g", user="ann",
                           world_size=4, rank=2)
    welcome = emitter.hello(config='{"lr": 0.1}')
    assert (welcome["attempt"], welcome["events_seq"], welcome["metrics_seq"]) == (0, 0, 0)
    emitter.log(NAMES, [(0, (1.5, 0.1)), (1, (1.25, 0.1))])
    emitter.alert("loss is up", "by a lot", level="error", step=1, url="https://127.0.0.1:1/hook")
    emitter.alert("no text, no step", level="info")
    emitter.config('{"seed": 7}')
    emitter.finish()
    assert db.query("select run, rank, attempt, step, name, value from metrics order by step, name") \
        == [("first", 2, 0, 0, "lr", 0.1), ("first", 2, 0, 0, "train/loss", 1.5),
            ("first", 2, 0, 1, "lr", 0.1), ("first", 2, 0, 1, "train/loss", 1.25)]
    assert db.query("select level, title, text, step, rank, host from alerts_feed order by alert_id") \
        == [("error", "loss is up", "by a lot", 1, 2, "host"),
            ("info", "no text, no step", None, None, 2, "host")]
    assert db.query("select a.level, e.origin, e.kind, e.url, p.name, d.endpoint_id = e.endpoint_id "
                    "from alerts a join endpoints e using (endpoint_id) "
                    "join projects p on p.project_id = e.project_id join deliveries d using (run_id, alert_id)") \
        == [(2, "run", "generic", "https://127.0.0.1:1/hook", "vision", True)]
    assert db.value("select config from runs") == {"lr": 0.1, "seed": 7}
    assert db.query("select project, group_name, username from runs_overview") \
        == [("vision", "g", "ann")]
    assert db.value("select ending from attempts_overview") == "finished"
    assert db.query("select lane, emitted, committed, dropped, on_node from producers_overview "
                    "order by lane") == [("events", 4, 4, 0, 0), ("metrics", 2, 2, 0, 0)]


def test_alerts_of_one_batch_keep_their_order(db, tocsind, make_emitter):
    emitter = make_emitter(tocsind)
    emitter.hello()
    emitter.send(wire.EVENTS, [(wire.ALERT, 1, f"number {i}", None, i, 1, None) for i in range(20)])
    emitter.wait_acked(wire.EVENTS)
    assert db.query("select title from alerts order by alert_id") == [(f"number {i}",) for i in range(20)]


def test_times_are_kept_to_the_microsecond(db, tocsind, make_emitter):
    emitter = make_emitter(tocsind)
    emitter.hello()
    emitter.log(["x"], [(0, 1700000000123456789, (1.0,))])
    assert db.value("select extract(epoch from times[1])::text from blocks") == "1700000000.123456"


def test_every_bit_of_every_kind_of_number_arrives(db, tocsind, make_emitter):
    patterns = [0x7ff8000000000000, 0x7ff8000000000abc, 0xfff8000000000001, 0x7ff0000000000000,
                0xfff0000000000000, 0x8000000000000000, 0x0000000000000001, 0x7fefffffffffffff]
    values = [struct.unpack("<d", struct.pack("<Q", bits))[0] for bits in patterns]
    emitter = make_emitter(tocsind)
    emitter.hello()
    emitter.log(["x"], [(i, (value,)) for i, value in enumerate(values)])
    stored = db.query("select encode(float8send(v), 'hex') from blocks, unnest(values) v")
    assert [int(hexadecimal, 16) for hexadecimal, in stored] == patterns
    assert sum(math.isnan(v) for v in values) == 3


def test_extreme_steps_and_system_metrics(db, tocsind, make_emitter):
    emitter = make_emitter(tocsind)
    emitter.hello()
    emitter.log(["x"], [(2**63 - 1, (1.0,)), (-2**63, (2.0,)), (0, (3.0,))])
    emitter.log(["gpu"], [(1700000000000000, 1700000000000000000, (0.5,))], kind=wire.SYSTEM)
    assert db.query("select step, value from metrics order by step") \
        == [(-2**63, 2.0), (0, 3.0), (2**63 - 1, 1.0)]
    assert db.query("select name, value from system_metrics") == [("gpu", 0.5)]
    assert db.query("select first_step, last_step from blocks where cardinality(steps) = 3") \
        == [(-2**63, 2**63 - 1)]


def test_a_committed_batch_sent_again_is_acked_and_not_stored(db, tocsind, make_emitter):
    emitter = make_emitter(tocsind)
    emitter.hello()
    emitter.log(["x"], [(0, (1.0,))])
    for _ in range(3):
        emitter.send_raw(emitter.batch_frame(
            wire.METRICS, [wire.block(wire.METRIC, ["x"], [(0, 1, (1.0,))])], seq=1))
        assert emitter.expect(wire.ACK)["last_seq"] == 1
    assert db.value("select count(*) from blocks") == 1
    assert tocsind.metrics()['tocsin_batches_duplicate_total{when="committed"}'] == 3


def test_a_gap_is_nacked_with_what_is_committed(db, tocsind, make_emitter):
    emitter = make_emitter(tocsind)
    emitter.hello()
    emitter.log(["x"], [(0, (1.0,))])
    item = wire.block(wire.METRIC, ["x"], [(9, 1, (1.0,))])
    emitter.send_raw(emitter.batch_frame(wire.METRICS, [item], seq=3))
    nack = emitter.expect(wire.NACK)
    assert (nack["lane"], nack["last_seq"], nack["reason"]) == (wire.METRICS, 1, 0)
    emitter.send_raw(emitter.batch_frame(wire.METRICS, [item], seq=2))
    assert emitter.expect(wire.ACK)["last_seq"] == 2
    assert db.value("select count(*) from blocks") == 2


def test_a_stranger_is_told_to_say_hello(db, tocsind, make_emitter):
    emitter = make_emitter(tocsind)
    emitter.send_raw(emitter.batch_frame(wire.METRICS, [], seq=1))
    nack = emitter.expect(wire.NACK)
    assert (nack["reason"], nack["last_seq"]) == (1, 0)
    emitter.hello()
    emitter.log(["x"], [(0, (1.0,))])
    assert db.value("select count(*) from blocks") == 1


def test_a_producer_whose_run_was_deleted_is_told_to_say_hello(db, tocsind, make_emitter):
    emitter = make_emitter(tocsind)
    emitter.hello()
    emitter.log(["x"], [(0, (1.0,))])
    db.query("delete from runs")
    emitter.send(wire.METRICS, [wire.block(wire.METRIC, ["x"], [(1, 1, (1.0,))])])
    assert emitter.expect(wire.NACK)["reason"] == 1
    assert emitter.hello()["metrics_seq"] == 0
    emitter.log(["x"], [(1, (2.0,))])
    assert db.query("select rank, attempt from attempts") == [(0, 0)]


def test_alerts_do_not_wait_for_metrics(make_tocsind, make_emitter):
    tocsind = make_tocsind().start("--commit-interval-ms=10000")
    emitter = make_emitter(tocsind)
    emitter.hello()
    emitter.log(["x"], [(0, (1.0,))])  # the first commit; the next is 10 s away
    emitter.log(["x"], [(1, (1.0,))], wait=False)
    emitter.alert("fire", wait=False)
    # The metrics may or may not travel with it; it does not wait for their turn.
    answers = iter(lambda: emitter.expect(wire.ACK, deadline_s=5)["lane"], None)
    assert wire.EVENTS in answers


def test_an_alert_takes_milliseconds(tocsind, make_emitter):
    emitter = make_emitter(tocsind)
    emitter.hello()
    took = []
    for i in range(40):
        began = time.monotonic()
        emitter.alert(f"alert {i}")
        took.append(time.monotonic() - began)
    assert sorted(took)[20] < 0.05, took


def junk_frames():
    """Frames no emitter sends, with the reason that each is refused for."""
    hello = [wire.HELLO, b"p" * 16, 1, 0, 1, 0, 1, 1, "p", "r", "", "", "", "", ""]
    yield "magic", b""
    yield "magic", b"GET / HTTP/1.1\r\n\r\n"
    yield "magic", bytes(300)
    yield "version", wire.msgpack.packb(["TCS9", *hello])
    yield "truncated", wire.frame(*hello)[:-20]
    yield "trailing", wire.frame(*hello) + b"\0"
    yield "type", wire.frame(*hello[:2], "one", *hello[3:])
    yield "value", wire.frame(*hello[:3], 7, *hello[4:])  # rank 7 of 1
    yield "value", wire.frame(99)
    yield "too_long", wire.frame(*hello[:8], "p" * 256, *hello[9:])
    yield "utf8", wire.frame(*hello[:8], "a\0b", *hello[9:])
    yield "kind", wire.frame(wire.ACK, b"p" * 16, 1, 5)
    # An array of 2^32-1 items in five bytes, one of 4,096 that are not there, and 5,000 arrays
    # inside each other.
    empty = wire.frame(wire.BATCH, b"p" * 16, 1, 1, 0, 0, [])
    yield "too_long", empty[:-1] + b"\xdd\xff\xff\xff\xff"
    yield "truncated", empty[:-1] + b"\xdd\x00\x00\x10\x00"
    yield "type", b"\x92\xa4TCS1" + b"\x91" * 5000


def test_junk_is_counted_by_reason_and_the_connection_survives(db, tocsind, make_emitter):
    emitter = make_emitter(tocsind)
    emitter.hello()
    for reason, data in junk_frames():
        before = refused(tocsind, reason)
        emitter.send_raw(data)
        reject = emitter.expect(wire.REJECT)
        assert reject["producer"] is None and reject["text"]
        after = refused(tocsind, reason)
        assert after == before + 1, (reason, data[:40], tocsind.metrics())
    emitter.log(["x"], [(0, (1.0,))])
    assert db.value("select count(*) from blocks") == 1


def test_multipart_messages_are_refused_whole(db, tocsind, make_emitter):
    emitter = make_emitter(tocsind)
    emitter.hello()
    frame = emitter.batch_frame(wire.METRICS, [wire.block(wire.METRIC, ["x"], [(0, 1, (1.0,))])],
                                seq=1)
    emitter.send_raw(frame, frame)
    assert emitter.expect(wire.REJECT)["reason"] == 3
    emitter.send_raw(*[b"x"] * 2000)
    assert emitter.expect(wire.REJECT)["reason"] == 3
    assert refused(tocsind, "multipart") == 2
    emitter.log(["x"], [(0, (1.0,))])
    assert db.value("select count(*) from blocks") == 1


def test_an_oversized_frame_never_reaches_the_decoder(db, tocsind, make_emitter):
    good = make_emitter(tocsind)
    good.hello()
    bad = make_emitter(tocsind)
    bad.send_raw(bytes(1024 * 1024 + 1))  # ZeroMQ closes the connection at the frame's header
    good.log(["x"], [(0, (1.0,))])
    assert tocsind.metrics()["tocsin_received_bytes_total"] < 100000
    bad.reconnect(tocsind.endpoint)
    bad.hello()


def test_a_routing_id_of_the_peers_choice_is_bounded(tocsind, make_emitter):
    import zmq
    emitter = make_emitter(tocsind)
    emitter._socket.close()
    emitter._socket = emitter._zmq.socket(zmq.DEALER)
    emitter._socket.linger = 0
    emitter._socket.routing_id = b"i" * 200
    emitter._socket.connect(tocsind.endpoint)
    emitter.send_raw(emitter.hello_frame())
    wait_for(lambda: refused(tocsind, "peer") == 1)
    assert emitter.is_silent(0.1)


def resident_kb(tocsind):
    with open(f"/proc/{tocsind.pid}/status", encoding="ascii") as status:
        return next(int(line.split()[1]) for line in status if line.startswith("VmRSS"))


def test_thousands_of_junk_frames_do_not_grow_memory(make_tocsind, make_emitter):
    # AddressSanitizer keeps freed memory to find its use; it would look like growth.
    tocsind = make_tocsind().start(env={"ASAN_OPTIONS": "quarantine_size_mb=1:exitcode=99"})
    emitter = make_emitter(tocsind)
    emitter.hello()
    rng = random.Random(7)
    frames = [rng.randbytes(rng.choice([1, 100, 5000, 200000])) for _ in range(40)]
    frames += [data for _, data in junk_frames()]
    frames.append(wire.frame(wire.BATCH, b"p" * 16, 1, 1, 0, 0, [])[:-1] +
                  b"\xdd\x00\x00\x10\x00" + bytes(1000000))

    def send_rounds(rounds):
        before = tocsind.metrics()["tocsin_frames_received_total"]
        for _ in range(rounds):
            for data in frames:
                emitter.send_raw(data)
            while not emitter.is_silent(0):
                emitter.receive()
        wait_for(lambda: tocsind.metrics()["tocsin_frames_received_total"]
                 == before + rounds * len(frames))

    send_rounds(5)  # caches, arenas, receive buffers
    before = resident_kb(tocsind)
    send_rounds(60)
    assert resident_kb(tocsind) < before + 30000
    while not emitter.is_silent(0.2):
        emitter.receive()
    emitter.log(["x"], [(0, (1.0,))])


def test_logs_say_little_and_no_payload(db, make_tocsind, make_emitter):
    tocsind = make_tocsind(dsn=db.dsn_collector + " password=planted-secret").start()
    emitter = make_emitter(tocsind, project="planted-project")
    emitter.hello(config='{"key": "planted-config"}')
    emitter.alert("planted-title", "planted-text", url="https://127.0.0.1:1/planted-url")
    for _ in range(300):
        emitter.send_raw(b"planted-junk")
    wait_for(lambda: refused(tocsind, "magic") == 300)
    tocsind.stop()
    assert "planted" not in tocsind.log
    assert tocsind.log.count("event=frame_refused") <= 10
