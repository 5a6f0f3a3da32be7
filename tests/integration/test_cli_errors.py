# SPDX-License-Identifier: Apache-2.0
"""The reading commands with hostile text, wrong names, wrong options, no database, a terminal."""

import json
import subprocess

import pytest

from contract_data import EVIL, EVIL_SHOWN, fill
from rig.process import environment, program
from rig.programs import Cli
from stored import Stored, tsv


@pytest.fixture
def tocsin(place):
    """The program with no database named."""
    return Cli(place).run


@pytest.fixture(scope="module")
def empty(cluster):
    return Stored(cluster.create())


@pytest.fixture(scope="module")
def stored(cluster):
    stored = Stored(cluster.create())
    fill(stored)
    return stored


# Hostile text


def test_hostile_text_is_one_clean_line(stored):
    rows = stored.cli("list", "alerts", "--project", "q\u00fc")
    assert len(tsv(rows)) == 2
    assert tsv(rows)[1][1:4] == [EVIL_SHOWN] * 3
    assert "\x1b" not in rows.stdout and "\u202e" not in rows.stdout and "\u009b" not in rows.stdout
    assert stored.json("list", "alerts", "--project", "q\u00fc")["alerts"][0]["title"] == EVIL


def test_hostile_names_in_errors(stored):
    done = stored.cli("get", "run", "--project", "q\u00fc", "--run", "no\x1b]0;x\x07such")
    assert done.rc == 3 and "\x1b" not in done.stderr and "\\x1b" in done.stderr
    assert done.stderr.count("\n") == 1


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
def test_not_found(stored, argv, sentence):
    done = stored.cli(*argv)
    assert (done.rc, done.stdout) == (3, "")
    assert done.stderr.startswith(sentence) and done.stderr.count("\n") == 1
    machine = stored.cli(*argv, "--json")
    assert (machine.rc, machine.stdout) == (3, "")
    error = json.loads(machine.stderr)["error"]
    assert list(error) == ["code", "message", "hint", "retryable"]
    assert done.stderr == f"Error: {error['message']} {error['hint']}\n"
    assert (error["code"], error["retryable"]) == ("not_found", False)


def test_not_found_in_an_empty_database(empty):
    done = empty.cli("list", "runs", "--project", "p")
    assert (done.rc, done.stderr) == (3, "Error: Project 'p' not found. Projects: none yet.\n")


