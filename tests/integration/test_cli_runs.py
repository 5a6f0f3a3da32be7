# SPDX-License-Identifier: Apache-2.0
"""Choosing among runs: conditions, order, limits, metrics beside them."""

import json
import math

import pytest

from stored import Stored

NAN = float("nan")


@pytest.fixture(scope="module")
def stored(cluster):
    stored = Stored(cluster.create())
    fill(stored)
    return stored


def fill(db):
    """p: a sweep over lr, one of it diverged, one of several ranks, one that has logged nothing."""
    db.run("p", "lr-0.1", 1, at=1, config='{"lr": 0.1, "optim": {"name": "adam"}, "tags": ["base", "x"]}',
           group="a", username="ann", ending="finished")
    db.run("p", "lr-0.01", 2, at=2, config='{"lr": 0.01, "optim": {"name": "sgd"}, "tags": "base"}', group="a",
           ending="finished")
    db.run("p", "lr-10", 3, at=3, config='{"lr": 10, "a.b": 1, "on": true}', group="b", ending="failed")
    db.run("p", "ranks", 4, at=4, config='{"lr": 1e-3, "lr_text": "low"}', world_size=3,
           attempts=((0, 0), (1, 0), (2, 0)))
    db.run("p", "empty", 5, at=5)
    db.run("q", "elsewhere", 6, at=6, config='{"lr": 0.1}')
    db.log(1, ["val/loss", "acc"], [(0, 0, [3.0, 0.1]), (10, 1, [0.5, 0.9])])
    db.log(2, ["val/loss"], [(0, 0, [4.0]), (20, 1, [0.4])])
    db.log(3, ["val/loss"], [(0, 0, [2.0]), (5, 1, [NAN])])
    for rank, value in enumerate((0.1, 0.2, 0.6)):
        db.log(4, ["val/loss"], [(0, 0, [1.0]), (7, 1, [value])], rank=rank)
    db.log(6, ["val/loss"], [(0, 0, [0.0])])
    db.refresh_state()
    db.alert(3, "diverged", level=2)
    db.alert(1, "hm", level=1)


def names(stored, *argv):
    return stored.json("list", "runs", "--project", "p", *argv)["runs"]


@pytest.mark.parametrize("condition, expected", [
    ("state=finished", ["lr-0.1", "lr-0.01"]),
    ("state!=finished", ["lr-10", "ranks", "empty"]),
    ("group=a", ["lr-0.1", "lr-0.01"]),
    ("group!=a", ["lr-10", "ranks", "empty"]),  # what has no group is in no group a
    ("name~lr-*", ["lr-0.1", "lr-0.01", "lr-10"]),
    ("name!~lr-*", ["ranks", "empty"]),
    ("name~lr_0.1", []),  # _ and % mean themselves
    ("name = lr-10", ["lr-10"]),
    ("user=ann", ["lr-0.1"]),
    ("host=host2", ["ranks"]),
    ("host!=host0", []),
    ("host~host*", ["lr-0.1", "lr-0.01", "lr-10", "ranks", "empty"]),
    ("tag=base", ["lr-0.1", "lr-0.01"]),
    ("tag!=x", ["lr-0.01", "lr-10", "ranks", "empty"]),
    ("tag!~ba*", ["lr-10", "ranks", "empty"]),
    ("step>=7", ["lr-0.1", "lr-0.01", "ranks"]),
    ("config.lr<0.05", ["lr-0.01", "ranks"]),
    ("config.lr=0.10", ["lr-0.1"]),  # numbers, not their texts
    ("config.lr!=0.1", ["lr-0.01", "lr-10", "ranks", "empty"]),
    ("config.optim.name=sgd", ["lr-0.01"]),
    ("config.a.b=1", ["lr-10"]),  # a key with a dot in it
    ("config.on=true", ["lr-10"]),
    ("config.lr_text>0", ["ranks"]),  # text against text
    ("metric:val/loss<0.45", ["lr-0.01", "ranks"]),
    ("metric:val/loss>0.45", ["lr-0.1"]),  # NaN is not greater
    ("metric:val/loss=nan", ["lr-10"]),
    ("metric:val/loss!=nan", ["lr-0.1", "lr-0.01", "ranks", "empty"]),
    ("min:val/loss<=2", ["lr-0.1", "lr-0.01", "lr-10", "ranks"]),
    ("max:val/loss>=3", ["lr-0.1", "lr-0.01"]),
    ("metric:acc>0", ["lr-0.1"]),
    ("alert>=error", ["lr-10"]),
    ("alert>=info", ["lr-0.1", "lr-10"]),
    ("alert=warn", ["lr-0.1"]),
])
def test_conditions(stored, condition, expected):
    assert names(stored, "--filter", condition) == expected


def test_all_conditions_must_hold(stored):
    assert names(stored, "--filter=group=a", "--filter=config.lr<0.05") == ["lr-0.01"]


@pytest.mark.parametrize("agg, expected", [("mean", 0.3), ("min", 0.1), ("max", 0.6), ("p50", 0.2),
                                           ("p99", 0.592)])
def test_ranks_become_one_value(stored, agg, expected):
    run = stored.json("list", "runs", "--project", "p", "--metric", "val/loss", "--agg", agg,
                      "--filter=name=ranks")["details"][0]
    assert math.isclose(run["metrics"]["val/loss"]["last"], expected)
    assert run["metrics"]["val/loss"]["min"] == 0.1 and run["metrics"]["val/loss"]["max"] == 1.0


def test_one_rank(stored):
    run = stored.json("list", "runs", "--project", "p", "--metric", "val/loss", "--rank=1",
                      "--filter=name=ranks")["details"][0]
    assert run["metrics"]["val/loss"] == {"last": 0.2, "min": 0.2, "max": 1.0}


