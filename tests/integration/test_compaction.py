# SPDX-License-Identifier: Apache-2.0
"""Small blocks become large ones, with roll-ups beside them, and no reader ever sees a value twice or not at all."""

import json
import math
import random
import threading

import pytest

from rig.wait import wait_for
from stored import Stored

EAGER = ("--compaction-interval-ms=100", "--compaction-quiet-s=1", "--compaction-share=90")
PATIENT = ("--compaction-interval-ms=100", "--compaction-quiet-s=3600", "--compaction-share=90")
NAN, INF = math.nan, math.inf

# Every value with all that belongs to it, in an order of its own.
CONTENT = """
select md5(string_agg(v::text, ';' order by v::text)), count(*)
  from (select run_id, rank, attempt, kind, name, u.step, u.time, u.value
          from metric_blocks, unnest(steps, times, values) u(step, time, value)) v"""

# What roll-ups must say, from the blocks that are rolled: buckets of the widths that they have.
EXPECTED = """
select w.level, w.width, s.name, b.rank, b.attempt, floor(u.step::numeric / w.width) as bucket, count(*)::bigint as calls,
       min(u.step) as first_step, max(u.step) as last_step, min(u.time) as first_time, max(u.time) as last_time,
       coalesce(min(u.value) filter (where finite), 'NaN') as minimum,
       coalesce(max(u.value) filter (where finite), 'NaN') as maximum,
       round(coalesce(sum(u.value) filter (where finite), 0)::numeric, 6) as sum, count(*) filter (where not finite) as odd
  from blocks b
  join series s using (run_id, keyset_id)
  join (select distinct run_id, keyset_id, rank, attempt, level, width from rollups) w using (run_id, keyset_id, rank, attempt),
       unnest(b.steps, b.times, b.values[(s.position - 1) * cardinality(b.steps) + 1 : s.position * cardinality(b.steps)])
         as u(step, time, value),
       lateral (select u.value not in ('NaN', 'Infinity', '-Infinity') as finite) f
 where b.rolled and b.run_id = %s
 group by 1, 2, 3, 4, 5, 6 order by 1, 2, 3, 4, 5, 6"""
ROLLED = """
select level, width, name, rank, attempt, floor(first_step::numeric / width) as bucket, sum(calls)::bigint, min(first_step),
       max(last_step), min(first_time), max(last_time), coalesce(min(nullif(minimum, 'NaN')), 'NaN'),
       coalesce(max(nullif(maximum, 'NaN')), 'NaN'),
       round(sum(coalesce(mean * (calls - odd), 0))::numeric, 6), sum(odd)::bigint
  from metric_rollups where run_id = %s
 group by 1, 2, 3, 4, 5, 6 order by 1, 2, 3, 4, 5, 6"""


def fill(db, run_id, calls, columns=3, ranks=1, per_block=1, ended=True, stride=1, project="p"):
    """Blocks as they come from a rank that logs now and then."""
    stored = Stored(db)
    stored.run(project, f"run{run_id}", run_id, world_size=ranks, attempts=[(rank, 0) for rank in range(ranks)],
               ending="finished" if ended else None)
    db.query("insert into series select %s, %s, c, 'm' || c, 'metric' from generate_series(1, %s) c", run_id, run_id, columns)
    db.query("""
        insert into blocks (run_id, keyset_id, rank, attempt, first_step, last_step, steps, times, values)
        select %(run)s, %(run)s, rank, 0, first * %(stride)s, (first + n - 1) * %(stride)s,
               array(select s * %(stride)s from generate_series(first, first + n - 1) s),
               array(select timestamptz '2026-01-01' + s * interval '1 second' from generate_series(first, first + n - 1) s),
               array(select sin(s * c + rank) from generate_series(1, %(columns)s) c, generate_series(first, first + n - 1) s)
          from generate_series(0, %(ranks)s - 1) rank, generate_series(0, %(calls)s - 1, %(per_block)s) first,
               lateral (select least(%(per_block)s, %(calls)s - first) as n) l""".replace("%(", "{").replace(")s", "}").format(
        run=run_id, stride=stride, columns=columns, ranks=ranks, calls=calls, per_block=per_block))
    db.query("""
        insert into run_state
        select run_id, keyset_id, rank, attempt, sum(cardinality(steps)), min(first_step), max(last_step), max(times[1]),
               array_fill(0::float8, array[%s]), array_fill(0::float8, array[%s]), array_fill(0::float8, array[%s])
          from blocks where run_id = %s group by 1, 2, 3, 4""", columns, columns, columns, run_id)


def backlog(db):
    return db.value("select coalesce(sum(calls), 0) from compaction_backlog")


def wait_compacted(db, deadline_s=60):
    wait_for(lambda: backlog(db) == 0, deadline_s)


def sizes(db, run_id):
    return [n for n, in db.query("select cardinality(steps) from blocks where run_id = %s order by rank, first_step", run_id)]


