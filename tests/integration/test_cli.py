# SPDX-License-Identifier: Apache-2.0
"""The reading commands against the contract: keys, order, selection, exit codes, sentences."""

import json
import re

import pytest

from cli_support import Cluster, iso, run_cli

EVIL = "a\tb\nc\\d\x1b[31mred\u009b0m\u202eevil\u2028x"
EVIL_SHOWN = "a\\tb\\nc\\\\d\\x1b[31mred\\u{9b}0m\\u{202e}evil\\u{2028}x"


@pytest.fixture(scope="module")
def cluster():
    cluster = Cluster()
    yield cluster
    cluster.stop()


@pytest.fixture(scope="module")
def empty(cluster):
    return cluster.database("empty").migrate()


@pytest.fixture(scope="module")
def db(cluster):
    """p: an old and a new run named `twin`, a run of 2 ranks one of which restarted, odd values."""
    db = cluster.database("full").migrate()
    db.run("p", "twin", 11, at=0, config='{"lr": 1e-3, "_Group": "stale"}', ending="finished")
    db.run("p", "twin", 12, at=10, group="g", username="ann", ending="failed",
           config='{"lr": 0.10, "big": 12345678901234567890, "h\u00e9": ["\U0001f600", {"a": null}]}')
    db.log(12, ["train/loss", "lr"], [(s, 100 + s, [1 / (s + 1), 0.1]) for s in range(5)])
    db.log(12, ["val"], [(4, 104.5, [2.0])])
    db.log(12, ["gpu/0/power", "gpu/0/temp"], [(0, 50, [300.25, float("nan")]), (0, 60, [301, 61])],
           kind="system")
    db.log(12, ["cpu"], [(0, 55, [0.5])], kind="system")

    db.run("p", "ranks", 13, at=20, world_size=2, attempts=((0, 0), (0, 1), (1, 0)))
    db.log(13, ["loss"], [(s, s, [s]) for s in range(6)], rank=0, attempt=0)
    db.log(13, ["loss"], [(s, 10 + s, [s + 0.5]) for s in range(3, 8)], rank=0, attempt=1)
    db.log(13, ["loss"], [(s, s, [-s]) for s in range(6)], rank=1, attempt=0)

    db.run("q\u00fc", "odd", 14, at=30)
    db.log(14, ["x"], [(0, 0.123456, [float("nan")]), (1, 1, [float("inf")]),
                       (2, 2, [float("-inf")]), (3, 3.5, [1e300]), (4, 4, [0.1 + 0.2])])
    db.run("q\u00fc", EVIL, 15, at=40)
    db.run("quiet", "silent", 16, at=50)

    db.run("r", "many", 17, at=60)
    db.log(17, ["m"], [(s, s, [s]) for s in range(2500)], per_block=10)

    db.alert(12, "old", level=0, at=1)
    db.alert(12, "diverged", text="loss is NaN", level=2, step=7, at=2.5, url="https://secret/hook")
    db.alert(13, "rank one", level=1, at=3, rank=1)
    db.alert(15, EVIL, text=EVIL, at=4)
    return db


def keys(value):
    return list(value)


# Lists


def test_list_projects(db, empty):
    got = db.cli("list", "projects", "--json").json
    assert keys(got)[0] == "projects"
    assert got["projects"] == ["p", "quiet", "q\u00fc", "r"]
    assert got["details"][0]["num_runs"] == 3
    assert empty.cli("list", "projects", "--json").json["projects"] == []
    assert db.cli("list", "projects").tsv[0] == ["name", "num_runs", "created_at", "last_seen"]
    assert empty.cli("list", "projects").tsv == [["name", "num_runs", "created_at", "last_seen"]]


def test_list_runs_oldest_first_with_duplicates(db):
    got = db.cli("list", "runs", "--project", "p", "--json").json
    assert keys(got)[:2] == ["project", "runs"]
    assert got["project"] == "p"
    assert got["runs"] == ["twin", "twin", "ranks"]
    assert [run["id"] for run in got["details"]] == ["11", "12", "13"]
    assert [run["state"] for run in got["details"]] == ["finished", "failed", "running"]
    rows = db.cli("list", "runs", "--project", "p").tsv
    assert rows[0][:3] == ["id", "name", "created_at"] and len(rows) == 4


