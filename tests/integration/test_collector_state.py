# SPDX-License-Identifier: Apache-2.0
"""The table run_state says what the blocks say: while tocsind runs, after it was killed, and after
producers changed collectors."""

import math
import random

import pytest

from resender import drive, stored_state, state_from_blocks, wait_for_state
from rig.programs import Tocsind
from rig.wait import wait_for

INF, NAN = math.inf, math.nan
# Steps that fall and repeat, values that are not numbers: (step, values of a and b).
AWKWARD = [(5, (NAN, 1.0)), (3, (INF, -INF)), (5, (2.0, NAN)), (-4, (-7.5, 0.0)), (9, (NAN, NAN)),
           (9, (1e308, -0.0)), (2**62, (3.0, 4.0)), (1, (NAN, -1e-308))]


def log_awkward(emitter, cut=3):
    for i in range(0, len(AWKWARD), cut):
        emitter.log(["a", "b"], [(step, 1700000000000000000 + (i + j) * 1000, values)
                                 for j, (step, values) in enumerate(AWKWARD[i:i + cut])])


def test_it_agrees_with_the_blocks(db, tocsind, make_emitter):
    for rank in range(3):
        emitter = make_emitter(tocsind, run_id=1, rank=rank)
        emitter.hello()
        log_awkward(emitter, cut=rank + 1)
        emitter.log(["c"], [(7, (NAN,))])
    wait_for_state(db)
    assert len(stored_state(db)) == 6
    assert db.query("select name, minimum, maximum, calls, first_step, last_step "
                    "from series_overview where rank = 0 and name = 'a'") \
        == [("a", -7.5, INF, 8, -4, 2**62)]


def test_it_is_written_soon_when_nothing_else_happens(db, make_tocsind, make_emitter):
    tocsind = make_tocsind().start("--state-interval-ms=60000")
    emitter = make_emitter(tocsind)
    emitter.hello()
    emitter.log(["a"], [(0, (1.0,))])
    wait_for_state(db, deadline_s=10)


def test_it_is_whole_when_the_end_of_a_producer_is_acknowledged(db, make_tocsind, make_emitter):
    tocsind = make_tocsind().start("--state-interval-ms=60000")
    running, ending = make_emitter(tocsind, run_id=1), make_emitter(tocsind, run_id=1, rank=1)
    for emitter in (running, ending):
        emitter.hello()
    for step in range(20):
        running.log(["a"], [(step, (1.0,))], wait=False)  # there is always something to be written
        ending.log(["a"], [(step, (1.0,))])
        if step == 0:
            ending.finish()
        assert db.value("select sum(calls) from run_state where rank = 1") == step + 1


def test_a_killed_collector_s_state_is_computed_from_the_blocks(db, make_tocsind, make_emitter):
    """Nothing was ever written: everything comes from the blocks, without the producer."""
    tocsind = make_tocsind().start("--state-interval-ms=60000")
    blocker = keep_states_unwritten(db)
    emitter = make_emitter(tocsind)
    emitter.hello()
    log_awkward(emitter)
    tocsind.kill9()
    blocker()
    assert stored_state(db) == []
    db.query("update producers set updated = updated - interval '1 minute'")
    tocsind.start()
    wait_for_state(db)
    assert tocsind.metrics()["tocsin_state_rebuilds_total"] == 1


@pytest.mark.parametrize("steps", [[20, 21, 22], [4, 2, 30]], ids=["rising", "falling"])
def test_a_state_left_behind_is_brought_up_to_date(db, make_tocsind, make_emitter, steps):
    """Part of it was written. Rising steps need the new blocks only, falling ones all of them."""
    tocsind = make_tocsind().start()
    emitter = make_emitter(tocsind)
    emitter.hello()
    emitter.log(["a", "b"], [(i, (float(i), -float(i))) for i in range(10)])
    wait_for_state(db)
    blocker = keep_states_unwritten(db)
    emitter.log(["a", "b"], [(step, (100.0 + i, NAN)) for i, step in enumerate(steps)])  # one batch: a flush would wait
    tocsind.kill9()
    blocker()
    assert stored_state(db) != state_from_blocks(db)
    tocsind.start()
    emitter.reconnect(tocsind.endpoint)
    emitter.hello()
    wait_for_state(db)
    emitter.log(["a", "b"], [(steps[-1] + 1, (-50.0, 7.0))])
    wait_for_state(db)


