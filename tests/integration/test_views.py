# SPDX-License-Identifier: Apache-2.0
"""What the views cost, read from plans, and what a restarted rank shows; tests wait for no clock."""

import pytest

from rig import wire


def nodes(plan):
    yield plan
    for child in plan.get("Plans", []):
        yield from nodes(child)


def explain(database, sql, *params):
    """All nodes of the plan, run for real."""
    ((top,),) = database.query(f"explain (analyze, timing off, format json) {sql}", *params)[0]
    return list(nodes(top["Plan"]))


def tables(plan):
    return {node["Relation Name"] for node in plan if "Relation Name" in node}


@pytest.fixture(scope="module")
def sweep(cluster):
    """200 runs of 8 ranks in one project, 20 blocks of 50 calls each rank, one keyset of two names
    and one of system metrics; and a run of 64 ranks."""
    database = cluster.create()
    database.query("""
        insert into projects (name) values ('p');
        insert into runs (run_id, project_id, name, created)
          select i, 1, 'r' || i, now() from generate_series(1, 201) i;
        insert into attempts
          select run_id, k, 0, gen_random_uuid(), 8, 'h', 1, 'c', now(), now(), 'finished'
            from runs, generate_series(0, 63) k where k < 8 or run_id = 201;
        insert into series select run_id, 5, n, 'm' || n, 'metric' from runs, generate_series(1, 2) n;
        insert into series select run_id, 6, 1, 'cpu', 'system' from runs;
        insert into run_state
          select run_id, k, rank, 0, 1000, 0, 999, now(), '{1,1}', '{1,1}', '{1,1}'
            from attempts, unnest(array[5, 6]) k;
        insert into blocks
          select run_id, 5, b * 50, b * 50 + 49, rank, 0,
                 array(select generate_series(b * 50, b * 50 + 49)), array_fill(now(), array[50]),
                 array_fill(1.5::float8, array[100])
            from attempts, generate_series(0, 19) b""")
    database.query("vacuum analyze")
    yield database
    database.drop()


def test_parts_of_runs_overview_that_nobody_selects_cost_nothing(sweep):
    assert tables(explain(sweep, "select project, run, created from runs_overview")) == {
        "projects", "runs"}
    assert tables(explain(sweep, "select run, state, ranks from runs_overview")) == {
        "projects", "runs", "attempts"}
    assert tables(explain(sweep, "select run, calls from runs_overview")) == {
        "projects", "runs", "run_state", "series"}


def test_runs_overview_reads_each_table_once(sweep):
    plan = explain(sweep, "select * from runs_overview")
    scans = [node["Relation Name"] for node in plan if "Relation Name" in node]
    assert sorted(scans) == ["alerts", "attempts", "projects", "run_state", "runs", "series"]
    assert sweep.query("""select state, ranks, attempts, calls, last_step, count(*)
                            from runs_overview group by 1, 2, 3, 4, 5 order by 2""") == [
        ("finished", 8, 1, 8000, 999, 200), ("finished", 64, 1, 64000, 999, 1)]


def test_one_rank_of_many_is_read_by_index(sweep):
    plan = explain(sweep, """select step, value from metrics
                              where project = 'p' and run = 'r201' and name = 'm2' and rank = 7""")
    (scan,) = [node for node in plan if node.get("Relation Name") == "blocks"]
    assert scan["Index Name"] == "blocks_by_series"
    assert "rank = 7" in scan["Index Cond"] and scan["Actual Rows"] == 20
    assert plan[0]["Actual Rows"] == 1000


def test_replays_are_looked_up_once_a_block(sweep):
    plan = explain(sweep, "select step, value from metrics where run_id = 201 and name = 'm1'")
    (lookup,) = [node for node in plan if node.get("Relation Name") == "run_state"]
    assert plan[0]["Actual Rows"] == 64 * 1000
    assert lookup["Actual Loops"] <= 64 * 20
    assert "run_state" not in tables(explain(
        sweep, "select step, value from metrics_all_attempts where run_id = 201 and name = 'm1'"))


def test_blocks_outside_the_steps_are_not_unpacked(sweep):
    plan = explain(sweep, """select step, value
                               from metric_blocks, unnest(steps, values) as u(step, value)
                              where run_id = 5 and name = 'm1' and first_step <= 120
                                and last_step >= 100 and step between 100 and 120""")
    (unpacked,) = [node for node in plan if node["Node Type"] == "Function Scan"]
    assert unpacked["Actual Loops"] == 8  # one block of each rank
    assert plan[0]["Actual Rows"] == 8 * 21


def test_a_restart_that_logs_a_name_in_another_keyset(db, tocsind, make_emitter):
    """The script was changed between two starts: no step of a name is shown twice."""
    first = make_emitter(tocsind, run_id=7)
    first.hello()
    first.log(["loss"], [(step, [0.0]) for step in range(6)])
    first.log(["only/first"], [(5, [0.0])])
    second = make_emitter(tocsind, run_id=7)
    assert second.hello()["attempt"] == 1
    second.log(["loss", "lr"], [(step, [1.0, 0.1]) for step in range(4, 8)])
    assert tocsind.stop() == 0  # its last act is to bring run_state up to date
    assert db.query("select step, attempt, value from metrics where name = 'loss' order by 1, 2"
                    ) == [(step, 0, 0.0) for step in range(4)] + [
        (step, 1, 1.0) for step in range(4, 8)]
    assert db.query("select step from metrics where name = 'only/first'") == [(5,)]
    assert db.value("select count(*) from metrics_all_attempts where name = 'loss'") == 10


def test_a_start_that_is_delivered_late_is_not_the_latest(db, tocsind, make_emitter):
    """A rank was killed and started again while no collector was there; what the killed one left comes
    after the hello of the new one."""
    new = make_emitter(tocsind, run_id=7, started_ns=1_700_000_002_000_000_000)
    new.hello()
    new.log(["loss"], [(step, [1.0]) for step in range(4, 8)])
    new.finish()
    old = make_emitter(tocsind, run_id=7, started_ns=1_700_000_001_000_000_000)
    assert old.hello()["attempt"] == 1
    old.log(["loss"], [(step, [0.0]) for step in range(6)])
    assert tocsind.stop() == 0
    assert db.query("select step, attempt, value from metrics where name = 'loss' order by 1, 2"
                    ) == [(step, 1, 0.0) for step in range(4)] + [
        (step, 0, 1.0) for step in range(4, 8)]
    assert db.query("select state, ranks, attempts from runs_overview") == [("finished", 1, 2)]


def test_starts_at_the_same_time_are_parts_of_one_and_hide_nothing(db, tocsind, make_emitter):
    """An import that was killed and continued; its steps need not grow."""
    for attempt, value in enumerate((0.0, 1.0)):
        part = make_emitter(tocsind, run_id=7, started_ns=1_700_000_001_000_000_000)
        assert part.hello()["attempt"] == attempt
        part.log(["loss"], [(step, [value]) for step in (5, 3, 5)])
    part.finish()
    assert tocsind.stop() == 0
    assert db.query("select step, attempt from metrics order by 2, 1") == [
        (step, attempt) for attempt in (0, 1) for step in (3, 5, 5)]
    assert db.query("select state, ranks, attempts from runs_overview") == [("finished", 1, 2)]
