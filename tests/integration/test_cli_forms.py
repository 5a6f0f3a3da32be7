# SPDX-License-Identifier: Apache-2.0
"""The forms in which commands answer: JSON, NDJSON, TSV, CSV, tables; chosen fields; errors; help."""

import csv
import io
import json
import subprocess

import pytest

from contract_data import EVIL_SHOWN, fill
from rig.programs import Cli
from stored import Stored

VALUES = ["get", "metric", "--project", "p", "--run", "twin", "--metric", "train/loss"]


@pytest.fixture(scope="module")
def stored(cluster):
    stored = Stored(cluster.create())
    fill(stored)
    return stored


@pytest.fixture
def tocsin(place):
    """The program with no database named."""
    return Cli(place).run


def lines(result):
    assert result.rc == 0, result.stderr
    return [json.loads(line) for line in result.stdout.splitlines()]


def test_ndjson_is_the_rows_of_the_document(stored):
    assert lines(stored.cli(*VALUES, "--format=ndjson")) == stored.json(*VALUES)["values"]
    snapshot = ["get", "snapshot", "--project", "p", "--run", "twin", "--around", "2"]
    by_name = stored.json(*snapshot)["metrics"]
    assert lines(stored.cli(*snapshot, "--format", "ndjson")) == [
        {"metric": name, **row} for name in by_name for row in by_name[name]]
    system = ["get", "system-metric", "--project", "p", "--run", "twin"]
    assert lines(stored.cli(*system, "--format=ndjson")) == stored.json(*system)["system_metrics"]


@pytest.mark.parametrize("argv", [["list", "projects"], ["list", "runs", "--project", "p"],
                                  ["list", "metrics", "--project", "p", "--run", "twin"],
                                  ["query", "project", "--project", "p", "--sql", "select 1 as a, 2 as b"]])
def test_every_row_is_a_line(stored, argv):
    assert len(lines(stored.cli(*argv, "--format=ndjson"))) == len(stored.tsv(*argv)) - 1


def test_a_document_without_rows_is_one_line(stored):
    run = ["get", "run", "--project", "p", "--run", "twin"]
    assert lines(stored.cli(*run, "--format=ndjson")) == [stored.json(*run)]


def test_csv_can_be_read_and_holds_no_line_break(stored):
    done = stored.cli("list", "alerts", "--project", "q\u00fc", "--format=csv")
    rows = list(csv.DictReader(io.StringIO(done.stdout)))
    assert len(rows) == 1 and rows[0]["title"] == EVIL_SHOWN and done.stdout.count("\n") == 2
    quoted = stored.cli("query", "project", "--project", "p", "--format=csv", "--sql",
                        """select 'a,b' as "x,y", 'say "no"' as z""")
    assert list(csv.reader(io.StringIO(quoted.stdout))) == [["x,y", "z"], ["a,b", 'say "no"']]


def test_a_table_where_there_is_no_terminal(stored):
    done = stored.cli(*VALUES, "--format=table")
    assert "\t" not in done.stdout and done.stdout.startswith("timestamp")


def test_fields_choose_and_order(stored):
    assert stored.json(*VALUES, "--fields=value,step")["values"][:2] == [
        {"value": 1, "step": 0}, {"value": 0.5, "step": 1}]
    assert stored.tsv(*VALUES, "--fields", "step")[:3] == [["step"], ["0"], ["1"]]
    assert lines(stored.cli(*VALUES, "--fields=step", "--format=ndjson"))[0] == {"step": 0}
    shown = stored.terminal("list", "runs", "--project", "p", "--fields=name,last_seen")[1]
    assert "last_seen" in shown  # a column that has no room by itself


def test_unknown_fields(stored):
    done = stored.cli(*VALUES, "--fields=step,valeu", "--json")
    assert (done.rc, done.stdout) == (2, "")
    assert json.loads(done.stderr)["error"]["hint"] == "Did you mean 'value'?"
    for fields in ("", ",", "step,"):
        assert stored.cli(*VALUES, f"--fields={fields}").rc == 2
    done = stored.cli("get", "run", "--project", "p", "--run", "twin", "--fields=run")
    assert done.rc == 2 and "Unknown option --fields" in done.stderr


def test_json_and_format_exclude_each_other(tocsin):
    done = tocsin("list", "projects", "--json", "--format=tsv")
    assert done.rc == 2 and "exclude each other" in done.stderr


# Errors for machines


@pytest.mark.parametrize("form", [["--json"], ["--format=json"], ["--format", "json"]])
def test_errors_of_the_command_line_are_json_too(tocsin, form):
    done = tocsin("list", "alerts", "--levle", "x", *form)
    error = json.loads(done.stderr)["error"]
    assert (done.rc, done.stdout, error["code"], error["retryable"]) == (2, "", "usage", False)
    assert "--levle" in error["message"]


