# SPDX-License-Identifier: Apache-2.0
"""get metric with --max-points and --agg, against the same rules written down again in Python, on random series:
several ranks, restarted starts, replayed and repeated steps, blocks of all sizes, NaN and infinities."""

import math
import random
from datetime import datetime

import pytest

from contract_data import fill
from stored import T0, Stored, iso

NAN, INF = float("nan"), float("inf")
NAMES = {NAN: "nan", INF: "inf", -INF: "-inf"}


@pytest.fixture(scope="module")
def stored(cluster):
    stored = Stored(cluster.create())
    fill(stored)
    return stored


# The rules once more


def cut(first, last, n):
    """The steps at which n stretches of all steps begin, the longer ones first."""
    steps = last - first + 1
    return [first + steps // n * i + min(i, steps % n) for i in range(min(n, steps))]


def reduced(points, most):
    """points: (order, step, value), where order decides among equals."""
    if len(points) <= most:
        return sorted(points)
    first, last = min(p[1] for p in points), max(p[1] for p in points)
    begins = cut(first, last, (most - 2) // 2)
    chosen = {min(p for p in points if p[1] == first)[0], min(p for p in points if p[1] == last)[0]}
    for begin, end in zip(begins, [*begins[1:], last + 1]):
        here = [p for p in points if begin <= p[1] < end]
        finite = [p for p in here if math.isfinite(p[2])]
        if finite:
            chosen.add(min(finite, key=lambda p: (p[2], p[0]))[0])
            chosen.add(min(finite, key=lambda p: (-p[2], p[0]))[0])
        elif here:
            chosen.add(min(here)[0])
    return sorted(p for p in points if p[0] in chosen)


def percentile(values, share):
    place = share * (len(values) - 1)
    low, high = values[math.floor(place)], values[math.ceil(place)]
    return low if math.floor(place) == math.ceil(place) else low + (place - math.floor(place)) * (high - low)


def across(how, values):
    values = sorted(values, key=lambda v: (math.isnan(v), v))  # NaN is the greatest
    return {"min": values[0], "max": values[-1], "p50": percentile(values, 0.5),
            "p99": percentile(values, 0.99), "mean": sum(values) / len(values)}[how]


class Series:
    """What was logged as m, block by block, and what a question about it selects."""

    def __init__(self):
        self.order = 1  # a higher number started later; -1: earlier; 0: all at once, as parts of one
        self.blocks = []  # (rank, attempt, [(step, seconds, value)]) in the order in which they were stored

    def selected(self, rank=None, attempt=None, steps=(-math.inf, math.inf), seconds=(-math.inf, math.inf)):
        """(order, step, value, seconds, rank, attempt) of each value."""
        hidden = {}
        for own, start, _ in self.blocks:
            later = [step for r, a, calls in self.blocks for step, _, _ in calls
                     if r == own and a * self.order > start * self.order]
            hidden[own, start] = min(later, default=math.inf) if attempt is None else math.inf
        return [((min(step for step, _, _ in calls), r, a, place, position), step, value, second, r, a)
                for place, (r, a, calls) in enumerate(self.blocks)
                for position, (step, second, value) in enumerate(calls)
                if (rank is None or r == rank) and attempt in (None, "all", a)
                and steps[0] <= step <= steps[1] and seconds[0] <= second <= seconds[1]
                and step < hidden[r, a]]

    def one_a_step(self, how, **selection):
        """(order, step, value, seconds, ranks) of each step."""
        latest = {}
        for order, step, value, second, rank, attempt in self.selected(**selection):
            key = (second, attempt, order[0], order[4])
            if (step, rank) not in latest or key > latest[step, rank][0]:
                latest[step, rank] = (key, value, second)
        found = []
        for step in {step for step, _ in latest}:
            of = [(value, second) for (s, _), (_, value, second) in latest.items() if s == step]
            found.append((step, step, across(how, [value for value, _ in of]), max(s for _, s in of), len(of)))
        return found


def random_series(stored, run_id, seed):
    chance = random.Random(seed)
    ranks = chance.randint(1, 4)
    starts = [(rank, attempt) for rank in range(ranks) for attempt in range(chance.choice((1, 1, 2, 3)))]
    stored.run("points", f"run{run_id}", run_id, world_size=ranks, attempts=starts)
    series = Series()
    series.order = chance.choice((1, 1, 1, -1, 0))
    stored.db.query("update attempts set started = %s + %s * attempt * interval '1 s' where run_id = %s", T0,
                    series.order, run_id)
    coarse, odd = chance.choice((True, False)), chance.choice((0, 0.02, 0.5))
    names = chance.choice((["m"], ["x", "m", "y"]))
    for rank, attempt in starts:
        step, second = chance.randint(-50, 50) + attempt * 40, attempt * 1000
        calls = []
        for _ in range(chance.randint(30, 160)):
            step += chance.choice((0, 1, 1, 1, 1, 2, 30, -3))
            second += chance.randint(1, 4) / 4
            value = chance.choice((NAN, INF, -INF)) if chance.random() < odd else (
                chance.randint(0, 3) if coarse else chance.gauss(0, 1))
            calls.append((step, second, float(value)))
        lost = chance.randint(0, len(calls) - 20)  # one stretch without a number
        calls[lost:lost + 20] = [(step, second, NAN) for step, second, _ in calls[lost:lost + 20]]
        size = chance.choice((1, 2, 7, 50, 1000))
        stored.log(run_id, names, [(s, t, [0.0, v, 0.0] if len(names) == 3 else [v]) for s, t, v in calls],
                   rank=rank, attempt=attempt, per_block=size)
        series.blocks += [(rank, attempt, calls[i:i + size]) for i in range(0, len(calls), size)]
    return series


def at(seconds):
    return T0.timestamp() + seconds


def answer(stored, run_id, *argv):
    got = stored.json("get", "metric", "--project", "points", "--run", run_id, "--metric", "m", *argv)
    return got, [(row["step"], NAN if row.get("nonfinite") == "nan" else
                  {"inf": INF, "-inf": -INF}[row["nonfinite"]] if "nonfinite" in row else row["value"],
                  datetime.fromisoformat(row["timestamp"]).timestamp(),
                  row["ranks"] if "ranks" in row else row["rank"]) for row in got["values"]]


def same(found, expected):
    return len(found) == len(expected) and all(
        a[0] == b[0] and a[2:] == b[2:] and (a[1] == pytest.approx(b[1], rel=1e-12, abs=1e-12, nan_ok=True))
        for a, b in zip(found, expected))


SELECTIONS = [
    ([], {}),
    (["--rank", "0"], {"rank": 0}),
    (["--attempt", "all"], {"attempt": "all"}),
    (["--attempt", "0"], {"attempt": 0}),
    (["--around", "20", "--window", "45"], {"steps": (-25, 65)}),
    (["--at-time", iso(30), "--window", "20"], {"seconds": (10, 50)}),
]


@pytest.mark.parametrize("seed", range(8))
def test_the_points_that_are_chosen(stored, seed):
    run_id = 5000 + seed
    series = random_series(stored, run_id, seed)
    for number, (argv, selection) in enumerate(SELECTIONS):
        most = random.Random(seed * 100 + number).choice((4, 5, 10, 31, 120))
        asked = [*argv, "--max-points", str(most)]
        points = series.selected(**selection)
        got, found = answer(stored, run_id, *asked)
        kept = {p[0] for p in reduced([p[:3] for p in points], most)}
        expected = sorted((at(second), rank, attempt, order[0], order[3], order[4], step, value)
                          for order, step, value, second, rank, attempt in points if order in kept)
        assert len(found) <= most, asked
        assert same(found, [(e[6], e[7], e[0], e[1]) for e in expected]), asked
        assert got["truncated"] == (len(points) > most), asked
        if got["truncated"]:
            assert got["points"] == len(points)
            assert got["nonfinite_points"] == sum(not math.isfinite(p[2]) for p in points)
            assert "--max-points 0" in got["more"]
        else:
            assert "points" not in got and "more" not in got
        assert len(answer(stored, run_id, *argv, "--max-points", "0")[1]) == len(points)


@pytest.mark.parametrize("seed", range(8, 12))
def test_one_value_of_all_ranks(stored, seed):
    run_id = 5000 + seed
    series = random_series(stored, run_id, seed)
    for number, (how, (argv, selection)) in enumerate(zip(("mean", "min", "max", "p50", "p99"),
                                                          [s for s in SELECTIONS if "rank" not in s[1]])):
        most = random.Random(seed * 100 + number).choice((0, 6, 40))
        asked = ["--agg", how, *argv, "--max-points", str(most)]
        points = series.one_a_step(how, **selection)
        got, found = answer(stored, run_id, *asked)
        kept = {p[0] for p in reduced([p[:3] for p in points], most)} if most else {p[0] for p in points}
        expected = sorted((at(second), step, value, ranks) for order, step, value, second, ranks in points
                          if order in kept)
        assert same(found, [(step, value, second, ranks) for second, step, value, ranks in expected]), asked
        assert got["truncated"] == (0 < most < len(points))
        assert all(list(row)[:4] == ["timestamp", "step", "value", "ranks"] for row in got["values"])


def test_a_spike_survives_among_many(stored):
    stored.run("points", "spiky", 5100)
    calls = [(s, s / 10, [50.0 if s == 7777 else -50.0 if s == 7779 else math.sin(s)]) for s in range(20000)]
    stored.log(5100, ["m"], calls, per_block=600)
    got, found = answer(stored, 5100)
    assert 500 < len(found) <= 1000 and got["points"] == 20000 and got["nonfinite_points"] == 0
    assert (7777, 50.0) in [f[:2] for f in found] and (7779, -50.0) in [f[:2] for f in found]
    assert (found[0][0], found[-1][0]) == (0, 19999)


def test_steps_at_the_ends_of_their_range(stored):
    stored.run("points", "wide", 5101)
    steps = [-2**63, -2**63 + 1, -1, 0, 1, 2**62, 2**63 - 2, 2**63 - 1]
    stored.log(5101, ["m"], [(s, i, [i]) for i, s in enumerate(steps)], per_block=3)
    for most, kept in ((4, [-2**63, 2**63 - 1]), (6, [-2**63, -1, 0, 2**63 - 1]), (8, steps)):
        assert [f[0] for f in answer(stored, 5101, "--max-points", str(most))[1]] == kept


def test_nothing_but_nan_is_not_nothing(stored):
    stored.run("points", "lost", 5102)
    stored.log(5102, ["m"], [(s, s, [NAN]) for s in range(100)], per_block=30)
    got, found = answer(stored, 5102, "--max-points", "10")
    assert [f[0] for f in found] == [0, 25, 50, 75, 99] and all(math.isnan(f[1]) for f in found)
    assert (got["points"], got["nonfinite_points"]) == (100, 100)


def test_a_block_with_a_null_is_said_and_not_skipped(stored):
    stored.run("points", "hole", 5103)
    stored.log(5103, ["m"], [(s, s, [s]) for s in range(10)], per_block=5)
    stored.db.query("update blocks set values[2] = null where run_id = 5103 and first_step = 5")
    done = stored.cli("get", "metric", "--project", "points", "--run", "hole", "--metric", "m")
    assert done.rc == 1 and done.stdout == "" and "--max-points 0" in done.stderr
    assert len(answer(stored, 5103, "--max-points", "0")[1]) == 10


def test_other_forms_remark_what_is_left_out(stored):
    argv = ["get", "metric", "--project", "r", "--run", "many", "--metric", "m", "--max-points", "100"]
    for form in ([], ["--format", "csv"], ["--format", "ndjson"]):
        done = stored.cli(*argv, *form)
        lines = done.stdout.splitlines()  # 49 stretches; the first and the last value are among theirs
        assert done.rc == 0 and len(lines) == 98 + (form != ["--format", "ndjson"])
        assert "of 2500 values" in done.stderr and "--max-points 0 prints all" in done.stderr
    assert stored.cli(*argv, "--json").stderr == ""
    all_of_it = stored.cli(*argv[:-1], "2500")
    assert len(all_of_it.stdout.splitlines()) == 2501 and all_of_it.stderr == ""


@pytest.mark.parametrize("argv, says", [
    (["--max-points", "3"], "--max-points is at least 4, or 0 for all."),
    (["--max-points", "100001"], "--max-points"),
    (["--agg", "mean", "--rank", "0"], "leave out --rank"),
    (["--agg", "median"], "mean|min|max|p50|p99"),
    (["--max-points", "100", "--at-time", "x"], "--at-time is a time like"),
])
def test_what_cannot_be(stored, argv, says):
    done = stored.cli("get", "metric", "--project", "r", "--run", "many", "--metric", "m", *argv)
    assert done.rc == 2 and says in done.stderr and done.stdout == ""


def test_a_metric_that_is_not_there_is_an_error_with_points_too(stored):
    done = stored.cli("get", "metric", "--project", "r", "--run", "many", "--metric", "mm", "--agg", "max")
    assert done.rc == 3 and "mm" in done.stderr
    got, found = answer(stored, 5100, "--step", "99999")
    assert found == [] and got["truncated"] is False


# Snapshots


def snapshot(stored, *argv):
    return stored.json("get", "snapshot", "--project", "p", "--run", "ranks", *argv)


def test_a_snapshot_has_a_limit(stored):
    everything = snapshot(stored, "--around", "3")
    assert everything["has_more"] is False and "more" not in everything
    assert len(everything["metrics"]["loss"]) == 14
    some = snapshot(stored, "--around", "3", "--limit", "5")
    assert some["metrics"]["loss"] == everything["metrics"]["loss"][:5]
    assert some["has_more"] is True and "--limit 0" in some["more"]
    assert snapshot(stored, "--around", "3", "--limit", "0")["metrics"] == everything["metrics"]
    done = stored.cli("get", "snapshot", "--project", "p", "--run", "ranks", "--around", "3", "--limit", "5")
    assert len(done.stdout.splitlines()) == 6 and "There is more" in done.stderr


def test_a_snapshot_across_ranks(stored):
    got = snapshot(stored, "--around", "6", "--window", "2", "--agg", "max")["metrics"]["loss"]
    assert got == [{"timestamp": iso(14), "step": 4, "value": 4.5, "ranks": 2},
                   {"timestamp": iso(15), "step": 5, "value": 5.5, "ranks": 2},
                   {"timestamp": iso(16), "step": 6, "value": 6.5, "ranks": 1},
                   {"timestamp": iso(17), "step": 7, "value": 7.5, "ranks": 1}]
    assert [v["value"] for v in snapshot(stored, "--step", "3", "--agg", "mean")["metrics"]["loss"]] == [0.25]
    twin = stored.json("get", "snapshot", "--project", "p", "--run", "twin", "--step", "4", "--agg", "p50")
    assert list(twin["metrics"]) == ["train/loss", "lr", "val"]  # in order of appearance, as without
    rows = stored.tsv("get", "snapshot", "--project", "p", "--run", "twin", "--step", "4", "--agg", "p50")
    assert rows[0] == ["metric", "timestamp", "step", "value", "ranks"]
    assert [row[0] for row in rows[1:]] == ["lr", "train/loss", "val"]
    assert stored.cli("get", "snapshot", "--project", "p", "--run", "twin", "--step", "4", "--agg", "min",
                      "--rank", "0").rc == 2


# System metrics


@pytest.fixture(scope="module")
def machine(stored):
    stored.run("points", "machine", 5200, world_size=2, attempts=((0, 0), (1, 0)))
    for rank in (0, 1):
        stored.log(5200, ["cpu", "mem"], [(0, s, [s + rank / 10, rank]) for s in range(40)], rank=rank,
                   kind="system", per_block=7)
    stored.log(5200, ["gpu"], [(0, 20.5, [NAN])], kind="system")
    return stored


def system(stored, *argv):
    return stored.json("get", "system-metric", "--project", "points", "--run", "machine", *argv)


def test_the_newest_measurements_in_order_of_time(machine):
    everything = system(machine, "--limit", "0")
    assert len(everything["system_metrics"]) == 81 and everything["has_more"] is False
    got = system(machine)
    assert got["system_metrics"] == everything["system_metrics"][-50:]
    assert got["has_more"] is True and "--limit" in got["more"]
    three = system(machine, "--limit", "3")["system_metrics"]
    assert three == [{"cpu": 38.1, "mem": 1, "timestamp": iso(38), "rank": 1},
                     {"cpu": 39, "mem": 0, "timestamp": iso(39), "rank": 0},
                     {"cpu": 39.1, "mem": 1, "timestamp": iso(39), "rank": 1}]
    assert system(machine, "--limit", "81")["has_more"] is False
    done = machine.cli("get", "system-metric", "--project", "points", "--run", "machine", "--limit", "3")
    assert len(done.stdout.splitlines()) == 7 and "There are older ones" in done.stderr


def test_measurements_of_one_name_or_rank_are_counted_by_themselves(machine):
    got = system(machine, "--metric", "mem", "--rank", "1", "--limit", "2")
    assert got["values"] == [{"mem": 1, "timestamp": iso(s), "rank": 1} for s in (38, 39)]
    assert got["has_more"] is True
    gpu = system(machine, "--metric", "gpu")
    assert [v["timestamp"] for v in gpu["values"]] == [iso(20.5)] and gpu["has_more"] is False


def test_measurements_since(machine):
    got = system(machine, "--since", iso(37), "--rank", "0")
    assert [v["timestamp"] for v in got["system_metrics"]] == [iso(38), iso(39)]
    assert system(machine, "--since", "3000-01-01")["system_metrics"] == []
    assert len(system(machine, "--since", "36500d", "--limit", "0")["system_metrics"]) == 81
    done = machine.cli("get", "system-metric", "--project", "points", "--run", "machine", "--since", "x")
    assert done.rc == 2 and "--since is a time like" in done.stderr