def test_list_metrics_sorted(db):
    got = db.cli("list", "metrics", "--project", "p", "--run", "twin", "--json").json
    assert keys(got)[:3] == ["project", "run", "metrics"]
    assert (got["project"], got["run"]) == ("p", "twin")
    assert got["metrics"] == ["lr", "train/loss", "val"]
    assert db.cli("list", "metrics", "--project=p", "--run=ranks").out == "name\nloss\n"


def test_list_system_metrics(db):
    got = db.cli("list", "system-metrics", "--project", "p", "--run", "twin", "--json").json
    assert keys(got)[:3] == ["project", "run", "system_metrics"]
    assert got["system_metrics"] == ["cpu", "gpu/0/power", "gpu/0/temp"]


def test_run_without_metrics_has_empty_list(db):
    got = db.cli("list", "metrics", "--project", "quiet", "--run", "silent", "--json").json
    assert got["metrics"] == []
    assert db.cli("list", "metrics", "--project", "quiet", "--run", "silent").out == "name\n"


# Alerts


@pytest.mark.parametrize("verb", ["list", "get"])
def test_alerts_newest_first(db, verb):
    got = db.cli(verb, "alerts", "--project", "p", "--json").json
    assert keys(got) == ["project", "run", "level", "since", "alerts"]
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


def test_alert_webhook_url_is_nowhere(db):
    for form in ([], ["--json"]):
        assert "secret" not in db.cli("list", "alerts", "--project", "p", *form).out


def test_alert_filters_echo_and_filter(db):
    got = db.cli("list", "alerts", "--project", "p", "--run", "twin", "--level", "error",
                 "--since", "2026-11-23T12:30:02Z", "--json").json
    assert (got["run"], got["level"], got["since"]) == ("twin", "error", "2026-11-23T12:30:02Z")
    assert [a["title"] for a in got["alerts"]] == ["diverged"]


def test_level_is_exact(db):
    got = db.cli("list", "alerts", "--project", "p", "--level", "info", "--json").json
    assert [a["title"] for a in got["alerts"]] == ["old"]


@pytest.mark.parametrize("since, titles", [
    ("2026-11-23T12:30:01+00:00", ["rank one", "diverged"]),  # strictly later
    ("2026-11-23T12:30:01", ["rank one", "diverged"]),  # no zone: UTC
    ("2026-11-23T14:30:01+02:00", ["rank one", "diverged"]),  # an instant, not a text
    ("2026-11-23 12:30:02.5Z", ["rank one"]),
    ("2030-01-01", []),
])
def test_since_compares_instants(db, since, titles):
    got = db.cli("list", "alerts", "--project", "p", "--since", since, "--json").json
    assert [a["title"] for a in got["alerts"]] == titles


def test_alerts_of_rank(db):
    got = db.cli("list", "alerts", "--project", "p", "--rank", "1", "--json").json
    assert [a["title"] for a in got["alerts"]] == ["rank one"]


def test_alerts_empty(db):
    done = db.cli("list", "alerts", "--project", "quiet", "--json")
    assert done.code == 0 and done.json["alerts"] == [] and done.err == ""
    assert '"alerts": []\n' in done.out
    assert len(db.cli("list", "alerts", "--project", "quiet").tsv) == 1


# Projects and runs


def test_get_project(db):
    got = db.cli("get", "project", "--project", "p", "--json").json
    assert keys(got)[:4] == ["project", "num_runs", "runs", "last_activity"]
    assert got["num_runs"] == 3 and got["last_activity"] == 7
    assert keys(got["runs"][0])[:3] == ["id", "name", "created_at"]
    assert got["runs"][1]["id"] == "12" and got["runs"][1]["created_at"] == iso(10)
    quiet = db.cli("get", "project", "--project", "quiet", "--json").json
    assert quiet["num_runs"] == 1 and quiet["last_activity"] is None


def test_get_run(db):
    done = db.cli("get", "run", "--project", "p", "--run", "twin", "--json")
    got = done.json
    assert keys(got)[:7] == ["project", "run", "run_id", "num_logs", "metrics", "config", "last_step"]
    assert (got["project"], got["run"], got["run_id"]) == ("p", "twin", "12")
    assert got["num_logs"] == 6 and got["last_step"] == 4
    assert got["metrics"] == ["lr", "train/loss", "val"]
    assert keys(got["config"])[-3:] == ["_Username", "_Created", "_Group"]
    assert got["config"] == {"lr": 0.1, "big": 12345678901234567890, "h\u00e9": ["\U0001f600", {"a": None}],
                             "_Username": "ann", "_Created": iso(10), "_Group": "g"}
    assert '"lr": 0.10,' in done.out and '"big": 12345678901234567890' in done.out
    assert got["state"] == "failed"