@pytest.mark.parametrize("argv, sentence", [
    (["bogus"], "There is no command 'bogus'. See: tocsin --help"),
    (["list"], "Which list? See: tocsin list --help"),
    (["list", "alert"], "There is no command 'list alert'. Did you mean 'list alerts'?"),
    (["list", "alerts"], "list alerts needs --project NAME. See: tocsin list alerts --help"),
    (["list", "alerts", "--project"], "--project needs a value: --project=NAME"),
    (["list", "alerts", "--project", "--level"], "--project needs a value"),
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
def test_usage(stored, argv, sentence):
    done = stored.cli(*argv)
    assert (done.rc, done.stdout) == (2, "")
    assert done.stderr.startswith("Error: ") and sentence in done.stderr and done.stderr.count("\n") == 1


def test_arguments_that_are_not_utf8_are_refused(stored):
    done = stored.cli("list", "runs", "--project", "\udcff\udcfe")  # the bytes ff and fe
    assert done.rc == 2 and done.stdout == "" and done.stderr.startswith("Error: ")


def test_global_options_before_and_after(stored):
    before = stored.cli("--json", "--color", "never", "list", "projects")
    assert before.rc == 0 and before.stdout == stored.cli("list", "projects", "--json").stdout


def test_version_and_help(tocsin):
    assert tocsin("--version").stdout.startswith("tocsin ")
    nothing = tocsin()
    assert nothing.rc == 0 and "list alerts" in nothing.stdout
    assert nothing.stdout == tocsin("--help").stdout == tocsin("help").stdout
    assert "list runs" in tocsin("list", "--help").stdout
    explained = tocsin("list", "alerts", "--help")
    assert explained.rc == 0 and "--since TIME" in explained.stdout
    assert explained.stdout == tocsin("help", "list", "alerts").stdout


# The database


def test_unreachable_says_where_and_hides_the_password(tmp_path, tocsin):
    done = tocsin("list", "projects", "--dsn", "postgresql://u:hunter2@127.0.0.1:1/db?connect_timeout=2")
    assert done.rc == 5 and done.stdout == "" and done.stderr.count("\n") == 1
    assert "127.0.0.1" in done.stderr and "hunter2" not in done.stderr and "***" in done.stderr
    assert "tocsin up" not in done.stderr
    done = tocsin("list", "projects", env={"TOCSIN_RUNTIME_DIR": str(tmp_path)})
    assert done.rc == 5 and "Run: tocsin up" in done.stderr and str(tmp_path) in done.stderr


def test_malformed_dsn_is_a_usage_error(tocsin):
    done = tocsin("list", "projects", "--dsn", "password=hunter2 nonsense")
    assert done.rc == 2 and "hunter2" not in done.stderr


def test_dsn_from_the_environment_and_the_flag_wins(stored, empty, tocsin):
    env = {"TOCSIN_DSN": empty.db.dsn_reader}
    assert tocsin("list", "projects", "--json", env=env).json()["projects"] == []
    assert tocsin("list", "projects", "--json", "--dsn", stored.db.dsn_reader, env=env).json()["projects"] != []


def test_server_settings_do_not_change_the_form(stored):
    argv = ["get", "metric", "--project", "q\u00fc", "--run", "odd", "--metric", "x", "--json"]
    plain = stored.cli(*argv).stdout
    for setting in ("datestyle = 'German'", "timezone = 'Asia/Tokyo'", "extra_float_digits = -15"):
        stored.db.query(f'alter database "{stored.db.name}" set {setting}')
    try:
        assert stored.cli(*argv).stdout == plain
    finally:
        stored.db.query(f'alter database "{stored.db.name}" reset all')


def test_schema_missing_names_the_command(empty_db):
    done = Stored(empty_db).cli("list", "projects")
    assert done.rc == 1 and "tocsin migrate" in done.stderr and done.stderr.count("\n") == 1


def test_schema_of_another_version_names_the_command(db):
    db.query("drop view alerts_feed")
    db.query("delete from schema_version")
    done = Stored(db).cli("list", "alerts", "--project", "p", "--json")
    assert (done.rc, done.stdout) == (1, "") and "run: tocsin migrate" in done.stderr


def test_role_refused(stored, tocsin):
    done = tocsin("list", "projects", "--dsn", stored.dsn_of("nobody_here"))
    assert done.rc == 4 and "nobody_here" in done.stderr


def test_role_without_rights(stored, tocsin):
    stored.db.query("create role outsider login")
    stored.db.query("grant usage on schema tocsin to outsider")
    done = tocsin("list", "projects", "--dsn", stored.dsn_of("outsider"))
    assert done.rc == 4 and "permission denied" in done.stderr


def test_migrate_twice(empty, tocsin):
    done = tocsin("migrate", "--dsn", empty.db.dsn_superuser, "--json")
    assert done.rc == 0 and done.json()["applied"] == 0 and done.json()["version"] >= 1


def test_full_disk_is_an_error(stored):
    with open("/dev/full", "wb") as full:
        done = subprocess.run([program("tocsin"), "list", "projects"], stdout=full,
                              stderr=subprocess.PIPE, env=environment(stored.db.cluster.place, {
                                  "TOCSIN_DSN": stored.db.dsn_reader}), timeout=30)
    assert done.returncode == 1 and b"cannot write the output" in done.stderr


# Terminals


def test_table_on_a_terminal(stored):
    code, shown, err = stored.terminal("list", "alerts", "--project", "p")
    assert code == 0 and err == ""
    assert "\t" not in shown and "diverged" in shown and "TIMESTAMP" in shown.upper()
    assert "\x1b[31m" in shown  # error is red


@pytest.mark.parametrize("argv, env", [([], {"NO_COLOR": "1"}), (["--color", "never"], {})])
def test_no_color(stored, argv, env):
    _, shown, _ = stored.terminal("list", "alerts", "--project", "p", *argv, env=env)
    assert "diverged" in shown and "\x1b" not in shown


def test_empty_no_color_counts_as_unset(stored):
    assert "\x1b[31m" in stored.terminal("list", "alerts", "--project", "p", env={"NO_COLOR": ""})[1]


def test_color_is_never_in_a_pipe(stored):
    assert "\x1b" not in stored.cli("list", "alerts", "--project", "p").stdout


def test_hostile_text_on_a_terminal(stored):
    _, shown, _ = stored.terminal("list", "alerts", "--project", "q\u00fc", "--color", "never", columns=400)
    assert "\x1b" not in shown and "\u202e" not in shown and EVIL_SHOWN in shown


def test_narrow_terminal_wraps_and_loses_nothing(stored):
    _, shown, _ = stored.terminal("list", "alerts", "--project", "p", "--color", "never", columns=70)
    assert all(len(line) <= 70 for line in shown.splitlines())


def test_empty_result_on_a_terminal(stored):
    code, shown, err = stored.terminal("list", "alerts", "--project", "quiet")
    assert (code, shown, err) == (0, "", "No alerts found.\n")
    code, shown, err = stored.terminal("get", "snapshot", "--project", "p", "--run", "twin", "--step", "99")
    assert (code, shown, err) == (0, "", "No metrics found in the specified range.\n")


def test_long_table_has_one_header(stored):
    _, shown, _ = stored.terminal("get", "metric", "--project", "r", "--run", "many", "--metric", "m",
                              "--max-points", "0", "--color", "never")
    lines = shown.splitlines()
    assert len(lines) == 2501 and sum("timestamp" in line.lower() for line in lines) == 1