def check_rollups(db, run_id):
    assert db.value("select bool_and(rolled) from blocks where run_id = %s", run_id)
    expected = db.query(EXPECTED, run_id)
    assert len(expected) > 0
    assert [tuple(map(repr, row)) for row in db.query(ROLLED, run_id)] == [tuple(map(repr, row)) for row in expected]


def test_a_finished_run_becomes_full_blocks(db, make_tocsind):
    fill(db, 1, calls=3000, ranks=2)
    before = db.query(CONTENT)
    tocsind = make_tocsind().start(*EAGER)
    wait_compacted(db)
    assert db.query(CONTENT) == before
    assert sizes(db, 1) == [500] * 12
    check_rollups(db, 1)
    assert {(level, width) for level, width in db.query("select level, width from rollups")} == {(1, 32), (2, 1024)}
    figures = tocsind.metrics()
    assert figures["tocsin_compacted_calls_total"] == 6000
    assert figures["tocsin_compacted_points_total"] == 18000
    assert figures['tocsin_compaction_blocks_total{what="joined"}'] == 6000
    assert figures['tocsin_compaction_blocks_total{what="written"}'] == 12
    assert figures["tocsin_compaction_failures_total"] == 0


def test_what_a_real_emitter_logs_one_by_one_is_joined_and_stays_what_it_was(db, make_tocsind, make_emitter):
    """Steps that fall and repeat, values that are not numbers, two ranks, system metrics."""
    rng = random.Random(7)
    tocsind = make_tocsind().start(*EAGER)
    for rank in range(2):
        emitter = make_emitter(tocsind, run_id=1, rank=rank)
        emitter.hello()
        for i in range(200):
            values = [rng.choice([NAN, INF, -INF, 1024.0, rng.random(), rng.random()]) for _ in range(2)]
            emitter.log(["a", "b"], [(rng.choice([i, i, i - 3, 7]), 1700000000000000000 + i * 1000, values)], wait=i % 20 == 0)
        emitter.log(["a", "b"], [(10**6, 1800000000000000000, (1.0, 2.0))])
        emitter.finish()
    wait_for(lambda: db.value("select sum(calls) from run_state") == 402)
    before = db.query(CONTENT)
    assert before[0][1] == 804
    db.query("update producers set updated = updated - interval '1 minute'")
    wait_compacted(db)
    assert db.query(CONTENT) == before
    assert len(sizes(db, 1)) <= 4
    check_rollups(db, 1)


def test_the_newest_calls_wait_until_they_fill_a_block(db, make_tocsind, cli):
    fill(db, 1, calls=1500, ended=False)
    fill(db, 2, calls=511, ended=False)
    db.query("""insert into producers (run_id, producer_id, lane) select run_id, producer_id, 1 from attempts""")
    before = db.query(CONTENT)
    tocsind = make_tocsind().start(*PATIENT)
    wait_for(lambda: backlog(db) == 1500 - 1024 + 511)
    assert sizes(db, 1)[:2] == [512, 512] and set(sizes(db, 1)[2:]) == {1}
    assert sizes(db, 2) == [1] * 511
    assert db.query(CONTENT) == before
    assert json.loads(cli.run("status", "--json").stdout)["uncompacted_points"] == 3 * backlog(db)
    tocsind.stop()
    make_tocsind(name="second").start(*EAGER)
    db.query("update producers set updated = now() - interval '1 hour'")
    wait_compacted(db)
    assert sizes(db, 1) == [512, 512, 476] and sizes(db, 2) == [511]
    check_rollups(db, 1)
    check_rollups(db, 2)


def test_what_comes_after_a_quiet_while_is_joined_with_what_was_there(db, make_tocsind):
    fill(db, 1, calls=40)
    make_tocsind().start(*EAGER)
    wait_compacted(db)
    for step in range(40, 60):
        db.query("""insert into blocks (run_id, keyset_id, rank, attempt, first_step, last_step, steps, times, values)
                    values (1, 1, 0, 0, %s, %s, array[%s], array[now()], array[1, 2, 3])""", step, step, step)
    db.query("update run_state set calls = calls + 20")
    wait_compacted(db)
    assert sizes(db, 1) == [60]
    check_rollups(db, 1)


def test_steps_below_what_was_joined_are_found(db, make_tocsind):
    """A rank that starts again from an earlier step, in the same attempt."""
    fill(db, 1, calls=600, stride=10)
    make_tocsind().start(*EAGER)
    wait_compacted(db)
    db.query("""insert into blocks (run_id, keyset_id, rank, attempt, first_step, last_step, steps, times, values)
                select 1, 1, 0, 0, -s, -s, array[-s], array[now()], array[1, 2, 3] from generate_series(1, 5) s""")
    db.query("update run_state set calls = calls + 5")
    wait_compacted(db)
    assert sum(sizes(db, 1)) == 605 and len(sizes(db, 1)) == 2
    assert db.query("select level, sum(calls) from metric_rollups where name = 'm2' group by 1 order by 1") == [(1, 605), (2, 605)]


