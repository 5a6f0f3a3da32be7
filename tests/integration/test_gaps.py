# SPDX-License-Identifier: Apache-2.0
"""Calls that never came: how many and which, from the emitter's ring to SQL and tocsin list gaps."""

from datetime import datetime, timezone

from rig import wire
from rig.trainer import Trainer, conservation, stored_steps
from rig.wait import wait_for

CALLS = 200_000
GAPS = "select rank, attempt, calls, first_step, last_step, first_time, last_time from gaps_overview order by gap_id"
T_NS = 1_700_000_000_000_000_000
T = datetime.fromtimestamp(T_NS // 10**9, timezone.utc)


def gap(calls, first_step=None, last_step=None, first_ns=None, last_ns=None):
    return [wire.GAP, calls, first_step, last_step, first_ns, last_ns]


def test_what_is_said_is_stored(db, make_tocsind, make_emitter):
    tocsind = make_tocsind().start()
    emitter = make_emitter(tocsind, rank=3)
    emitter.hello()
    emitter.send(wire.METRICS, [gap(5, -3, 2**62, T_NS, T_NS + 10**9), wire.keyset(0, ["x"]),
                                wire.block(0, ["x"], [(1, T_NS, (1.0,))])], dropped=5)
    emitter.send(wire.METRICS, [gap(7), gap(1, 9, 9), gap(2, None, None, T_NS, T_NS)], dropped=15)
    emitter.wait_acked(wire.METRICS)
    assert db.query(GAPS) == [
        (3, 0, 5, -3, 2**62, T, datetime.fromtimestamp(T_NS // 10**9 + 1, timezone.utc)),
        (3, 0, 7, None, None, None, None),
        (3, 0, 1, 9, 9, None, None),
        (3, 0, 2, None, None, T, T)]
    assert db.query("select committed, dropped from producers where lane = 1") == [(1, 15)]
    assert tocsind.metrics()["tocsin_gap_records_committed_total"] == 4


def test_a_batch_that_comes_again_adds_none(db, make_tocsind, make_emitter):
    emitter = make_emitter(make_tocsind().start())
    emitter.hello()
    frame = emitter.batch_frame(wire.METRICS, [gap(5, 1, 5)], seq=1, emitted=5, dropped=5)
    for _ in range(3):
        emitter.send_raw(frame)
        assert emitter.expect(wire.ACK)["last_seq"] == 1
    assert db.value("select sum(calls) from gaps") == 5


def test_a_batch_in_quarantine_still_tells_them(db, make_tocsind, make_emitter):
    """Its totals count, so what they are made of must be there too."""
    db.query("alter table blocks add constraint no_poison check (first_step <> 13)")
    emitter = make_emitter(make_tocsind().start())
    emitter.hello()
    emitter.send(wire.METRICS, [gap(5, 8, 12), wire.keyset(0, ["x"]),
                                wire.block(0, ["x"], [(13, T_NS, (1.0,))])], dropped=5)
    emitter.wait_acked(wire.METRICS)
    assert db.query("select quarantined, dropped from producers where lane = 1") == [(1, 5)]
    assert db.query("select calls, first_step, last_step from gaps") == [(5, 8, 12)]


def test_tocsin_lists_them(db, cli, make_tocsind, make_emitter):
    emitter = make_emitter(make_tocsind().start(), project="p", name="r")
    emitter.hello()
    emitter.send(wire.METRICS, [gap(5, 8, 12, T_NS, T_NS), gap(1)], dropped=6)
    emitter.wait_acked(wire.METRICS)
    answer = cli.run("list", "gaps", "--project", "p", "--run", "r", "--json").json()
    assert (answer["project"], answer["run"]) == ("p", "r")
    unknown, known = answer["gaps"]
    assert (known["run"], known["rank"], known["attempt"], known["calls"], known["first_step"],
            known["last_step"]) == ("r", 0, 0, 5, 8, 12)
    assert known["first_time"] == known["last_time"] and known["first_time"].startswith("2023-11-14")
    assert unknown["calls"] == 1
    assert {unknown[key] for key in ("first_step", "last_step", "first_time", "last_time")} == {None}
    none = cli.run("list", "gaps", "--project", "nobody", "--json")
    assert none.rc == 3 and "nobody" in none.stderr
    table = cli.run("list", "gaps", "--project", "p")
    assert table.rc == 0 and table.stdout.count("\n") == 3
    totals = cli.run("query", "project", "--project", "p", "--sql",
                     "select sum(calls)::bigint as calls from gaps_overview", "--json").json()
    assert totals["rows"] == [{"calls": 6}]


# A real emitter


def small_trainer(place, endpoint, calls, end):
    """One that has dropped calls: ring and spool take a fifth of CALLS."""
    trainer = Trainer(place, endpoint, TOCSIN_SPOOL_BYTES=str(1 << 20))
    trainer.start(calls, end, "drop")
    wait_for(lambda: trainer.dropped > 1000, 30, lambda: trainer.process.log)
    return trainer


def assert_gaps_tell(db, steps):
    """All that is missing of this range, and nothing else, is in the gaps of the one thread that
    logged: they follow each other and each counts what is missing between its ends."""
    stored = stored_steps(db)
    assert all(count == 1 for _, count in stored), "a call is stored twice"
    missing = set(steps) - {step for step, _ in stored}
    end = -1
    for calls, first, last in db.query("select calls, first_step, last_step from gaps order by gap_id"):
        assert end < first <= last, (end, first, last)
        assert first in missing and last in missing, (first, last)
        assert len(missing.intersection(range(first, last + 1))) == calls, (first, last, calls)
        missing.difference_update(range(first, last + 1))
        end = last
    assert not missing, f"{len(missing)} steps are missing and in no gap, the first is {min(missing)}"
    for lane, (emitted, committed, dropped, on_node) in conservation(db).items():
        assert emitted == committed + dropped and on_node == 0, (lane, emitted, committed, dropped)
        assert dropped == (db.value("select sum(calls) from gaps") if lane == "metrics" else 0)
    return db.value("select sum(calls) from gaps")


def test_what_a_full_ring_and_spool_dropped_is_told_when_the_collector_is_back(place, db, make_tocsind):
    tocsind = make_tocsind()
    trainer = small_trainer(place, tocsind.endpoint, CALLS, "finish")
    tocsind.start()
    assert trainer.wait_end() == 0, trainer.process.log
    assert assert_gaps_tell(db, range(CALLS)) == CALLS - trainer.returned == trainer.dropped


def test_a_killed_trainer_leaves_what_it_dropped(place, db, cli, make_tocsind):
    """The ring's file has what no batch has told yet."""
    tocsind = make_tocsind()
    trainer = small_trainer(place, tocsind.endpoint, 0, "wait")
    trainer.process.kill9()
    tocsind.start()
    shipped = cli.run("ship", "--json", env=trainer.env)
    assert shipped.rc == 0, shipped.stderr
    emitted = db.value("select emitted from producers_overview where lane = 'metrics'")
    assert assert_gaps_tell(db, range(emitted)) >= trainer.dropped