def test_stored_config_cannot_repeat_keys(db):
    done = db.cli("get", "run", "--project", "p", "--run", "11", "--json")
    pairs = json.loads(done.out, object_pairs_hook=list)
    config = dict(pairs)["config"]
    assert [k for k, _ in config] == ["lr", "_Username", "_Created", "_Group"]
    assert dict(config)["_Group"] is None


def test_run_of_no_steps(db):
    got = db.cli("get", "run", "--project", "quiet", "--run", "silent", "--json").json
    assert (got["num_logs"], got["metrics"], got["last_step"]) == (0, [], None)


def test_run_name_means_the_newest_and_ids_reach_the_others(db):
    for name, run_id in (("twin", "12"), ("11", "11"), ("0xb", "11"), ("12", "12")):
        got = db.cli("get", "run", "--project", "p", "--run", name, "--json").json
        assert (got["run"], got["run_id"]) == ("twin", run_id)
    assert db.cli("get", "run", "--project", "quiet", "--run", "11").code == 3


def test_get_run_text(db):
    rows = db.cli("get", "run", "--project", "p", "--run", "twin").tsv
    assert rows[0] == ["field", "value"]
    assert ["run_id", "12"] in rows and ["metric", "train/loss"] in rows


# Values


def values(db, *argv):
    return db.cli("get", "metric", "--project", "p", *argv, "--json").json["values"]


def test_get_metric(db):
    got = db.cli("get", "metric", "--project", "p", "--run", "twin", "--metric", "train/loss",
                 "--json").json
    assert keys(got)[:4] == ["project", "run", "metric", "values"]
    assert (got["project"], got["run"], got["metric"]) == ("p", "twin", "train/loss")
    assert [keys(v) for v in got["values"]] == [["timestamp", "step", "value", "rank"]] * 5
    assert [v["value"] for v in got["values"]] == [1 / (s + 1) for s in range(5)]
    assert got["values"][0]["timestamp"] == iso(100)


def test_numbers_keep_their_shortest_text(db):
    done = db.cli("get", "metric", "--project", "p", "--run", "twin", "--metric", "lr", "--json")
    assert '"value": 0.1,' in done.out
    assert db.cli("get", "metric", "--project", "p", "--run", "twin", "--metric", "lr",
                  "--step", "0").tsv[1][2] == "0.1"


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
def test_selection(db, selector, steps):
    got = values(db, "--run", "twin", "--metric", "train/loss", *selector)
    assert [v["step"] for v in got] == steps


def test_replayed_steps_come_from_the_latest_attempt(db):
    got = values(db, "--run", "ranks", "--metric", "loss", "--rank", "0")
    assert [(v["step"], v["value"]) for v in got] == [
        (0, 0), (1, 1), (2, 2), (3, 3.5), (4, 4.5), (5, 5.5), (6, 6.5), (7, 7.5)]
    assert "attempt" not in got[0]


def test_attempts_on_request(db):
    base = ["--run", "ranks", "--metric", "loss", "--rank", "0", "--attempt"]
    assert [v["step"] for v in values(db, *base, "all")] == [0, 1, 2, 3, 4, 5, 3, 4, 5, 6, 7]
    assert [v["step"] for v in values(db, *base, "0")] == [0, 1, 2, 3, 4, 5]
    got = values(db, *base, "1")
    assert [v["step"] for v in got] == [3, 4, 5, 6, 7]
    assert keys(got[0]) == ["timestamp", "step", "value", "rank", "attempt"]
    assert got[0]["attempt"] == 1


def test_all_ranks_in_order_of_time(db):
    got = values(db, "--run", "ranks", "--metric", "loss", "--around", "0", "--window", "1")
    assert [(v["timestamp"], v["rank"]) for v in got] == [
        (iso(0), 0), (iso(0), 1), (iso(1), 0), (iso(1), 1)]


