# SPDX-License-Identifier: Apache-2.0
"""Comparing runs, sweeps, and the ranks of a run."""

import json
import math

import pytest

from stored import Stored

NAN = float("nan")


@pytest.fixture(scope="module")
def stored(cluster):
    db = Stored(cluster.create())
    for i, (lr, seed, loss) in enumerate([(0.1, 1, 0.5), (0.1, 2, 0.7), (0.01, 1, 0.2), (0.01, 2, 0.3), (10, 1, NAN)]):
        db.run("p", f"run{i}", 10 + i, at=i, group="g" if lr < 1 else None,
               config=json.dumps({"lr": lr, "seed": seed, "optim": {"name": "adam", "beta": [0.9, 0.99]}}))
        db.log(10 + i, ["val/loss", "acc"], [(0, 0, [2.0, 0.0]), (9, 1, [loss, 1 - loss])])
    db.run("p", "silent", 20, at=9, config='{"lr": 0.1, "seed": 3, "optim": 7}')
    db.refresh_state()
    return db


def sweep(stored, *argv):
    return stored.json("sweep", "--project", "p", "--metric", "val/loss", *argv)


def test_a_sweep_by_one_key(stored):
    got = sweep(stored, "--by", "config.lr")
    assert got["best"] == {"run": "run2", "run_id": "12", "value": 0.2} and got["by"] == ["lr"]
    groups = got["groups"]
    assert [group["keys"] for group in groups] == [[0.01], [0.1], [10]]
    assert (groups[0]["runs"], groups[0]["best"], groups[0]["best_run"]) == (2, 0.2, "run2")
    assert math.isclose(groups[0]["mean"], 0.25) and math.isclose(groups[0]["std"], math.sqrt(0.005))
    assert (groups[0]["min"], groups[0]["max"], groups[0]["ranks"]) == (0.2, 0.3, 2)
    assert (groups[1]["runs"], groups[1]["empty_runs"], groups[1]["best"]) == (3, 1, 0.5)
    assert (groups[2]["best"], groups[2]["nonfinite_runs"], groups[2]["best_run"]) == (None, 1, None)


def test_a_sweep_by_two_keys_goal_and_value(stored):
    got = sweep(stored, "--by", "lr", "--by", "config.seed", "--goal", "max", "--filter", "group=g")
    assert [group["keys"] for group in got["groups"]] == [[0.1, 2], [0.1, 1], [0.01, 2], [0.01, 1]]
    assert got["best"]["value"] == 0.7
    worst = sweep(stored, "--by", "lr", "--value", "max")
    assert {group["best"] for group in worst["groups"]} == {2.0}


def test_a_sweep_over_nothing(stored):
    got = sweep(stored, "--by", "config.none")
    assert [group["keys"] for group in got["groups"]] == [[None]] and got["groups"][0]["runs"] == 6
    assert sweep(stored, "--by", "lr", "--filter", "name=nobody")["best"] is None
    assert stored.cli("sweep", "--project", "nowhere", "--metric", "m", "--by", "lr").rc == 3
    assert "sweep needs --by" in stored.cli("sweep", "--project", "p", "--metric", "m").stderr
    limited = sweep(stored, "--by", "lr", "--limit", "1")
    assert len(limited["groups"]) == 1 and limited["has_more"]


def test_sweep_as_tsv(stored):
    rows = stored.tsv("sweep", "--project", "p", "--metric", "val/loss", "--by", "lr", "--fields", "keys,best,best_run")
    assert rows[:2] == [["keys", "best", "best_run"], ["[0.01]", "0.2", "run2"]]


# Comparing


def compare(stored, *argv):
    return stored.json("compare", "--project", "p", *argv)


def test_compare_shows_what_differs(stored):
    got = compare(stored, "run0", "run1", "13")
    assert [run["run"] for run in got["runs"]] == ["run0", "run1", "run3"]
    assert got["config"] == {"lr": [0.1, 0.1, 0.01], "seed": [1, 2, 2]}
    assert got["metrics"]["val/loss"] == [{"last": 0.5, "min": 0.5, "max": 2.0}, {"last": 0.7, "min": 0.7, "max": 2.0},
                                          {"last": 0.3, "min": 0.3, "max": 2.0}]
    assert list(got["metrics"]) == ["acc", "val/loss"] and got["has_more"] is False


def test_compare_with_absent_and_odd_values(stored):
    got = compare(stored, "run4", "silent", "--metric", "val/loss")
    assert got["config"] == {"lr": [10, 0.1], "seed": [1, 3], "optim": [None, 7], "optim.name": ["adam", None],
                             "optim.beta": [[0.9, 0.99], None]}
    assert got["metrics"] == {"val/loss": [{"last": None, "min": 2.0, "max": 2.0, "nonfinite": {"last": "nan"}},
                                           {"last": None, "min": None, "max": None}]}
    assert set(compare(stored, "run0", "run1", "--all")["config"]) == {"lr", "seed", "optim.name", "optim.beta"}
    assert compare(stored, "run0", "run1", "--limit=1")["has_more"]


