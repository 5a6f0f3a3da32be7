# SPDX-License-Identifier: Apache-2.0
"""The reading commands against the contract: keys, their order, and what is selected."""

import json
import re

import pytest

from contract_data import fill
from stored import Stored, iso


@pytest.fixture(scope="module")
def empty(cluster):
    return Stored(cluster.create())


@pytest.fixture(scope="module")
def stored(cluster):
    stored = Stored(cluster.create())
    fill(stored)
    return stored


def keys(value):
    return list(value)


# Lists


def test_list_projects(stored, empty):
    got = stored.json("list", "projects")
    assert keys(got)[0] == "projects"
    assert got["projects"] == ["p", "quiet", "q\u00fc", "r"]
    assert got["details"][0]["num_runs"] == 3
    assert empty.json("list", "projects")["projects"] == []
    assert stored.tsv("list", "projects")[0] == ["name", "num_runs", "created_at", "last_seen"]
    assert empty.tsv("list", "projects") == [["name", "num_runs", "created_at", "last_seen"]]


def test_list_runs_oldest_first_with_duplicates(stored):
    got = stored.json("list", "runs", "--project", "p")
    assert keys(got)[:2] == ["project", "runs"]
    assert got["project"] == "p"
    assert got["runs"] == ["twin", "twin", "ranks"]
    assert [run["id"] for run in got["details"]] == ["11", "12", "13"]
    assert [run["state"] for run in got["details"]] == ["finished", "failed", "running"]
    rows = stored.tsv("list", "runs", "--project", "p")
    assert rows[0][:3] == ["id", "name", "created_at"] and len(rows) == 4


def test_list_metrics_sorted(stored):
    got = stored.json("list", "metrics", "--project", "p", "--run", "twin")
    assert keys(got)[:3] == ["project", "run", "metrics"]
    assert (got["project"], got["run"]) == ("p", "twin")
    assert got["metrics"] == ["lr", "train/loss", "val"]
    assert stored.cli("list", "metrics", "--project=p", "--run=ranks").stdout == "name\nloss\n"


def test_list_metrics_of_all_runs(stored):
    got = stored.json("list", "metrics", "--project", "p")
    assert (got["run"], got["run_id"]) == (None, None)
    assert got["metrics"] == ["loss", "lr", "train/loss", "val"]
    assert stored.cli("list", "metrics", "--project=p").stdout == "name\nloss\nlr\ntrain/loss\nval\n"
    assert stored.json("list", "system-metrics", "--project", "p")["system_metrics"] == [
        "cpu", "gpu/0/power", "gpu/0/temp"]
    assert stored.cli("list", "metrics", "--project=nowhere").rc == 3


def test_list_system_metrics(stored):
    got = stored.json("list", "system-metrics", "--project", "p", "--run", "twin")
    assert keys(got)[:3] == ["project", "run", "system_metrics"]
    assert got["system_metrics"] == ["cpu", "gpu/0/power", "gpu/0/temp"]


def test_run_without_metrics_has_empty_list(stored):
    got = stored.json("list", "metrics", "--project", "quiet", "--run", "silent")
    assert got["metrics"] == []
    assert stored.cli("list", "metrics", "--project", "quiet", "--run", "silent").stdout == "name\n"


# Alerts


@pytest.mark.parametrize("verb", ["list", "get"])
def test_alerts_newest_first(stored, verb):
    got = stored.json(verb, "alerts", "--project", "p")
    assert keys(got) == ["project", "run", "level", "since", "alerts", "has_more", "cursor"]
    assert (got["project"], got["run"], got["level"], got["since"]) == ("p", None, None, None)
    assert [a["title"] for a in got["alerts"]] == ["rank one", "diverged", "old"]
    assert keys(got["alerts"][1])[:6] == ["timestamp", "run", "title", "text", "level", "step"]
    diverged = got["alerts"][1]
    assert diverged["timestamp"] == iso(2.5) == "2026-11-23T12:30:02.500000+00:00"
    assert got["alerts"][0]["timestamp"] == "2026-11-23T12:30:03+00:00"
    assert (diverged["run"], diverged["text"], diverged["level"], diverged["step"]) == (
        "twin", "loss is NaN", "error", 7)
    assert got["alerts"][0]["text"] is None and got["alerts"][0]["step"] is None
    assert got["alerts"][0]["rank"] == 1


def test_alert_webhook_url_is_nowhere(stored):
    for form in ([], ["--json"]):
        assert "secret" not in stored.cli("list", "alerts", "--project", "p", *form).stdout