def test_nonfinite_is_null_with_a_marker(db):
    done = db.cli("get", "metric", "--project", "q\u00fc", "--run", "odd", "--metric", "x", "--json")
    got = done.json["values"]
    assert [v["value"] for v in got[:4]] == [None, None, None, 1e300]
    assert [v.get("nonfinite") for v in got] == ["nan", "inf", "-inf", None, None]
    assert keys(got[0]) == ["timestamp", "step", "value", "nonfinite", "rank"]
    assert got[0]["timestamp"] == "2026-11-23T12:30:00.123456+00:00"
    assert '"value": 0.30000000000000004,' in done.out
    assert "NaN" not in done.out and "Infinity" not in done.out
    tsv = db.cli("get", "metric", "--project", "q\u00fc", "--run", "odd", "--metric", "x").tsv
    assert [row[2] for row in tsv] == ["value", "NaN", "Infinity", "-Infinity", "1e+300", "0.30000000000000004"]


def test_snapshot(db):
    got = db.cli("get", "snapshot", "--project", "p", "--run", "twin", "--around", "4", "--window",
                 "1", "--json").json
    assert keys(got)[:5] == ["project", "run", "metrics", "around", "window"]
    assert (got["around"], got["window"]) == (4, 1)
    assert keys(got["metrics"]) == ["train/loss", "lr", "val"]  # order of appearance
    assert [v["step"] for v in got["metrics"]["train/loss"]] == [3, 4]
    assert keys(got["metrics"]["val"][0]) == ["timestamp", "step", "value", "rank"]
    assert got["metrics"]["val"] == [
        {"timestamp": iso(104.5), "step": 4, "value": 2, "rank": 0}]


def test_snapshot_selectors(db):
    base = ["get", "snapshot", "--project", "p", "--run", "twin", "--json"]
    zero = db.cli(*base, "--step", "0").json
    assert keys(zero)[3] == "step" and zero["step"] == 0 and "window" not in zero
    assert keys(zero["metrics"]) == ["train/loss", "lr"]
    timed = db.cli(*base, "--at-time", "2026-11-23T12:31:40", "--window", "1").json
    assert keys(timed)[3:5] == ["at_time", "window"]
    assert (timed["at_time"], timed["window"]) == ("2026-11-23T12:31:40", 1)
    assert len(timed["metrics"]["lr"]) == 2
    nothing = db.cli(*base, "--step", "77")
    assert nothing.code == 0 and nothing.json["metrics"] == {}
    assert '"metrics": {},' in nothing.out


def test_snapshot_text_is_sorted_by_name(db):
    rows = db.cli("get", "snapshot", "--project", "p", "--run", "twin", "--step", "4").tsv
    assert rows[0] == ["metric", "timestamp", "step", "value", "rank"]
    assert [row[0] for row in rows[1:]] == ["lr", "train/loss", "val"]


def test_system_metric_entries(db):
    got = db.cli("get", "system-metric", "--project", "p", "--run", "twin", "--json").json
    assert keys(got)[:3] == ["project", "run", "system_metrics"]
    first, second, third = got["system_metrics"]
    assert keys(first) == ["gpu/0/power", "gpu/0/temp", "timestamp", "rank", "nonfinite"]
    assert first == {"gpu/0/power": 300.25, "gpu/0/temp": None, "timestamp": iso(50), "rank": 0,
                     "nonfinite": {"gpu/0/temp": "nan"}}
    assert second == {"cpu": 0.5, "timestamp": iso(55), "rank": 0}
    assert third == {"gpu/0/power": 301, "gpu/0/temp": 61, "timestamp": iso(60), "rank": 0}


def test_system_metric_of_one_name(db):
    got = db.cli("get", "system-metric", "--project", "p", "--run", "twin", "--metric",
                 "gpu/0/power", "--json").json
    assert keys(got)[:4] == ["project", "run", "metric", "values"]
    assert got["values"] == [{"gpu/0/power": 300.25, "timestamp": iso(50), "rank": 0},
                             {"gpu/0/power": 301, "timestamp": iso(60), "rank": 0}]
    assert keys(got["values"][0])[:2] == ["gpu/0/power", "timestamp"]


def test_system_metrics_empty(db):
    got = db.cli("get", "system-metric", "--project", "p", "--run", "ranks", "--json")
    assert got.json["system_metrics"] == []
    rows = db.cli("get", "system-metric", "--project", "p", "--run", "ranks").tsv
    assert rows == [["timestamp", "metric", "value", "rank"]]