def test_compare_as_a_table(stored):
    rows = stored.tsv("compare", "--project", "p", "run0", "run2", "--metric", "acc")
    assert rows == [["field", "run0", "run2"], ["config.lr", "0.1", "0.01"], ["acc", "0.5", "0.8"],
                    ["acc min", "0", "0"], ["acc max", "0.5", "0.8"]]
    odd = stored.tsv("compare", "--project", "p", "run4", "silent", "--metric", "none")
    assert ["config.optim.beta", "[0.9, 0.99]", ""] in odd and ["config.optim.name", "adam", ""] in odd


@pytest.mark.parametrize("argv, rc, sentence", [
    ([], 2, "names or ids of 2 to 32"), (["run0"], 2, "names or ids of 2 to 32"), (["run0"] * 33, 2, "2 to 32"),
    (["run0", "nix"], 3, "Run 'nix' not found"),
])
def test_compare_mistakes(stored, argv, rc, sentence):
    done = stored.cli("compare", "--project", "p", *argv)
    assert (done.rc, done.stdout) == (rc, "") and sentence in done.stderr


# Ranks


def test_ranks(db):
    stored = Stored(db)
    stored.run("p", "r", 1, world_size=6, attempts=((0, 0), (1, 0), (2, 0), (3, 0), (3, 1)))
    for rank, (steps, seconds) in enumerate([(10, 1.0), (10, 1.1), (4, 2.0)]):
        stored.log(1, ["loss"], [(s, s * seconds, [s]) for s in range(steps)], rank=rank)
    stored.log(1, ["loss"], [(s, s, [s]) for s in range(20)], rank=3, attempt=0)
    stored.log(1, ["loss"], [(s, s, [s]) for s in range(8)], rank=3, attempt=1)
    db.query("update attempts set started = started + interval '1 minute' where attempt = 1")
    db.query("update attempts set ended = now(), ending = 'failed' where rank = 1")
    db.query("insert into producers (run_id, producer_id, lane, emitted, committed, dropped, updated) "
             "select run_id, producer_id, 1, 12, 10, 1, now() - interval '1 hour' from attempts where rank in (1, 2)")
    got = stored.json("ranks", "--project", "p", "--run", "r")
    assert (got["world_size"], got["here"], got["missing"]) == (6, 4, [4, 5])
    assert got["last_step"] == {"min": 3, "max": 9}
    ranks = {rank["rank"]: rank for rank in got["ranks"]}
    assert [rank["rank"] for rank in got["ranks"]][:2] == [2, 3]  # who is behind comes first
    assert (ranks[2]["behind"], ranks[2]["dropped"], ranks[2]["on_node"]) == (6, 1, 1)
    assert 3590 < ranks[2]["silent_s"] < 3700 and ranks[1]["silent_s"] is None and ranks[1]["state"] == "failed"
    assert (ranks[3]["attempt"], ranks[3]["last_step"]) == (1, 7)  # not the first attempt's step 19
    assert math.isclose(ranks[2]["step_time_s"], 2.0) and math.isclose(ranks[1]["step_time_s"], 1.1)
    assert math.isclose(got["step_time_s"]["max"], 2.0)
    assert stored.tsv("ranks", "--project", "p", "--run", "r")[0][:4] == ["rank", "host", "state", "last_step"]
    code, shown, said = stored.terminal("ranks", "--project", "p", "--run", "r")
    assert code == 0 and "step_time_s" in shown and "4 of 6 ranks" in said and "Never came: [4, 5]" in said


def test_ranks_of_a_run_without_metrics(db):
    stored = Stored(db)
    stored.run("p", "quiet", 1)
    got = stored.json("ranks", "--project", "p", "--run", "quiet")
    assert got["ranks"][0]["last_step"] is None and got["step_time_s"] == {"min": None, "p50": None, "max": None}
    assert got["missing"] == [] and stored.cli("ranks", "--project", "p", "--run", "nix").rc == 3


def test_many_ranks_are_bounded(db):
    stored = Stored(db)
    stored.run("p", "wide", 1, world_size=300, attempts=[(rank, 0) for rank in range(300)])
    got = stored.json("ranks", "--project", "p", "--run", "wide")
    assert len(got["ranks"]) == 100 and got["has_more"] and got["here"] == 300
    assert len(stored.json("ranks", "--project", "p", "--run", "wide", "--limit=0")["ranks"]) == 300


def test_shapes(stored):
    jsonschema = pytest.importorskip("jsonschema")
    told = {c["command"]: c["output"] for c in stored.json("help")["commands"]}
    calls = [["sweep", "--project=p", "--metric=val/loss", "--by=lr"], ["compare", "--project=p", "run4", "silent"],
             ["ranks", "--project=p", "--run=run0"], ["list", "runs", "--project=p", "--metric=val/loss"],
             ["wait", "--project=p", "--for=name=run0"]]
    for argv in calls:
        path = " ".join(word for word in argv[:2] if word in ("list", "runs") or word in told)
        jsonschema.Draft202012Validator(told[path]).validate(stored.json(*argv))
