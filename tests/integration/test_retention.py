# SPDX-License-Identifier: Apache-2.0
"""What is removed for its age, and what stays: collector/compact/retention.c on rows as the collector writes them."""

import datetime

import pytest

from housekeeping import add_blocks
from retention import PROBE, apply_retention, fill, keep, rest, slow_down
from rig.process import Process, program
from rig.wait import wait_for
from stored import Stored, T0
from webhooks import Endpoints

DAY_S = 86400


@pytest.fixture
def stored(db):
    return Stored(db)


@pytest.fixture
def apply(place, db):
    return lambda: apply_retention(place, db)


def move_near(db):
    """All that is stored, T0 to three days ago; that time."""
    start, delta = db.query("select now() - interval '3 days', now() - interval '3 days' - %s", T0)[0]
    db.query("update blocks set times = array(select t + %s from unnest(times) t)", delta)
    db.query("update rollups set last_times = array(select t + %s from unnest(last_times) t)", delta)
    db.query("update attempts set started = started + %s", delta)
    return start


def keep_from(db, kind, at):
    """Keeps what came `at` seconds after three days ago or later, and at most two hours more."""
    keep(db, kind, 3 * DAY_S - at)


def raw_steps(db, run_id):
    return [row[0] for row in db.query(
        "select unnest(steps) from blocks where run_id = %s order by 1", run_id)]


def rolled_calls(db, run_id, level=1):
    return db.value("""select coalesce(sum(n), 0)::int from rollups r, unnest(calls) n
                       where run_id = %s and level = %s""", run_id, level)


# Raw values


def test_without_a_policy_everything_stays(db, stored, apply):
    fill(stored, 1)
    stored.alert(1, "a")
    before = rest(db, 1)
    assert apply() == 1  # the look that finds nothing due
    assert rest(db, 1) == before == (50, 8, 1)
    assert db.query("select distinct keep_s from retention_overview") == [(None,)]


def test_old_raw_values_go_and_their_roll_ups_stay(db, stored, apply):
    """Steps 0, 1, 2 ... are ten minutes apart; what is older than step 50 goes, in whole blocks."""
    fill(stored, 1)
    start = move_near(db)
    keep_from(db, "raw", 50 * 600)
    cutoff = db.value("select extract(epoch from raw - %s) / 600 from retention_cutoffs", start)
    assert 30 < cutoff <= 50.01
    apply()
    left = raw_steps(db, 1)
    first = (int(cutoff) + 1) // 2 * 2
    assert left == list(range(first, 100)), (left[0], cutoff)
    assert rolled_calls(db, 1) == rolled_calls(db, 1, 2) == 100
    calls, removed, raw_from = db.query("select calls, removed, raw_from from compacted")[0]
    assert (calls, removed) == (100, first)
    assert raw_from == (first + 3) // 4 * 4  # a multiple of the roll-ups' width


def test_the_last_blocks_go_though_the_bound_lies_behind_them(db, stored, apply):
    """99 steps of buckets of 4: below 100 there are roll-ups, when blocks up to 97 are gone."""
    fill(stored, 1, calls=99)
    db.query("update blocks set times = array(select now() - i * interval '1 s' from generate_subscripts(steps, 1) i) "
             "where last_step >= 98")
    keep(db, "raw", 3600)
    apply()
    assert raw_steps(db, 1) == [98]
    assert db.value("select raw_from from compacted") == 100
    db.query("update blocks set times = array[timestamptz '2020-01-01']")
    db.query("update compacted set raw_since = null")
    apply()
    assert raw_steps(db, 1) == [] and db.value("select removed from compacted") == 99


@pytest.mark.parametrize("steps", [[-7, -6, -5, -4], [2**63 - 4, 2**63 - 3, 2**63 - 2, 2**63 - 1]],
                         ids=["negative", "the greatest"])