def test_blocks_outside_the_steps_are_not_unpacked(db):
    plan = db.sql("""explain (analyze, format json, timing off)
        select u.value from metric_blocks, unnest(steps, times, values) as u(step, time, value)
         where run_id = 17 and name = 'm' and first_step <= 502 and last_step >= 498
           and u.step between 498 and 502""")[0][0]

    def rows_of_blocks(node):
        if node.get("Relation Name") == "blocks":
            return node["Actual Rows"]
        return sum(rows_of_blocks(child) for child in node.get("Plans", []))

    assert rows_of_blocks(plan[0]["Plan"]) == 2
    got = db.cli("get", "metric", "--project", "r", "--run", "many", "--metric", "m", "--around",
                 "500", "--window", "2", "--json").json
    assert [v["step"] for v in got["values"]] == [498, 499, 500, 501, 502]


# JSON form


def test_json_is_pythons_own_form(db):
    for argv in (["list", "projects"], ["list", "runs", "--project", "q\u00fc"],
                 ["list", "alerts", "--project", "q\u00fc"],
                 ["get", "run", "--project", "p", "--run", "twin"],
                 ["get", "snapshot", "--project", "p", "--run", "twin", "--step", "0"]):
        out = db.cli(*argv, "--json").out
        assert out.isascii() and out.endswith("}\n") and not out.endswith("\n\n")
        data = json.loads(out, parse_float="<{}>".format)  # digits stay as they are
        again = json.dumps(data, indent=2) + "\n"
        assert re.sub(r'"<(.*?)>"', r"\1", again) == out


# Hostile text


def test_hostile_text_is_one_clean_line(db):
    rows = db.cli("list", "alerts", "--project", "q\u00fc")
    assert len(rows.tsv) == 2
    assert rows.tsv[1][1:4] == [EVIL_SHOWN] * 3
    assert "\x1b" not in rows.out and "\u202e" not in rows.out and "\u009b" not in rows.out
    assert db.cli("list", "alerts", "--project", "q\u00fc", "--json").json["alerts"][0]["title"] == EVIL


def test_hostile_names_in_errors(db):
    done = db.cli("get", "run", "--project", "q\u00fc", "--run", "no\x1b]0;x\x07such")
    assert done.code == 3 and "\x1b" not in done.err and "\\x1b" in done.err
    assert done.err.count("\n") == 1


# Errors


@pytest.mark.parametrize("argv, sentence", [
    (["list", "runs", "--project", "P"], "Error: Project 'P' not found. Did you mean 'p'?\n"),
    (["list", "runs", "--project", "zzzzzz"],
     "Error: Project 'zzzzzz' not found. Projects: p, quiet, q\u00fc, r.\n"),
    (["get", "run", "--project", "nowhere", "--run", "r"], "Error: Project 'nowhere' not found. "),
    (["get", "run", "--project", "p", "--run", "twni"],
     "Error: Run 'twni' not found in project 'p'. Did you mean 'twin'?\n"),
    (["get", "run", "--project", "p", "--run", "something else"],
     "Error: Run 'something else' not found in project 'p'. Runs: ranks, twin.\n"),
    (["list", "alerts", "--project", "p", "--run", "nix"], "Error: Run 'nix' not found in project 'p'. "),
    (["get", "metric", "--project", "p", "--run", "twin", "--metric", "loss"],
     "Error: Metric 'loss' not found in run 'twin' of project 'p'. Did you mean 'train/loss'?\n"),
    (["get", "metric", "--project", "p", "--run", "twin", "--metric", "accuracy"],
     "Error: Metric 'accuracy' not found in run 'twin' of project 'p'. Metrics: lr, train/loss, val.\n"),
    (["get", "system-metric", "--project", "p", "--run", "twin", "--metric", "cpuu"],
     "Error: System metric 'cpuu' not found in run 'twin' of project 'p'. Did you mean 'cpu'?\n"),
    (["query", "project", "--project", "nowhere", "--sql", "select 1"],
     "Error: Project 'nowhere' not found. "),
])
@pytest.mark.parametrize("form", [[], ["--json"]])
def test_not_found(db, argv, sentence, form):
    done = db.cli(*argv, *form)
    assert (done.code, done.out) == (3, "")
    assert done.err.startswith(sentence) and done.err.count("\n") == 1