def test_alert_filters_echo_and_filter(stored):
    got = stored.json("list", "alerts", "--project", "p", "--run", "twin", "--level", "error",
                 "--since", "2026-11-23T12:30:02Z")
    assert (got["run"], got["level"], got["since"]) == ("twin", "error", "2026-11-23T12:30:02Z")
    assert [a["title"] for a in got["alerts"]] == ["diverged"]


def test_level_is_exact(stored):
    got = stored.json("list", "alerts", "--project", "p", "--level", "info")
    assert [a["title"] for a in got["alerts"]] == ["old"]


@pytest.mark.parametrize("since, titles", [
    ("2026-11-23T12:30:01+00:00", ["rank one", "diverged"]),  # strictly later
    ("2026-11-23T12:30:01", ["rank one", "diverged"]),  # no zone: UTC
    ("2026-11-23T14:30:01+02:00", ["rank one", "diverged"]),  # an instant, not a text
    ("2026-11-23 12:30:02.5Z", ["rank one"]),
    ("2030-01-01", []),
])
def test_since_compares_instants(stored, since, titles):
    got = stored.json("list", "alerts", "--project", "p", "--since", since)
    assert [a["title"] for a in got["alerts"]] == titles


def test_alerts_of_rank(stored):
    got = stored.json("list", "alerts", "--project", "p", "--rank", "1")
    assert [a["title"] for a in got["alerts"]] == ["rank one"]


def test_alerts_empty(stored):
    done = stored.cli("list", "alerts", "--project", "quiet", "--json")
    assert done.rc == 0 and done.json()["alerts"] == [] and done.stderr == ""
    assert '"alerts": [],\n' in done.stdout
    assert len(stored.tsv("list", "alerts", "--project", "quiet")) == 1


# Projects and runs


def test_get_project(stored):
    got = stored.json("get", "project", "--project", "p")
    assert keys(got)[:4] == ["project", "num_runs", "runs", "last_activity"]
    assert got["num_runs"] == 3 and got["last_activity"] == 7
    assert keys(got["runs"][0])[:3] == ["id", "name", "created_at"]
    assert got["runs"][1]["id"] == "12" and got["runs"][1]["created_at"] == iso(10)
    quiet = stored.json("get", "project", "--project", "quiet")
    assert quiet["num_runs"] == 1 and quiet["last_activity"] is None


def test_get_run(stored):
    done = stored.cli("get", "run", "--project", "p", "--run", "twin", "--json")
    got = done.json()
    assert keys(got)[:7] == ["project", "run", "run_id", "num_logs", "metrics", "config", "last_step"]
    assert (got["project"], got["run"], got["run_id"]) == ("p", "twin", "12")
    assert got["num_logs"] == 6 and got["last_step"] == 4
    assert got["metrics"] == ["lr", "train/loss", "val"]
    assert keys(got["config"])[-3:] == ["_Username", "_Created", "_Group"]
    assert got["config"] == {"lr": 0.1, "big": 12345678901234567890, "h\u00e9": ["\U0001f600", {"a": None}],
                             "_Username": "ann", "_Created": iso(10), "_Group": "g"}
    assert '"lr": 0.10,' in done.stdout and '"big": 12345678901234567890' in done.stdout
    assert got["state"] == "failed"


def test_stored_config_cannot_repeat_keys(stored):
    done = stored.cli("get", "run", "--project", "p", "--run", "11", "--json")
    pairs = json.loads(done.stdout, object_pairs_hook=list)
    config = dict(pairs)["config"]
    assert [k for k, _ in config] == ["lr", "_Username", "_Created", "_Group"]
    assert dict(config)["_Group"] is None


def test_run_of_no_steps(stored):
    got = stored.json("get", "run", "--project", "quiet", "--run", "silent")
    assert (got["num_logs"], got["metrics"], got["last_step"]) == (0, [], None)


def test_run_name_means_the_newest_and_ids_reach_the_others(stored):
    for name, run_id in (("twin", "12"), ("11", "11"), ("0xb", "11"), ("12", "12")):
        got = stored.json("get", "run", "--project", "p", "--run", name)
        assert (got["run"], got["run_id"]) == ("twin", run_id)
    assert stored.cli("get", "run", "--project", "quiet", "--run", "11").rc == 3


def test_get_run_text(stored):
    rows = stored.tsv("get", "run", "--project", "p", "--run", "twin")
    assert rows[0] == ["field", "value"]
    assert ["run_id", "12"] in rows and ["metric", "train/loss"] in rows


# Values


def values(stored, *argv):
    return stored.json("get", "metric", "--project", "p", *argv)["values"]


