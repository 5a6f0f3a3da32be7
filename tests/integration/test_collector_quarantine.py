# SPDX-License-Identifier: Apache-2.0
"""What PostgreSQL refuses for its content: set aside alone, with the reason, and nothing waits for it."""

from blocker import blocks_held, wait_blocked
from rig import wire
from rig.wait import wait_for

CHECKS = {"alerts": "title <> 'poison'", "series": "name <> 'poison'", "blocks": "first_step <> 13"}


def refuse(db, table):
    """Makes PostgreSQL refuse some content. Its frames are well-formed."""
    db.query(f"alter table {table} add constraint no_poison check ({CHECKS[table]})")


def quarantine(db):
    return db.query("select rank, lane, seq, calls, sqlstate from quarantine_overview order by rank, lane, seq")


def test_it_is_found_among_the_batches_it_came_with(db, make_tocsind, make_emitter):
    refuse(db, "alerts")
    tocsind = make_tocsind().start()
    good = [make_emitter(tocsind, run_id=1, rank=rank) for rank in range(4)]
    bad = make_emitter(tocsind, run_id=1, rank=4)
    for emitter in [*good, bad]:
        emitter.hello()
    with blocks_held(db):
        good[0].log(["x"], [(0, (1.0,))], wait=False)
        wait_blocked(db)
        for emitter in good:
            emitter.alert("fine", wait=False)
        for title in ("before", "poison", "after"):
            bad.alert(title, wait=False)
        wait_for(lambda: tocsind.metrics()["tocsin_queue_messages"] == 7)
    for emitter in [*good, bad]:
        emitter.wait_acked(wire.EVENTS)
    assert db.query("select title from alerts order by 1") \
        == [("after",), ("before",), ("fine",), ("fine",), ("fine",), ("fine",)]
    assert quarantine(db) == [(4, "events", 2, 1, "23514")]
    assert "no_poison" in db.value("select reason from quarantine")
    assert tocsind.metrics()["tocsin_batches_quarantined_total"] == 1


def test_conservation_counts_it(db, make_tocsind, make_emitter):
    refuse(db, "blocks")
    emitter = make_emitter(make_tocsind().start())
    emitter.hello()
    emitter.log(["x"], [(1, (1.0,))])
    emitter.log(["x"], [(13, (1.0,)), (14, (2.0,))])
    emitter.log(["x"], [(15, (3.0,))])
    assert db.query("""select emitted, committed, quarantined, on_node from producers_overview
                       where lane = 'metrics'""") == [(4, 2, 2, 0)]
    assert db.query("select step from metrics order by 1") == [(1,), (15,)]


def test_its_frame_is_kept_as_it_came(db, make_tocsind, make_emitter):
    refuse(db, "alerts")
    emitter = make_emitter(make_tocsind().start())
    emitter.hello()
    frame = emitter.batch_frame(wire.EVENTS, [[wire.ALERT, 1, "poison", "text", 7, 1, None]], seq=1, emitted=1)
    emitter.send_raw(frame)
    assert emitter.expect(wire.ACK)["last_seq"] == 1
    assert bytes(db.value("select frame from quarantine")) == frame


def test_names_in_it_serve_later_batches(db, make_tocsind, make_emitter):
    refuse(db, "blocks")
    emitter = make_emitter(make_tocsind().start())
    emitter.hello()
    emitter.log(["x"], [(13, (1.0,))])  # the keyset is defined here and nowhere else
    emitter.log(["x"], [(14, (2.0,))])
    assert db.query("select step, name, value from metrics") == [(14, "x", 2.0)]
    assert quarantine(db) == [(0, "metrics", 1, 1, "23514")]


def test_names_that_are_refused_go_with_it(db, make_tocsind, make_emitter):
    refuse(db, "series")
    emitter = make_emitter(make_tocsind().start())
    emitter.hello()
    emitter.log(["poison"], [(1, (1.0,))])
    emitter.log(["x"], [(2, (2.0,))])
    assert db.query("select step, name from metrics") == [(2, "x")]
    assert quarantine(db) == [(0, "metrics", 1, 1, "23514")]


def test_run_state_is_right_without_it(db, make_tocsind, make_emitter):
    refuse(db, "blocks")
    tocsind = make_tocsind().start()
    emitter = make_emitter(tocsind)
    emitter.hello()
    emitter.log(["x"], [(1, (1.0,))])
    emitter.log(["x"], [(13, (-9.0,))])
    emitter.log(["x"], [(14, (4.0,))])
    wait_for(lambda: db.query("select calls, minimum, maximum from series_overview") == [(2, 1.0, 4.0)])


def test_a_full_quarantine_refuses_and_loses_nothing(db, make_tocsind, make_emitter):
    refuse(db, "alerts")
    tocsind = make_tocsind().start()
    emitter = make_emitter(tocsind)
    emitter.hello()
    for _ in range(256):
        emitter.alert("poison", wait=False)
    emitter.wait_acked(wire.EVENTS)
    emitter.alert("poison", wait=False)
    reject = emitter.expect(wire.REJECT)
    assert reject["reason"] == 5
    assert db.value("select count(*) from quarantine") == 256
    assert db.value("select last_seq from producers where lane = 0") == 256
    db.query("alter table alerts drop constraint no_poison")
    emitter.seq[wire.EVENTS] = 256
    emitter.alert("poison")
    assert db.value("select count(*) from alerts") == 1


def test_tocsin_lists_it(db, cli, make_tocsind, make_emitter):
    refuse(db, "alerts")
    emitter = make_emitter(make_tocsind().start(), project="p", name="r")
    emitter.hello()
    emitter.alert("poison")
    answer = cli.run("list", "quarantine", "--project", "p", "--run", "r", "--json").json()
    assert (answer["project"], answer["run"]) == ("p", "r")
    row, = answer["quarantine"]
    assert (row["run"], row["rank"], row["lane"], row["seq"], row["calls"], row["sqlstate"]) \
        == ("r", 0, "events", 1, 1, "23514")
    assert "no_poison" in row["reason"] and row["bytes"] > 0
    none = cli.run("list", "quarantine", "--project", "nobody", "--json")
    assert none.rc == 3 and "nobody" in none.stderr
    table = cli.run("list", "quarantine", "--project", "p")
    assert table.rc == 0 and table.stdout.count("\n") == 2