def test_not_found_in_an_empty_database(empty):
    done = empty.cli("list", "runs", "--project", "p")
    assert (done.code, done.err) == (3, "Error: Project 'p' not found. Projects: none yet.\n")


@pytest.mark.parametrize("argv, sentence", [
    (["bogus"], "There is no command 'bogus'. See: tocsin --help"),
    (["list"], "Which list? See: tocsin list --help"),
    (["list", "alert"], "There is no command 'list alert'. Did you mean 'list alerts'?"),
    (["list", "alerts"], "list alerts needs --project NAME. See: tocsin list alerts --help"),
    (["list", "alerts", "--project"], "--project needs a value: --project=NAME"),
    (["list", "alerts", "--project", "--json"], "--project needs a value"),
    (["list", "alerts", "--project", "p", "--levle", "x"], "Did you mean '--level'?"),
    (["list", "alerts", "--project", "p", "--level", "fatal"],
     "--level is one of info|warn|error, not 'fatal'."),
    (["list", "alerts", "--project", "p", "extra"], "Unexpected argument 'extra'."),
    (["list", "alerts", "--project", "p", "--json=1"], "--json takes no value."),
    (["list", "alerts", "--project", "p", "--since", "notatime"], "--since is a time like "),
    (["list", "alerts", "--project", "p", "--since", "2026-99-99"], "--since is a time like "),
    (["get", "metric", "--project", "p", "--run", "twin", "--metric", "lr", "--at-time", "x"],
     "--at-time is a time like "),
    (["get", "metric", "--project", "p", "--run", "twin", "--metric", "lr", "--step", "1.5"],
     "--step is a whole number"),
    (["get", "metric", "--project", "p", "--run", "twin", "--metric", "lr", "--window", "-1"],
     "--window is a whole number from 0"),
    (["get", "metric", "--project", "p", "--run", "twin", "--metric", "lr", "--attempt", "x"],
     "--attempt is a number from 0, or all"),
    (["get", "snapshot", "--project", "p", "--run", "twin"],
     "Provide --step, --around (with --window), or --at-time (with --window)."),
    (["list", "projects", "--color", "blue"], "--color is one of auto|always|never"),
])
def test_usage(db, argv, sentence):
    done = db.cli(*argv)
    assert (done.code, done.out) == (2, "")
    assert done.err.startswith("Error: ") and sentence in done.err and done.err.count("\n") == 1


def test_arguments_that_are_not_utf8_are_refused(db):
    done = run_cli(b"list", b"runs", b"--project", b"\xff\xfe", b"--dsn", db.dsn.encode())
    assert done.code == 2 and done.out == "" and done.err.startswith("Error: ")


def test_global_options_before_and_after(db):
    before = run_cli("--json", "--dsn", db.dsn, "list", "projects")
    assert before.code == 0 and before.out == db.cli("list", "projects", "--json").out


def test_version_and_help():
    assert run_cli("--version").out.startswith("tocsin ")
    nothing = run_cli()
    assert nothing.code == 0 and "list alerts" in nothing.out
    assert nothing.out == run_cli("--help").out == run_cli("help").out
    assert "list runs" in run_cli("list", "--help").out
    explained = run_cli("list", "alerts", "--help")
    assert explained.code == 0 and "--since TIME" in explained.out
    assert explained.out == run_cli("help", "list", "alerts").out


# The database


def test_unreachable_says_where_and_hides_the_password(tmp_path):
    done = run_cli("list", "projects", "--dsn", "postgresql://u:hunter2@127.0.0.1:1/db?connect_timeout=2")
    assert done.code == 5 and done.out == "" and done.err.count("\n") == 1
    assert "127.0.0.1" in done.err and "hunter2" not in done.err and "***" in done.err
    assert "tocsin up" not in done.err
    done = run_cli("list", "projects", env={"TOCSIN_RUNTIME_DIR": str(tmp_path)})
    assert done.code == 5 and "run: tocsin up" in done.err and str(tmp_path) in done.err


def test_malformed_dsn_is_a_usage_error():
    done = run_cli("list", "projects", "--dsn", "password=hunter2 nonsense")
    assert done.code == 2 and "hunter2" not in done.err


