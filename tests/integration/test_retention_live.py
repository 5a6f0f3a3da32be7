# SPDX-License-Identifier: Apache-2.0
"""Retention beside everything else: values come, are compacted, get too old and go, while collectors are killed."""

import time

from retention import keep
from rig.wait import wait_for

EAGER = ("--compaction-interval-ms=100", "--compaction-quiet-s=1", "--compaction-share=90", "--state-interval-ms=200")
HOUR_NS = 3600 * 10**9
DAY_S = 86400
RANKS, OLD, NEW = 3, 600, 200
CALLS = 10  # of a block, as it comes


def step_values(rank, step):
    """Old values are the extremes: only the state, and roll-ups, can know them once they are gone."""
    return (1000.0 * (-1) ** step if step < OLD else float(rank), float(step))


def call_of(rank, step):
    age_ns = (48 if step < OLD else 0) * HOUR_NS - step * 10**6
    return step, time.time_ns() - age_ns, step_values(rank, step)


def log_some(emitter, rank, steps):
    for i in range(0, len(steps), CALLS):
        emitter.log(["a", "b"], [call_of(rank, step) for step in steps[i:i + CALLS]])


def books(db):
    """Of each series: calls in the state, calls that are rolled or were, removed, in rolled blocks, in other blocks."""
    return db.query("""
        select t.calls, c.calls, c.removed,
               coalesce(sum(cardinality(b.steps)) filter (where b.rolled), 0),
               coalesce(sum(cardinality(b.steps)) filter (where not b.rolled), 0)
          from run_state t
          left join compacted c using (run_id, keyset_id, rank, attempt)
          left join blocks b using (run_id, keyset_id, rank, attempt)
         group by t.run_id, t.keyset_id, t.rank, t.attempt, t.calls, c.calls, c.removed""")


def test_values_come_are_compacted_and_go_through_many_kills(db, make_tocsind, make_emitter, cli):
    keep(db, "raw", DAY_S)
    collectors = [make_tocsind(name=name).start(*EAGER) for name in ("a", "b")]
    emitters = [make_emitter(collectors[0], run_id=1, rank=rank, world_size=RANKS,
                             started_ns=time.time_ns() - 72 * HOUR_NS) for rank in range(RANKS)]
    for emitter in emitters:
        emitter.hello()
    for part in range(8):
        for rank, emitter in enumerate(emitters):
            log_some(emitter, rank, range(part * (OLD + NEW) // 8, (part + 1) * (OLD + NEW) // 8))
        db.query("update retention_rounds set due = now()")
        db.query("update compacted set raw_since = null")
        collectors[0].kill9()
        collectors.reverse()
        collectors[1].start(*EAGER)
        for emitter in emitters:
            emitter.reconnect(collectors[0].endpoint)
            emitter.hello()
    for emitter in emitters:
        emitter.finish()

    def settled():
        db.query("update retention_rounds set due = now()")
        db.query("update compacted set raw_since = null")
        old = db.value("select count(*) from blocks where (select max(time) from unnest(times) time) < now() - interval '1 day'")
        return old == 0 and db.value("select coalesce(sum(calls), 0) from compaction_backlog") == 0

    wait_for(settled, 60, lambda: books(db))
    calls = OLD + NEW
    for in_state, rolled, removed, in_rolled, others in books(db):
        assert (in_state, rolled, rolled - removed, others) == (calls, calls, in_rolled, 0)
        assert OLD - 512 < removed <= OLD
    assert db.query("""select rank, calls, first_step, last_step, minimum, maximum, last from run_state order by rank""") == [
        (rank, calls, 0, calls - 1, [-1000.0, 0.0], [1000.0, calls - 1.0], [float(rank), calls - 1.0])
        for rank in range(RANKS)]
    for rank in range(RANKS):
        rows = db.query("select step, value from metrics where rank = %s and name = 'b' and step >= %s order by step", rank, OLD)
        assert rows == [(step, float(step)) for step in range(OLD, calls)]
        assert db.query("""select sum(calls), min(first_step), max(last_step), min(minimum), max(maximum)
                             from metric_rollups where rank = %s and name = 'a' and level = 1""", rank) == [
            (calls, 0, calls - 1, -1000.0, 1000.0)]
    overview = cli.run("get", "metric", "--project", "p", "--run", "r", "--metric", "a", "--rank", "1", "--max-points", "60",
                       "--json").json()["values"]
    assert overview[0]["step"] < 64 and overview[-1]["step"] >= OLD
    assert {-1000.0, 1000.0, 1.0} <= {value["value"] for value in overview}
