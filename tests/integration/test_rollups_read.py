# SPDX-License-Identifier: Apache-2.0
"""Overviews that are read from roll-ups say what the values themselves say, whatever is asked for and however much of
it is rolled, superseded by a restart, or removed."""

import math
import pathlib
import random
from datetime import datetime

import pytest

from rig.wait import wait_for
from stored import Stored

ROOT = pathlib.Path(__file__).resolve().parents[2]
EAGER = ("--compaction-interval-ms=100", "--compaction-quiet-s=1", "--compaction-share=90")
CURVE = (ROOT / "cli/sql/curve_metric.sql").read_text()
N = 5000


def logged(rng, first, n):
    """Calls of two metrics, with gaps, repeated steps and values that are not numbers."""
    step = first
    calls = []
    for i in range(n):
        step += rng.choice([1, 1, 1, 1, 1, 2, 0])
        value = rng.choice([math.nan, math.inf]) if rng.random() < 0.01 else math.sin(step / 50) + rng.random()
        calls.append((step, 1000 * first + i, [value, -value]))
    return calls


@pytest.fixture(scope="module")
def rolled(cluster):
    """Run 1: two ranks; rank 1 was restarted and logged some steps again; the newest calls are not rolled."""
    db = cluster.create()
    stored = Stored(db)
    rng = random.Random(5)
    stored.run("p", "r", 1, world_size=2, attempts=[(0, 0), (1, 0), (1, 1)], ending="finished")
    for rank, attempt, first, n in [(0, 0, 0, N), (1, 0, 0, N // 2), (1, 1, 1803, N // 2)]:
        stored.log(1, ["loss", "acc"], logged(rng, first, n), rank=rank, attempt=attempt, per_block=50)
    from rig.programs import Tocsind
    tocsind = Tocsind(cluster.place, db.dsn_superuser)
    tocsind.start(*EAGER)
    try:
        wait_for(lambda: db.value("select coalesce(sum(calls), 0) from compaction_backlog") == 0, 60)
    finally:
        tocsind.stop()
    stored.log(1, ["loss", "acc"], logged(rng, 9000, 70), per_block=1)
    stored.refresh_state()
    assert db.value("select count(*) from blocks where not rolled") == 70
    yield db
    db.close()


def curve(db, points, by_rank=False, rank=None, low=None, high=None, since=None):
    arguments = ("p", [1], "loss", "metric", points, by_rank, rank, low, high, [since])
    kinds = "text, bigint[], text, text, integer, boolean, integer, bigint, bigint, bigint[]"
    with db.connect("tocsin_reader") as connection, connection.cursor() as cursor:
        cursor.execute(f"prepare curve({kinds}) as {CURVE}")
        cursor.execute("execute curve(" + ", ".join(["%s"] * 10) + ")", arguments)
        names = [column.name for column in cursor.description]
        found = [dict(zip(names, row)) for row in cursor.fetchall()]
    for series in found:
        if series["n"] == [None]:  # there are no buckets
            series["n"] = []
    return found


def values(db, rank=None):
    return db.query("""select step, time, value from metrics where run = 'r' and name = 'loss'
                          and (%s is null or rank = %s) order by step, time""", rank, rank)


def same(a, b):
    return (a is None and b is None) or a == b or (a != a and b != b) or math.isclose(a, b, rel_tol=1e-9)


def check(series, expected, low=-math.inf, high=math.inf):
    """Each bucket says what the values between its first and last step say, and all of them together are all."""
    expected = [row for row in expected if low <= row[0] <= high]
    assert sum(series["n"]) == len(expected)
    at = 0
    for i, n in enumerate(series["n"]):
        part = expected[at:at + n]
        at += n
        finite = [value for _, _, value in part if math.isfinite(value)]
        assert (series["first_step"][i], series["last_steps"][i]) == (part[0][0], part[-1][0])
        assert series["odd"][i] == n - len(finite)
        assert same(series["min"][i], min(finite, default=None)) and same(series["max"][i], max(finite, default=None))
        assert same(series["mean"][i], sum(finite) / len(finite) if finite else None)
        assert same(series["last"][i], part[-1][2])
        assert series["first_time"][i] == min(int(time.timestamp() * 1000) for _, time, _ in part)


@pytest.mark.parametrize("points", [2, 5, 50, 100, 300, 2000])
def test_all_of_a_rank_and_of_a_run(rolled, points):
    for rank in (0, 1):
        (series,) = curve(rolled, points, rank=rank)
        check(series, values(rolled, rank))
        assert len(series["n"]) <= points
    (series,) = curve(rolled, points)
    assert sum(series["n"]) == len(values(rolled))
    assert [one["rank"] for one in curve(rolled, points, by_rank=True)] == [0, 1]


@pytest.mark.parametrize("low, high", [(0, 4000), (17, 3333), (1790, 1850), (1803, 1803), (100, None), (None, 4567), (4990, 9100)])
@pytest.mark.parametrize("points", [3, 40, 300])
def test_a_part_of_it(rolled, points, low, high):
    for rank in (0, 1):
        for series in curve(rolled, points, rank=rank, low=low, high=high):
            check(series, values(rolled, rank), -math.inf if low is None else low, math.inf if high is None else high)
            assert len(series["n"]) <= points


@pytest.mark.parametrize("since", [-1, 0, 2048, 4999, 9050])
def test_what_is_new(rolled, since):
    (series,) = curve(rolled, 100, rank=0, since=since)
    check(series, values(rolled, 0), since + 1)


def test_the_values_themselves_are_not_read(rolled):
    """With all rolled blocks gone the overview of all is still there."""
    expected = values(rolled, 0)
    with rolled.connect() as connection, connection.cursor() as cursor:
        cursor.execute("set search_path = tocsin; create temp table kept as select * from blocks")
        cursor.execute("delete from blocks where rolled and rank = 0")
        connection.commit()
        (series,) = curve(rolled, 100, rank=0)
        cursor.execute("delete from blocks; insert into blocks select * from kept")
        connection.commit()
    check(series, expected)


@pytest.mark.parametrize("points", [100, 2000])
@pytest.mark.parametrize("low, high", [(None, None), (2000, 9500)])
def test_what_retention_removed_is_read_from_roll_ups(rolled, points, low, high):
    expected = values(rolled, 0)
    limit = 2560  # a multiple of the width of level 1
    with rolled.connect() as connection, connection.cursor() as cursor:
        cursor.execute("set search_path = tocsin; create temp table kept as select * from blocks")
        cursor.execute("delete from blocks where rolled and rank = 0 and last_step < %s", (limit,))
        cursor.execute("update compacted set raw_from = %s where rank = 0", (limit,))
        connection.commit()
        (series,) = curve(rolled, points, rank=0, low=low, high=high)
        cursor.execute("delete from blocks; insert into blocks select * from kept; update compacted set raw_from = null")
        connection.commit()
    if low is None:
        check(series, expected)
    else:  # its ends lie in buckets, which are there as a whole
        asked = sum(low <= step <= high for step, _, _ in expected)
        assert asked <= sum(series["n"]) < asked + 100
    assert sum(series["n"]) > 0


# get metric --max-points


def overview(db, *argv):
    found = Stored(db).json("get", "metric", "--project", "p", "--run", "r", "--metric", "loss", *argv)
    return found, [(v["step"], v["timestamp"], v["value"]) for v in found["values"]]


def as_json(value):
    return value if math.isfinite(value) else None


def rows_of(db, rank, low=-math.inf, high=math.inf):
    return [(step, time.isoformat(), as_json(value)) for step, time, value in values(db, rank) if low <= step <= high]


@pytest.mark.parametrize("points", [4, 50, 200, 1000])
@pytest.mark.parametrize("rank", [0, 1])
def test_chosen_values_are_real_ones_and_no_extreme_is_lost(rolled, points, rank):
    found, chosen = overview(rolled, "--max-points", points, "--rank", rank)
    every = rows_of(rolled, rank)
    assert found["truncated"] and len(chosen) <= points
    assert (found["points"], found["nonfinite_points"]) == (len(every), sum(value is None for _, _, value in every))
    assert set(chosen) <= set(every)
    assert {chosen[0][0], chosen[-1][0]} == {every[0][0], every[-1][0]}
    finite = [value for _, _, value in every if value is not None]
    assert {min(finite), max(finite)} <= {value for _, _, value in chosen}
    reach = 9100 / ((points - 2) // 2) + 64  # a stretch, and a bucket
    for begin in range(0, 9000, 300):  # nor is one of any part, give or take a stretch
        part = [v for s, _, v in every if v is not None and begin <= s < begin + 300]
        near = [v for s, _, v in chosen if v is not None and begin - reach <= s < begin + 300 + reach]
        assert not part or (min(near) <= min(part) and max(near) >= max(part)), begin


@pytest.mark.parametrize("low, high", [(100, 4600), (17, 3333), (4000, 9100)])
def test_chosen_values_of_a_part(rolled, low, high):
    around, window = (low + high) // 2, (high - low) // 2
    found, chosen = overview(rolled, "--max-points", 20, "--rank", 0, "--around", around, "--window", window)
    every = rows_of(rolled, 0, around - window, around + window)
    assert found["points"] == len(every) and set(chosen) <= set(every)


def test_chosen_values_of_all_ranks_and_of_all_attempts(rolled):
    for argv in ([], ["--attempt", "all"], ["--attempt", "0"]):
        found, chosen = overview(rolled, "--max-points", 100, *argv)
        whole, every = overview(rolled, "--max-points", 0, *argv)
        assert found["points"] == len(whole["values"]) and set(chosen) <= set(every), argv


def test_where_blocks_were_removed_times_are_near(rolled):
    every = {(step, value): time for step, time, value in rows_of(rolled, 0)}
    with rolled.connect() as connection, connection.cursor() as cursor:
        cursor.execute("set search_path = tocsin; create temp table kept as select * from blocks")
        cursor.execute("delete from blocks where rolled and rank = 0")
        cursor.execute("update compacted set raw_from = 8192 where rank = 0")
        connection.commit()
        found, chosen = overview(rolled, "--max-points", 100, "--rank", 0)
        cursor.execute("delete from blocks; insert into blocks select * from kept; update compacted set raw_from = null")
        connection.commit()
    assert found["points"] == len(rows_of(rolled, 0))
    for step, time, value in chosen:
        known = datetime.fromisoformat(every[(step, value)])
        assert abs((datetime.fromisoformat(time) - known).total_seconds()) < 64