def test_dsn_from_the_environment_and_the_flag_wins(db, empty):
    env = {"TOCSIN_DSN": empty.dsn}
    assert run_cli("list", "projects", "--json", env=env).json["projects"] == []
    assert run_cli("list", "projects", "--json", "--dsn", db.dsn, env=env).json["projects"] != []


def test_server_settings_do_not_change_the_form(cluster, db):
    argv = ["get", "metric", "--project", "q\u00fc", "--run", "odd", "--metric", "x", "--json"]
    plain = db.cli(*argv).out
    for setting in ("datestyle = 'German'", "timezone = 'Asia/Tokyo'", "extra_float_digits = -15"):
        db.sql(f'alter database "{db.name}" set {setting}')
    try:
        assert db.cli(*argv).out == plain
    finally:
        db.sql(f'alter database "{db.name}" reset all')


def test_schema_missing_names_the_command(cluster):
    done = cluster.database("bare").cli("list", "projects")
    assert done.code == 1 and "tocsin migrate" in done.err and done.err.count("\n") == 1


def test_role_refused(cluster, db):
    done = run_cli("list", "projects", "--dsn", cluster.dsn("full", "nobody_here"))
    assert done.code == 4 and "nobody_here" in done.err


def test_role_without_rights(cluster, db):
    db.sql("create role stranger login")
    db.sql("grant usage on schema tocsin to stranger")
    done = run_cli("list", "projects", "--dsn", cluster.dsn("full", "stranger"))
    assert done.code == 4 and "permission denied" in done.err


def test_migrate_twice(empty):
    done = run_cli("migrate", "--dsn", empty.owner_dsn, "--json")
    assert done.code == 0 and done.json["applied"] == 0 and done.json["version"] >= 1


def test_full_disk_is_an_error(db):
    import os
    import subprocess
    from cli_support import TOCSIN
    with open("/dev/full", "wb") as full:
        done = subprocess.run([TOCSIN, "list", "projects", "--dsn", db.dsn], stdout=full,
                              stderr=subprocess.PIPE, env=dict(os.environ), timeout=30)
    assert done.returncode == 1 and b"cannot write the output" in done.stderr


# Terminals


def test_table_on_a_terminal(db):
    code, shown, err = db.terminal("list", "alerts", "--project", "p")
    assert code == 0 and err == ""
    assert "\t" not in shown and "diverged" in shown and "TIMESTAMP" in shown.upper()
    assert "\x1b[31m" in shown  # error is red


@pytest.mark.parametrize("argv, env", [([], {"NO_COLOR": "1"}), (["--color", "never"], {})])
def test_no_color(db, argv, env):
    _, shown, _ = db.terminal("list", "alerts", "--project", "p", *argv, env=env)
    assert "diverged" in shown and "\x1b" not in shown


def test_empty_no_color_counts_as_unset(db):
    assert "\x1b[31m" in db.terminal("list", "alerts", "--project", "p", env={"NO_COLOR": ""})[1]


def test_color_is_never_in_a_pipe(db):
    assert "\x1b" not in db.cli("list", "alerts", "--project", "p").out


def test_hostile_text_on_a_terminal(db):
    _, shown, _ = db.terminal("list", "alerts", "--project", "q\u00fc", "--color", "never", columns=400)
    assert "\x1b" not in shown and "\u202e" not in shown and EVIL_SHOWN in shown


def test_narrow_terminal_wraps_and_loses_nothing(db):
    _, shown, _ = db.terminal("list", "alerts", "--project", "p", "--color", "never", columns=70)
    assert all(len(line) <= 70 for line in shown.splitlines())


def test_empty_result_on_a_terminal(db):
    code, shown, err = db.terminal("list", "alerts", "--project", "quiet")
    assert (code, shown, err) == (0, "", "No alerts found.\n")
    code, shown, err = db.terminal("get", "snapshot", "--project", "p", "--run", "twin", "--step", "99")
    assert (code, shown, err) == (0, "", "No metrics found in the specified range.\n")


def test_long_table_has_one_header(db):
    _, shown, _ = db.terminal("get", "metric", "--project", "r", "--run", "many", "--metric", "m",
                              "--color", "never")
    lines = shown.splitlines()
    assert len(lines) == 2501 and sum("timestamp" in line.lower() for line in lines) == 1