def test_get_metric(stored):
    got = stored.json("get", "metric", "--project", "p", "--run", "twin", "--metric", "train/loss")
    assert keys(got)[:4] == ["project", "run", "metric", "values"]
    assert (got["project"], got["run"], got["metric"]) == ("p", "twin", "train/loss")
    assert [keys(v) for v in got["values"]] == [["timestamp", "step", "value", "rank"]] * 5
    assert [v["value"] for v in got["values"]] == [1 / (s + 1) for s in range(5)]
    assert got["values"][0]["timestamp"] == iso(100)


def test_numbers_keep_their_shortest_text(stored):
    done = stored.cli("get", "metric", "--project", "p", "--run", "twin", "--metric", "lr", "--json")
    assert '"value": 0.1,' in done.stdout
    assert stored.tsv("get", "metric", "--project", "p", "--run", "twin", "--metric", "lr",
                  "--step", "0")[1][2] == "0.1"


@pytest.mark.parametrize("selector, steps", [
    (["--step", "0"], [0]),
    (["--step=3"], [3]),
    (["--step", "99"], []),
    (["--step", "-1"], []),
    (["--around", "0", "--window", "1"], [0, 1]),
    (["--around", "2", "--window", "0"], [2]),
    (["--around", "4"], [0, 1, 2, 3, 4]),
    (["--around", "9223372036854775807", "--window", "10"], []),
    (["--around", "-9223372036854775808", "--window", "10"], []),
    (["--step", "1", "--around", "3"], [1]),
    (["--at-time", "2026-11-23T12:31:42Z", "--window", "1"], [1, 2, 3]),
    (["--at-time", "2026-11-23T12:31:42", "--window", "1"], [1, 2, 3]),
    (["--at-time", "2026-11-23T14:31:42+02:00", "--window", "0"], [2]),
    (["--at-time", "2026-11-23T12:31:42Z", "--window", "60"], [0, 1, 2, 3, 4]),
])
def test_selection(stored, selector, steps):
    got = values(stored, "--run", "twin", "--metric", "train/loss", *selector)
    assert [v["step"] for v in got] == steps


def test_replayed_steps_come_from_the_latest_attempt(stored):
    got = values(stored, "--run", "ranks", "--metric", "loss", "--rank", "0")
    assert [(v["step"], v["value"]) for v in got] == [
        (0, 0), (1, 1), (2, 2), (3, 3.5), (4, 4.5), (5, 5.5), (6, 6.5), (7, 7.5)]
    assert "attempt" not in got[0]


def test_attempts_on_request(stored):
    base = ["--run", "ranks", "--metric", "loss", "--rank", "0", "--attempt"]
    assert [v["step"] for v in values(stored, *base, "all")] == [0, 1, 2, 3, 4, 5, 3, 4, 5, 6, 7]
    assert [v["step"] for v in values(stored, *base, "0")] == [0, 1, 2, 3, 4, 5]
    got = values(stored, *base, "1")
    assert [v["step"] for v in got] == [3, 4, 5, 6, 7]
    assert keys(got[0]) == ["timestamp", "step", "value", "rank", "attempt"]
    assert got[0]["attempt"] == 1


def test_all_ranks_in_order_of_time(stored):
    got = values(stored, "--run", "ranks", "--metric", "loss", "--around", "0", "--window", "1")
    assert [(v["timestamp"], v["rank"]) for v in got] == [
        (iso(0), 0), (iso(0), 1), (iso(1), 0), (iso(1), 1)]


def test_nonfinite_is_null_with_a_marker(stored):
    done = stored.cli("get", "metric", "--project", "q\u00fc", "--run", "odd", "--metric", "x", "--json")
    got = done.json()["values"]
    assert [v["value"] for v in got[:4]] == [None, None, None, 1e300]
    assert [v.get("nonfinite") for v in got] == ["nan", "inf", "-inf", None, None]
    assert keys(got[0]) == ["timestamp", "step", "value", "rank", "nonfinite"]
    assert got[0]["timestamp"] == "2026-11-23T12:30:00.123456+00:00"
    assert '"value": 0.30000000000000004,' in done.stdout
    assert "NaN" not in done.stdout and "Infinity" not in done.stdout
    rows = stored.tsv("get", "metric", "--project", "q\u00fc", "--run", "odd", "--metric", "x")
    assert [row[2] for row in rows] == ["value", "NaN", "Infinity", "-Infinity", "1e+300", "0.30000000000000004"]


def test_snapshot(stored):
    got = stored.json("get", "snapshot", "--project", "p", "--run", "twin", "--around", "4", "--window",
                 "1")
    assert keys(got)[:5] == ["project", "run", "metrics", "around", "window"]
    assert (got["around"], got["window"]) == (4, 1)
    assert keys(got["metrics"]) == ["train/loss", "lr", "val"]  # order of appearance
    assert [v["step"] for v in got["metrics"]["train/loss"]] == [3, 4]
    assert keys(got["metrics"]["val"][0]) == ["timestamp", "step", "value", "rank"]
    assert got["metrics"]["val"] == [
        {"timestamp": iso(104.5), "step": 4, "value": 2, "rank": 0}]