def test_the_bound_is_right_at_the_ends(db, stored, apply, steps):
    stored.run("p", "r", 1)
    stored.log(1, ["a"], [(step, i, [1]) for i, step in enumerate(steps)])
    stored.rolled(1)
    keep(db, "raw", 3600)
    apply()
    assert raw_steps(db, 1) == []
    assert db.value("select raw_from from compacted") == min(steps[-1] // 4 * 4 + 4, 2**63 - 1)


def test_blocks_that_are_not_rolled_stay_until_they_are(db, stored, apply):
    fill(stored, 1)
    db.query("update blocks set rolled = false where first_step >= 40 and first_step < 60")
    db.query("update compacted set calls = 80")
    keep(db, "raw", 3600)
    apply()
    assert raw_steps(db, 1) == list(range(40, 60))
    stored.rolled(1)
    db.query("update compacted set raw_since = raw_since - interval '1 day'")  # and time passes
    apply()
    assert raw_steps(db, 1) == []


def test_a_series_whose_steps_fell_loses_what_is_old_wherever_it_is(db, stored, apply):
    """Epochs that count their steps anew: the old ones go, the newest stays."""
    stored.run("p", "r", 1)
    stored.log(1, ["a"], [(s % 20, s * 600, [s]) for s in range(100)])
    stored.rolled(1)
    db.query("update blocks set times = array[now(), now()] where times[1] >= %s",
             T0 + datetime.timedelta(seconds=80 * 600))
    keep(db, "raw", 3600)
    apply()
    assert raw_steps(db, 1) == list(range(20))
    assert db.value("select raw_from from compacted") == 20


def test_a_series_is_searched_again_only_when_more_is_too_old(db, stored, apply):
    fill(stored, 1)
    move_near(db)
    keep_from(db, "raw", 50 * 600)
    apply()
    since = db.value("select raw_since from compacted")
    assert since == db.value("select raw from retention_cutoffs")
    db.query("update blocks set times = array[timestamptz '2020-01-01'] where first_step = 98")
    apply()
    assert 98 in raw_steps(db, 1)
    keep_from(db, "raw", 60 * 600)  # shorter
    apply()
    assert 98 not in raw_steps(db, 1)


def test_system_values_go_too(db, stored, apply):
    stored.run("p", "r", 1)
    stored.log(1, ["gpu"], [(None, s * 600, [s]) for s in range(10)], kind="system")
    stored.rolled(1, width=2**30)
    keep(db, "raw", 3600)
    apply()
    assert rest(db, 1)[0] == 0 and rolled_calls(db, 1) == 10


# Whose policy counts


def test_a_project_inherits_kind_by_kind(db, stored, apply):
    for run_id, project in (1, "silent"), (2, "own"), (3, "forever"):
        fill(stored, run_id, project)
        stored.alert(run_id, "a")
    keep(db, "raw", 3600)
    keep(db, "alerts", 3600)
    keep(db, "raw", 100 * 365 * DAY_S, "own")
    keep(db, "raw", None, "forever")
    keep(db, "alerts", None, "forever")
    apply()
    assert {run: (rest(db, run)[0], rest(db, run)[2]) for run in (1, 2, 3)} == {1: (0, 0), 2: (50, 0), 3: (50, 1)}
    assert db.query("""select project, kind, keep_s, inherited from retention_overview
                        where kind <> 'rollups' order by project nulls first, kind""") == [
        (None, "alerts", 3600, False), (None, "raw", 3600, False),
        ("forever", "alerts", None, False), ("forever", "raw", None, False),
        ("own", "alerts", 3600, True), ("own", "raw", 100 * 365 * DAY_S, False),
        ("silent", "alerts", 3600, True), ("silent", "raw", 3600, True)]


def test_pinned_runs_and_those_that_are_deleted_stay(db, stored, apply):
    for run_id in (1, 2, 3):
        fill(stored, run_id)
        stored.alert(run_id, "a")
    db.query("update runs set pinned = now() where run_id = 1")
    db.query("update runs set deleting = now() where run_id = 2")
    before = rest(db, 1)
    for kind in ("raw", "rollups", "alerts"):
        keep(db, kind, 3600)
    apply()
    assert rest(db, 1) == rest(db, 2) == before and rest(db, 3) == (0, 0, 0)
    db.query("update runs set pinned = null")
    apply()
    assert rest(db, 1) == (0, 0, 0)


def test_state_names_and_books_stay(db, stored, apply):
    fill(stored, 1)
    tables = ["runs", "attempts", "series", "run_state"]
    before = {table: db.query(f"select * from {table}") for table in tables}
    for kind in ("raw", "rollups"):
        keep(db, kind, 3600)
    apply()
    assert rest(db, 1)[:2] == (0, 0)
    assert {table: db.query(f"select * from {table}") for table in tables} == before


# Roll-ups


def test_roll_ups_go_only_where_the_raw_values_are_gone(db, stored, apply):
    fill(stored, 1)
    start = move_near(db)
    keep(db, "rollups", 3600)
    apply()
    assert rest(db, 1) == (50, 8, 0)  # raw values are kept forever
    keep_from(db, "raw", 50 * 600)     # roll-ups for a shorter time than that count as long
    apply()
    bound, since = db.query("select raw_from, extract(epoch from raw_since - %s) / 600 from compacted", start)[0]
    assert 0 < bound < 60
    rows = [row[0] for row in db.query("select last_step from rollups where level = 1 order by 1")]
    assert rows == [last for last in (15, 31, 47, 63, 79, 95, 99) if last >= min(bound, since)] and rows[0] > 15
    assert raw_steps(db, 1)[-1] == 99


def test_roll_ups_may_stay_longer(db, stored, apply):
    fill(stored, 1)
    keep(db, "raw", 3600)
    keep(db, "rollups", 100 * 365 * DAY_S)
    apply()
    assert rest(db, 1) == (0, 8, 0)
    keep(db, "rollups", 3600)
    apply()
    assert rest(db, 1) == (0, 0, 0)


# Alerts


def deliver(db, run_id, alert_id, endpoint_id, state="sent", message=None):
    db.query("insert into deliveries (run_id, alert_id, endpoint_id, group_key, state, message_id) "
             "values (%s, %s, %s, 1, %s, %s)", run_id, alert_id, endpoint_id, state, message)


def add_message(db, endpoint_id, name, state):
    return db.value("insert into messages (webhook_id, endpoint_id, form, alerts, body, state) "
                    "values (%s, %s, 'alerts', 1, '{}', %s) returning message_id", name, endpoint_id, state)


def test_alerts_go_with_what_hangs_on_them_unless_something_is_to_be_sent(db, stored, apply):
    stored.run("p", "r", 1)
    endpoint = Endpoints(db).add("https://example.org/x")
    gone = Endpoints(db).add("https://example.org/gone")
    db.query("update endpoints set removed = now() where endpoint_id = %s", gone)
    alert = {title: stored.alert(1, title) for title in
             ("plain", "waiting", "posting", "delivered", "failed", "silenced", "nowhere", "new")}
    db.query("update alerts set time = now() where title = 'new'")
    db.query("insert into acks (run_id, alert_id, who) values (1, %s, 'ann')", alert["plain"])
    deliver(db, 1, alert["waiting"], endpoint, "waiting")
    deliver(db, 1, alert["posting"], endpoint, message=add_message(db, endpoint, "m1", "waiting"))
    both = add_message(db, endpoint, "m2", "delivered")  # speaks of one that stays too
    deliver(db, 1, alert["delivered"], endpoint, message=both)
    deliver(db, 1, alert["new"], endpoint, message=both)
    deliver(db, 1, alert["failed"], endpoint, message=add_message(db, endpoint, "m3", "failed"))
    deliver(db, 1, alert["silenced"], endpoint, "silenced")
    deliver(db, 1, alert["nowhere"], gone, "waiting")
    keep(db, "alerts", 3600)
    apply()
    assert {row[0] for row in db.query("select title from alerts")} == {"waiting", "posting", "new"}
    assert {row[0] for row in db.query("select alert_id from deliveries")} == {
        alert["waiting"], alert["posting"], alert["new"]}
    assert db.query("select webhook_id from messages order by 1") == [("m1",), ("m2",)]
    assert db.value("select count(*) from acks") == 0
    db.query("update messages set state = 'delivered'")
    db.query("update deliveries set state = 'abandoned' where state = 'waiting'")
    apply()
    assert db.query("select title from alerts") == [("new",)]
    assert db.query("select webhook_id from messages") == [("m2",)]


# At work


def test_many_series_in_many_small_transactions(db, stored, apply):
    """More than one transaction looks at, and none of them long."""
    stored.run("p", "r", 1, attempts=[(rank, 0) for rank in range(3)])
    db.query("""insert into attempts (run_id, rank, attempt, producer_id, world_size, host, pid, client, started)
                select 1, rank, 0, gen_random_uuid(), 1, 'h', 1, 't', '2020-01-01' from generate_series(3, 2999) rank""")
    db.query("insert into series values (1, 7, 1, 'a', 'metric')")
    db.query("""insert into blocks
                select 1, 7, step * 8, step * 8 + 7, rank, 0,
                       array(select generate_series(step * 8, step * 8 + 7)), array_fill(timestamptz '2020-01-02', array[8]),
                       array_fill(1::float8, array[8]), true
                  from generate_series(0, 2999) rank, generate_series(0, 3) step""")
    db.query("insert into compacted (run_id, keyset_id, rank, attempt, calls, from_step) "
             "select 1, 7, rank, 0, 32, 24 from generate_series(0, 2999) rank")
    keep(db, "raw", 3600)
    assert apply() >= 5
    assert rest(db, 1)[0] == 0
    assert db.query("select sum(removed), count(*) from compacted where raw_from = 32") == [(96000, 3000)]
    assert db.query("select place, due > now() + interval '50 minutes' from retention_rounds "
                    "where round = 'values'") == [([], True)]


def test_a_long_series_is_not_searched_to_its_end_for_every_few_blocks(db, stored, apply):
    stored.run("p", "r", 1)
    add_blocks(db, 1, 5000)
    db.query("update blocks set rolled = true, times = array[timestamptz '2026-01-01']")
    db.query("vacuum blocks")
    db.query("insert into compacted (run_id, keyset_id, rank, attempt, calls, from_step) "
             "select run_id, keyset_id, 0, 0, 50000, 0 from series")
    keep(db, "raw", 3600)

    def entries_read():
        return db.value("select idx_tup_read from pg_stat_all_indexes where indexrelname = 'blocks_by_series'")

    before = entries_read()
    transactions = apply()
    assert rest(db, 1)[0] == 0
    wait_for(lambda: entries_read() - before >= 5000)
    print(f"{(entries_read() - before) / 5000:.1f} index entries read for a block, {transactions} transactions")
    assert entries_read() - before < 10 * 5000


def probe(place, dsn, name):
    return Process([program(PROBE), dsn], place, place / f"{name}.log", {})


def test_killed_at_any_moment_it_loses_nothing_that_stays(db, place, stored, apply):
    """Again and again; the books of each series agree with its blocks after every kill."""
    for run_id in range(1, 13):
        fill(stored, run_id, calls=200)
    db.query("update blocks set times = array[now(), now()] where first_step >= 150")
    keep(db, "raw", 3600)
    slow_down(db)
    db.query("update retention_rounds set due = now()")
    kills = 0
    while True:
        left = db.value("select count(*) from blocks")
        process = probe(place, db.dsn_collector, f"probe{kills}")
        wait_for(lambda: process.code is not None or db.value("select count(*) from blocks") < left, 30)
        if process.code is not None:
            break
        process.kill9()
        kills += 1
        wait_for(lambda: not db.value("select count(*) from pg_stat_activity where application_name = "
                                      "'retention_probe'"))
        assert db.query("""
            select c.run_id from compacted c join blocks b using (run_id, keyset_id, rank, attempt)
             group by c.run_id, c.calls, c.removed having c.calls - c.removed <> sum(cardinality(b.steps))""") == []
    assert process.code == 0, process.log
    assert kills >= 3, "killed too rarely to prove anything"
    assert db.value("select count(*) from blocks") == 12 * 25
    for run_id in range(1, 13):
        assert raw_steps(db, run_id) == list(range(150, 200))


def test_two_collectors_at_once_remove_everything_once(db, place, stored):
    for run_id in range(1, 21):
        fill(stored, run_id)
    keep(db, "raw", 3600)
    slow_down(db)
    db.query("update retention_rounds set due = now()")
    processes = [probe(place, db.dsn_collector, f"probe{i}") for i in range(3)]
    for process in processes:
        wait_for(lambda process=process: process.code is not None, 60)
        assert process.code == 0, process.log
    assert db.value("select count(*) from blocks") == 0
    assert db.query("select distinct calls, removed from compacted") == [(100, 100)]


def test_it_waits_for_nobody(db, stored, apply):
    """Somebody compacts a series, joins some blocks of another, marks a run: these are left for later."""
    for run_id in (1, 2, 3, 4):
        fill(stored, run_id)
    keep(db, "raw", 3600)
    other = db.connect("tocsin_collector")
    other.autocommit = False
    cursor = other.cursor()
    cursor.execute("select from tocsin.compacted where run_id = 1 for update")
    cursor.execute("delete from tocsin.blocks where run_id = 2 and first_step < 10")
    cursor.execute("select from tocsin.runs where run_id = 3 for update")
    apply()
    assert [rest(db, run)[0] for run in (1, 2, 3, 4)] == [50, 5, 50, 0]
    other.rollback()
    other.close()
    db.query("update compacted set raw_since = raw_since - interval '1 day'")
    apply()
    assert [rest(db, run)[0] for run in (1, 2, 3, 4)] == [0, 0, 0, 0]


def test_the_collector_applies_it_in_the_background(db, stored, make_tocsind):
    """And another one beside it."""
    for run_id in range(1, 11):
        fill(stored, run_id)
        stored.alert(run_id, "a")
    for kind in ("raw", "rollups", "alerts"):
        keep(db, kind, 3600)
    collectors = [make_tocsind(name=name).start("--compaction-interval-ms=100") for name in ("a", "b")]
    wait_for(lambda: all(rest(db, run_id) == (0, 0, 0) for run_id in range(1, 11)), 30)

    def removed(kind):
        return sum(tocsind.metrics()[f'tocsin_retention_removed_total{{kind="{kind}"}}'] for tocsind in collectors)

    wait_for(lambda: (removed("raw"), removed("rollups"), removed("alerts")) == (500, 80, 10))
    assert not any("failed" in tocsind.log for tocsind in collectors), [tocsind.log for tocsind in collectors]


def test_a_failure_is_said_once_and_it_goes_on(db, stored, make_tocsind):
    fill(stored, 1)
    keep(db, "raw", 3600)
    db.query("""create function public.refuse() returns trigger language plpgsql
                as $$ begin raise exception 'not now'; end $$""")
    db.query("create trigger refuse before delete on blocks for each statement execute function public.refuse()")
    tocsind = make_tocsind().start("--compaction-interval-ms=100")
    wait_for(lambda: tocsind.metrics()["tocsin_compaction_failures_total"] >= 3)
    assert tocsind.log.count("event=retention_failed") == 1 and "not now" in tocsind.log, tocsind.log
    db.query("drop trigger refuse on blocks")
    wait_for(lambda: rest(db, 1)[0] == 0)
    wait_for(lambda: "event=retention_goes_on" in tocsind.log)