def test_metrics_beside_runs(stored):
    details = stored.json("list", "runs", "--project", "p", "--metric=val/loss", "--metric=acc")["details"]
    metrics = {run["name"]: run["metrics"] for run in details}
    assert metrics["lr-0.1"] == {"val/loss": {"last": 0.5, "min": 0.5, "max": 3.0},
                                 "acc": {"last": 0.9, "min": 0.1, "max": 0.9}}
    assert metrics["lr-10"]["val/loss"] == {"last": None, "min": 2.0, "max": 2.0, "nonfinite": {"last": "nan"}}
    assert metrics["empty"] == {name: {"last": None, "min": None, "max": None} for name in ("val/loss", "acc")}
    header, first, *_ = stored.tsv("list", "runs", "--project", "p", "--metric=val/loss")
    assert header[-3:] == ["val/loss", "val/loss min", "val/loss max"] and first[-3:] == ["0.5", "0.5", "3"]


@pytest.mark.parametrize("key, expected", [
    ("created", ["lr-0.1", "lr-0.01", "lr-10", "ranks", "empty"]),
    ("-created", ["empty", "ranks", "lr-10", "lr-0.01", "lr-0.1"]),
    ("name", ["empty", "lr-0.01", "lr-0.1", "lr-10", "ranks"]),
    ("config.lr", ["ranks", "lr-0.01", "lr-0.1", "lr-10", "empty"]),
    ("-config.lr", ["lr-10", "lr-0.1", "lr-0.01", "ranks", "empty"]),
    ("metric:val/loss", ["ranks", "lr-0.01", "lr-0.1", "lr-10", "empty"]),  # NaN and nothing come last
    ("-metric:val/loss", ["lr-0.1", "lr-0.01", "ranks", "lr-10", "empty"]),
    ("-step", ["lr-0.01", "lr-0.1", "ranks", "lr-10", "empty"]),
])
def test_order(stored, key, expected):
    assert names(stored, f"--sort={key}") == expected


def test_top_and_limit(stored):
    best = stored.json("list", "runs", "--project", "p", "--sort=metric:val/loss", "--top=2")
    assert best["runs"] == ["ranks", "lr-0.01"] and best["total"] == 5 and best["has_more"] and best["more"]
    newest = stored.json("list", "runs", "--project", "p", "--limit=2")
    assert newest["runs"] == ["ranks", "empty"]  # the newest, still the oldest of them first
    everything = stored.json("list", "runs", "--project", "p", "--limit=0")
    assert len(everything["runs"]) == 5 and everything["has_more"] is False
    assert "There is more" in stored.cli("list", "runs", "--project", "p", "--limit=2").stderr


def test_configurations_beside_runs(stored):
    got = stored.json("list", "runs", "--project", "p", "--config", "--metric", "acc")["details"]
    assert got[1]["config"] == {"lr": 0.01, "optim": {"name": "sgd"}, "tags": "base"}
    assert got[4]["config"] == {} and got[0]["metrics"]["acc"]["last"] == 0.9
    assert "config" not in stored.json("list", "runs", "--project", "p")["details"][0]
    assert stored.tsv("list", "runs", "--project", "p", "--config", "--fields", "name,config")[3] == [
        "lr-10", '{"lr": 10, "on": true, "a.b": 1}']
    assert "config" not in stored.terminal("list", "runs", "--project", "p", "--config")


def test_a_terminal_shows_curves(stored):
    code, shown, _ = stored.terminal("list", "runs", "--project", "p", "--metric=val/loss")
    assert code == 0 and "val/loss curve" in shown
    assert "█" in shown.split("lr-0.1 ")[1].split("\n")[0] and "x" in shown.split("lr-10")[1].split("\n")[0]


@pytest.mark.parametrize("condition, sentence", [
    ("state", "has no operator"),
    ("=x", "names none of the subjects"),
    ("colour=red", "names none of the subjects"),
    ("config.=1", "names none of the subjects"),
    ("metric:=1", "names none of the subjects"),
    ("stateful=1", "names none of the subjects"),
    ("state=", "has no value"),
    ("alert>=fatal", "info, warn or error"),
    ("", "has no operator"),
])
def test_malformed_conditions(stored, condition, sentence):
    done = stored.cli("list", "runs", "--project", "p", "--filter", condition, "--json")
    error = json.loads(done.stderr)["error"]
    assert (done.rc, done.stdout) == (2, "") and sentence in error["message"] and "config.KEY" in error["hint"]


def test_a_name_with_an_operator_in_it(stored):
    stored.run("odd", "r", 9)
    stored.log(9, ["a<b=c"], [(0, 0, [1.0])])
    stored.refresh_state()
    found = stored.json("list", "runs", "--project", "odd", "--filter", "metric:a<b=c>=1")
    assert found["runs"] == ["r"]
    for hostile in ("metric:x'); drop table runs; --<1", 'config."}]<1', "name~\\", "name~%"):
        assert stored.json("list", "runs", "--project", "odd", "--filter", hostile)["runs"] == []


def test_numbers_beyond_doubles_are_no_error(stored):
    stored.run("big", "r", 10, config='{"n": 1e400, "text": "1e999999"}')
    for condition in ("config.n>1e300", "config.n!=nan", "config.text!=1"):
        assert stored.json("list", "runs", "--project", "big", "--filter", condition)["runs"] == ["r"]
    assert stored.json("list", "runs", "--project", "big", "--sort=config.n")["runs"] == ["r"]


def test_an_empty_project_is_no_error_and_a_missing_one_is(stored):
    assert names(stored, "--filter=state=nosuch") == []
    assert stored.cli("list", "runs", "--project", "nowhere", "--filter=state=running").rc == 3