def test_errors_of_ndjson_are_one_line(tocsin):
    done = tocsin("bogus", "--format=ndjson")
    assert done.stderr.count("\n") == 1 and json.loads(done.stderr)["error"]["code"] == "usage"


def test_no_database_is_worth_another_try(tocsin, place):
    done = tocsin("list", "projects", "--json", "--dsn", f"host={place} dbname=none")
    error = json.loads(done.stderr)["error"]
    assert (done.rc, error["code"], error["retryable"]) == (5, "unreachable", True)


# Help for machines


def test_help_describes_every_command(tocsin):
    told = tocsin("help", "--json").json()
    paths = [command["command"] for command in told["commands"]]
    assert len(paths) == len(set(paths)) and "list alerts" in paths
    for path in paths:
        assert tocsin(*path.split(), "--help").rc == 0
    alerts = tocsin("help", "list", "alerts", "--json").json()["commands"]
    assert [command["command"] for command in alerts] == ["list alerts"]
    options = {option["name"]: option for option in alerts[0]["options"]}
    assert options["project"]["required"] and "warn" in options["level"]["choices"]
    assert {row["exit"] for row in told["exit_codes"]} == {0, 1, 2, 3, 4, 5, 6, 8}


def test_answers_have_the_shape_that_help_tells(stored, tocsin):
    jsonschema = pytest.importorskip("jsonschema")
    told = {c["command"]: c["output"] for c in tocsin("help", "--json").json()["commands"]}
    run = ["--project", "p", "--run", "twin"]
    odd = ["--project", "q\u00fc", "--run", "odd"]
    calls = [
        ["help"], ["list", "projects"], ["list", "runs", "--project", "p"], ["list", "metrics", *run],
        ["list", "system-metrics", *run], ["list", "alerts", "--project", "p"], ["get", "alerts", "--project", "p"],
        ["list", "deliveries"], ["list", "quarantine", "--project", "p"], ["list", "gaps", "--project", "p"],
        ["get", "project", "--project", "p"], ["get", "run", *run],
        ["get", "metric", *odd, "--metric", "x"], ["get", "snapshot", *odd, "--around", "2"],
        ["get", "system-metric", *run], ["query", "project", "--project", "p", "--sql", "select 1 as one"],
        ["keys", "list"], ["endpoint", "list"], ["silence", "list"],
    ]
    for argv in calls:
        path = " ".join(word for word in argv[:2] if not word.startswith("-"))
        jsonschema.Draft202012Validator.check_schema(told[path])
        jsonschema.Draft202012Validator(told[path]).validate(stored.json(*argv))
    with pytest.raises(jsonschema.ValidationError):  # a schema that takes anything proves nothing
        jsonschema.Draft202012Validator(told["list runs"]).validate(stored.json("list", "projects"))


# Shells

BASH = r"""
source "$1"; shift
COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); COMPREPLY=()
_tocsin
printf '%s\n' "${COMPREPLY[@]}"
"""
ZSH = r"""
compdef() { }
compadd() { shift; print -l -- "$@" }
source "$1"; shift
words=("$@"); CURRENT=$#
_tocsin
"""


def complete(place, tocsin, shell, *words):
    """What the shell offers for the last of the words."""
    script = place / f"completion.{shell}"
    script.write_text(tocsin("help", f"--completion={shell}").stdout)
    argv = {"bash": ["bash", "-c", BASH, "bash", script, *words],
            "zsh": ["zsh", "-f", "-c", ZSH, "zsh", script, *words],
            "fish": ["fish", "--no-config", "-c", f"source {script}; complete -C '{' '.join(words)}'"]}[shell]
    done = subprocess.run(argv, capture_output=True, text=True, timeout=60,
                          env={"HOME": str(place), "PATH": "/usr/bin:/bin"})
    assert done.returncode == 0 and done.stderr == "", done.stderr
    offered = [line.split("\t")[0] for line in done.stdout.splitlines()]
    return {word for word in offered if word.startswith(words[-1])}


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion(place, tocsin, shell):
    def offered(*words):
        return complete(place, tocsin, shell, "tocsin", *words)

    assert offered("lis") == {"list"}
    assert {"alerts", "runs"} <= offered("list", "")
    assert offered("list", "alerts", "--lev") == {"--level"}
    assert offered("list", "alerts", "--level", "") == {"info", "warn", "error"}
    assert offered("list", "alerts", "--project", "keys", "--lev") == {"--level"}
    assert "--sql" not in offered("list", "alerts", "--")
    assert offered("get", "metric", "--format", "nd") == {"ndjson"}


def test_the_manual_page_is_good_roff(place, tocsin):
    page = place / "tocsin.1"
    page.write_text(tocsin("help", "--man").stdout)
    done = subprocess.run(["groff", "-man", "-Tutf8", "-wall", "-z", page], capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")
    assert "list alerts" in page.read_text()