def test_snapshot_selectors(stored):
    base = ["get", "snapshot", "--project", "p", "--run", "twin", "--json"]
    zero = stored.cli(*base, "--step", "0").json()
    assert keys(zero)[3] == "step" and zero["step"] == 0 and "window" not in zero
    assert keys(zero["metrics"]) == ["train/loss", "lr"]
    timed = stored.cli(*base, "--at-time", "2026-11-23T12:31:40", "--window", "1").json()
    assert keys(timed)[3:5] == ["at_time", "window"]
    assert (timed["at_time"], timed["window"]) == ("2026-11-23T12:31:40", 1)
    assert len(timed["metrics"]["lr"]) == 2
    nothing = stored.cli(*base, "--step", "77")
    assert nothing.rc == 0 and nothing.json()["metrics"] == {}
    assert '"metrics": {},' in nothing.stdout


def test_snapshot_text_is_sorted_by_name(stored):
    rows = stored.tsv("get", "snapshot", "--project", "p", "--run", "twin", "--step", "4")
    assert rows[0] == ["metric", "timestamp", "step", "value", "rank"]
    assert [row[0] for row in rows[1:]] == ["lr", "train/loss", "val"]


def test_system_metric_entries(stored):
    got = stored.json("get", "system-metric", "--project", "p", "--run", "twin")
    assert keys(got)[:3] == ["project", "run", "system_metrics"]
    first, second, third = got["system_metrics"]
    assert keys(first) == ["gpu/0/power", "gpu/0/temp", "timestamp", "rank", "nonfinite"]
    assert first == {"gpu/0/power": 300.25, "gpu/0/temp": None, "timestamp": iso(50), "rank": 0,
                     "nonfinite": {"gpu/0/temp": "nan"}}
    assert second == {"cpu": 0.5, "timestamp": iso(55), "rank": 0}
    assert third == {"gpu/0/power": 301, "gpu/0/temp": 61, "timestamp": iso(60), "rank": 0}


def test_system_metric_of_one_name(stored):
    got = stored.json("get", "system-metric", "--project", "p", "--run", "twin", "--metric",
                 "gpu/0/power")
    assert keys(got)[:4] == ["project", "run", "metric", "values"]
    assert got["values"] == [{"gpu/0/power": 300.25, "timestamp": iso(50), "rank": 0},
                             {"gpu/0/power": 301, "timestamp": iso(60), "rank": 0}]
    assert keys(got["values"][0])[:2] == ["gpu/0/power", "timestamp"]


def test_system_metrics_empty(stored):
    got = stored.cli("get", "system-metric", "--project", "p", "--run", "ranks", "--json")
    assert got.json()["system_metrics"] == []
    rows = stored.tsv("get", "system-metric", "--project", "p", "--run", "ranks")
    assert rows == [["timestamp", "metric", "value", "rank"]]


def test_blocks_outside_the_steps_are_not_unpacked(stored):
    plan = stored.db.value("""explain (analyze, format json, timing off)
        select u.value from metric_blocks, unnest(steps, times, values) as u(step, time, value)
         where run_id = 17 and name = 'm' and first_step <= 502 and last_step >= 498
           and u.step between 498 and 502""")

    def rows_of_blocks(node):
        if node.get("Relation Name") == "blocks":
            return node["Actual Rows"]
        return sum(rows_of_blocks(child) for child in node.get("Plans", []))

    assert rows_of_blocks(plan[0]["Plan"]) == 2
    got = stored.json("get", "metric", "--project", "r", "--run", "many", "--metric", "m", "--around",
                 "500", "--window", "2")
    assert [v["step"] for v in got["values"]] == [498, 499, 500, 501, 502]


# JSON form


def test_json_is_pythons_own_form(stored):
    for argv in (["list", "projects"], ["list", "runs", "--project", "q\u00fc"],
                 ["list", "alerts", "--project", "q\u00fc"],
                 ["get", "run", "--project", "p", "--run", "twin"],
                 ["get", "snapshot", "--project", "p", "--run", "twin", "--step", "0"]):
        out = stored.cli(*argv, "--json").stdout
        assert out.isascii() and out.endswith("}\n") and not out.endswith("\n\n")
        data = json.loads(out, parse_float="<{}>".format)  # digits stay as they are
        again = json.dumps(data, indent=2) + "\n"
        assert re.sub(r'"<(.*?)>"', r"\1", again) == out