def test_large_blocks_stay_and_get_roll_ups(db, make_tocsind):
    fill(db, 1, calls=3000, per_block=600)
    places = db.query("select first_step, md5(values::text) from blocks order by 1")
    tocsind = make_tocsind().start(*EAGER)
    wait_compacted(db)
    assert db.query("select first_step, md5(values::text) from blocks order by 1") == places
    assert tocsind.metrics()['tocsin_compaction_blocks_total{what="joined"}'] == 0
    check_rollups(db, 1)


@pytest.mark.parametrize("columns, size", [(1, 500), (600, 200), (5000, 25)])
def test_wide_blocks_hold_fewer_calls(db, make_tocsind, columns, size):
    """A joined block has about 131,072 values at most."""
    calls = 1000 if columns < 5000 else 100
    fill(db, 1, calls=calls, columns=columns)
    before = db.query(CONTENT)
    make_tocsind().start(*EAGER)
    wait_compacted(db)
    assert db.query(CONTENT) == before
    assert max(sizes(db, 1)) <= 1.5 * size and len(sizes(db, 1)) <= calls // size * 2


def test_far_steps_and_few_of_them(db, make_tocsind):
    """Roll-ups do not assume that steps are near each other."""
    fill(db, 1, calls=100, stride=2**50)
    fill(db, 2, calls=1)
    db.query("""update blocks set first_step = '-9223372036854775808', steps = array['-9223372036854775808'::bigint]
                 where run_id = 1 and first_step = 0""")
    before = db.query(CONTENT)
    make_tocsind().start(*EAGER)
    wait_compacted(db)
    assert db.query(CONTENT) == before
    check_rollups(db, 1)
    check_rollups(db, 2)


def test_readers_see_every_value_once_while_tocsind_is_killed_again_and_again(db, make_tocsind):
    fill(db, 1, calls=4000, ranks=4)
    before = db.query(CONTENT)
    seen, stop = [], threading.Event()

    def watch():
        with db.connect() as connection, connection.cursor() as cursor:
            while not stop.is_set():
                cursor.execute("select count(*), round(sum(value)::numeric, 6) from tocsin.metrics")
                seen.append(cursor.fetchone())

    watcher = threading.Thread(target=watch)
    watcher.start()
    rng = random.Random(3)
    kills = 0
    try:
        while backlog(db) > 0:
            left = backlog(db)
            tocsind = make_tocsind(name=f"t{kills}").start(*EAGER)
            wait_for(lambda: backlog(db) < left)
            stop.wait(rng.random() * 0.05)  # somewhere in the transactions that follow
            tocsind.kill9()
            kills += 1
            wait_for(lambda: not db.value("select exists (select from pg_stat_activity where application_name = "
                                          "'tocsind compactor')"))
    finally:
        stop.set()
        watcher.join()
    assert kills > 3 and len(seen) > 3
    assert len(set(seen)) == 1, set(seen)
    assert db.query(CONTENT) == before
    check_rollups(db, 1)


def test_two_collectors_share_the_work(db, make_tocsind):
    for run_id in range(1, 21):
        fill(db, run_id, calls=1000)
    before = db.query(CONTENT)
    both = [make_tocsind(name=name).start(*EAGER) for name in ("one", "two")]
    wait_compacted(db)
    assert db.query(CONTENT) == before
    for run_id in range(1, 21):
        check_rollups(db, run_id)
        assert sizes(db, run_id) == [500, 500]
    assert sum(tocsind.metrics()["tocsin_compacted_calls_total"] for tocsind in both) == 20000
    assert sum(tocsind.metrics()["tocsin_compaction_failures_total"] for tocsind in both) == 0


def test_a_run_that_is_being_deleted_is_left_alone(db, make_tocsind):
    fill(db, 1, calls=600)
    fill(db, 2, calls=600)
    db.query("update runs set deleting = now() where run_id = 1")
    make_tocsind().start(*EAGER)
    wait_for(lambda: sizes(db, 2) == [600])
    assert sizes(db, 1) == [1] * 600


def test_a_broken_block_is_said_and_stays(db, make_tocsind):
    fill(db, 1, calls=600)
    fill(db, 2, calls=600)
    db.query("update blocks set values = values[1:2] where run_id = 1 and first_step = 5")
    tocsind = make_tocsind().start(*EAGER)
    wait_for(lambda: sizes(db, 2) == [600])
    wait_for(lambda: "compaction_failed" in tocsind.log and "run 1, keyset 1" in tocsind.log)
    assert sizes(db, 1) == [1] * 600


def test_calls_that_no_block_holds_are_not_looked_for_for_ever(db, make_tocsind):
    fill(db, 1, calls=600)
    db.query("delete from blocks where first_step < 100")
    make_tocsind().start(*EAGER)
    wait_compacted(db)
    assert sizes(db, 1) == [500]
    check_rollups(db, 1)


def test_share_0_compacts_nothing(db, make_tocsind):
    fill(db, 1, calls=600)
    tocsind = make_tocsind().start("--compaction-share=0")
    wait_for(lambda: tocsind.metrics()["tocsin_database_up"] == 1)
    assert db.value("select count(*) from pg_stat_activity where application_name = 'tocsind compactor'") == 0
    assert sizes(db, 1) == [1] * 600