@pytest.mark.parametrize("steps", [[20, 21, 22], [4, 2, 30]], ids=["rising", "falling"])
def test_a_state_left_behind_keeps_what_it_knows_of_removed_blocks(db, make_tocsind, make_emitter, steps):
    """Blocks that are rolled and removed because of their age are in the state and in no table."""
    tocsind = make_tocsind().start()
    emitter = make_emitter(tocsind)
    emitter.hello()
    for i in range(10):
        emitter.log(["a", "b"], [(i, (float(i), -float(i)))])
    emitter.log(["c"], [(5, (1.0,))])
    wait_for_state(db)
    db.query("""insert into compacted (run_id, keyset_id, rank, attempt, calls, from_step, removed, raw_from)
                select run_id, keyset_id, rank, attempt, 8, 7, 6, 6 from run_state where cardinality(last) = 2""")
    db.query("update blocks set rolled = true where last_step < 8 and cardinality(values) = 2")
    db.query("delete from blocks where last_step < 6 and cardinality(values) = 2")
    blocker = keep_states_unwritten(db)
    emitter.log(["a", "b"], [(step, (100.0 + i, NAN)) for i, step in enumerate(steps)])
    tocsind.kill9()
    blocker()
    tocsind.start()
    emitter.reconnect(tocsind.endpoint)
    emitter.hello()
    wait_for(lambda: not db.value("select count(*) from producers where lane = 1 and state_seq < last_seq"))
    assert db.query("select calls, first_step, last_step, last::text, minimum::text, maximum::text from run_state "
                    "where cardinality(last) = 2") == [(13, 0, max(steps), "{102,NaN}", "{0,-9}", "{102,-0}")]
    assert db.query("select calls, minimum from run_state where cardinality(last) = 1") == [(1, [1.0])]


def test_a_producer_that_comes_back_goes_on_with_its_state(db, make_tocsind, make_emitter):
    tocsind = make_tocsind().start()
    emitter = make_emitter(tocsind)
    emitter.hello()
    log_awkward(emitter)
    wait_for_state(db)
    assert tocsind.stop() == 0
    tocsind.start()
    emitter.reconnect(tocsind.endpoint)
    emitter.hello()
    log_awkward(emitter, cut=1)
    wait_for_state(db)
    assert db.value("select calls from run_state") == 16
    assert tocsind.metrics()["tocsin_state_rebuilds_total"] == 0


def test_a_collector_that_lost_a_producer_writes_nothing_of_it(db, make_tocsind, make_emitter):
    """A has the state in memory when B takes the producer over; A's memory is old from then on."""
    a = make_tocsind(name="a").start("--state-interval-ms=60000")
    b = make_tocsind(name="b").start()
    emitter = make_emitter(a)
    emitter.hello()
    blocker = keep_states_unwritten(db)
    emitter.log(["a"], [(1, (5.0,))])
    a.pause()
    blocker()
    emitter.reconnect(b.endpoint)
    emitter.hello()
    emitter.log(["a"], [(2, (9.0,))])
    wait_for_state(db)
    a.resume()
    emitter.reconnect(a.endpoint)
    emitter.hello()
    emitter.log(["a"], [(3, (7.0,))])
    wait_for_state(db)
    assert db.query("select calls, last, minimum, maximum from run_state") \
        == [(3, [7.0], [5.0], [9.0])]


def test_wide_and_many_keysets_are_written_in_parts(db, tocsind, make_emitter):
    emitter = make_emitter(tocsind)
    emitter.hello()
    for k in range(4):
        names = [f"k{k}/m{i}" for i in range(1500)]
        emitter.log(names, [(0, [float(i) for i in range(1500)])])
    wait_for(lambda: db.value("select count(*) from run_state") == 4)
    assert db.query("select last = minimum and minimum = maximum, last[1500], cardinality(last) "
                    "from run_state") == [(True, 1499.0, 1500)] * 4


def test_two_attempts_have_states_of_their_own(db, tocsind, make_emitter):
    for attempt in range(2):
        emitter = make_emitter(tocsind, run_id=1)
        emitter.hello()
        emitter.log(["a"], [(attempt * 10 + i, (float(attempt),)) for i in range(3)])
    wait_for_state(db)
    assert db.query("select attempt, calls, first_step from run_state order by 1") \
        == [(0, 3, 0), (1, 3, 10)]
    assert db.value("select count(*) from metrics where step < 10") == 3


def test_runs_are_seen_alive(db, tocsind, make_emitter):
    emitter = make_emitter(tocsind)
    emitter.hello()
    db.query("update runs set last_seen = 'epoch'")
    emitter.alert("a sign of life")
    wait_for(lambda: db.value("select last_seen > now() - interval '1 minute' from runs"))


def test_random_steps_through_many_kills(db, make_tocsind, make_resenders):
    rng = random.Random(11)
    order = {seq: [rng.randrange(100) for _ in range(4)] for seq in range(1, 81)}
    tocsind = make_tocsind().start("--state-interval-ms=100")
    resenders = make_resenders(tocsind.endpoint, n=3, batches=80, answer_s=0.5,
                               steps_of=lambda seq: order[seq])
    for share in (10, 30, 50, 70):
        drive(resenders, lambda: resenders[0].acked > share)
        tocsind.kill9()
        tocsind.start("--state-interval-ms=100")
    drive(resenders)
    wait_for_state(db)


def keep_states_unwritten(db):
    """Holds run_state so that no collector can write it; call the result to let go."""
    blocker = db.connect()
    blocker.autocommit = False
    blocker.cursor().execute("lock table tocsin.run_state in exclusive mode")

    def let_go():
        blocker.rollback()
        blocker.close()

    return let_go
