# SPDX-License-Identifier: Apache-2.0
"""`query project` answers one statement within its limits."""

import json
import time

import pytest

from query_support import fill, query
from stored import Stored, tsv


@pytest.fixture(scope="module")
def stored(cluster):
    stored = Stored(cluster.create())
    fill(stored)
    return stored


def test_shape(stored):
    done = query(stored, "  select step, value from metrics where project = 'p' order by step limit 2 ; \n",
                 "--json")
    assert done.rc == 0, done.stderr
    assert list(done.json()) == ["project", "query", "columns", "rows", "row_count"]
    assert done.json() == {
        "project": "p",
        "query": "select step, value from metrics where project = 'p' order by step limit 2",
        "columns": ["step", "value"],
        "rows": [{"step": 0, "value": 0}, {"step": 1, "value": 0.1}],
        "row_count": 2,
    }


def test_value_types(stored):
    done = query(stored, """select 1::int2 as i2, 9223372036854775807 as i8, 0.10::numeric as n, 0.1::float4 as f4,
        0.1::float8 as f8, 'NaN'::float8 as nan, '-Infinity'::numeric as inf, true as b, null as nothing,
        '{"b": [1.50, {}], "a": "\u00e9"}'::jsonb as j, '[1,  2]'::json as js, 'x"\n\u00e9' as t,
        timestamptz '2026-11-23 12:30:00.5+02' as at, timestamptz 'infinity' as never,
        array[1, 2] as list, to_json(array[1, 2]) as listed""", "--json")
    assert done.rc == 0, done.stderr
    row = done.json()["rows"][0]
    assert row.pop("nonfinite") == {"nan": "nan", "inf": "-inf"}
    assert row == {"i2": 1, "i8": 9223372036854775807, "n": 0.1, "f4": 0.1, "f8": 0.1, "nan": None,
                   "inf": None, "b": True, "nothing": None, "j": {"b": [1.5, {}], "a": "\u00e9"},
                   "js": [1, 2], "t": 'x"\n\u00e9', "at": "2026-11-23T10:30:00.500000+00:00",
                   "never": "infinity", "list": "{1,2}", "listed": [1, 2]}
    assert '"n": 0.10,' in done.stdout and "1.50" in done.stdout and done.stdout.isascii()


def test_text_form(stored):
    done = query(stored, "select run, null as n, true as b from runs_overview order by run_id limit 1")
    assert tsv(done) == [["run", "n", "b"], ["r", "", "true"]]


def test_no_rows(stored):
    done = query(stored, "select 1 as a, 2 as b where false", "--json")
    assert done.json()["columns"] == ["a", "b"] and done.json()["rows"] == []
    assert done.json()["row_count"] == 0
    assert query(stored, "select 1 as a, 2 as b where false").stdout == "a\tb\n"
    code, shown, err = stored.terminal("query", "project", "--project", "p", "--sql", "select 1 where false")
    assert (code, shown, err) == (0, "", "(no rows)\n")


def test_the_project_is_a_setting(stored):
    done = query(stored, "select run_id from runs_overview where project = current_setting('tocsin.project')")
    assert tsv(done) == [["run_id"], ["11"]]


@pytest.mark.parametrize("sql, sentence", [
    ("", "Query cannot be empty."),
    (" ; ;", "Query cannot be empty."),
    ("selekt 1", 'syntax error at or near "selekt"'),
    ("select stepp from metrics", 'Perhaps you meant to reference the column "metrics.step".'),
    ("select 1 from nothing", 'relation "nothing" does not exist'),
    ("select 1/0", "division by zero"),
    ("select x from generate_series(1, 10001) x",
     "Query returned more than 10000 rows. Refine the query or add a LIMIT clause."),
    ("select pg_sleep(20)", "statement timeout"),
])
@pytest.mark.parametrize("json_wanted", [False, True])
def test_bad_statements(stored, sql, sentence, json_wanted):
    begin = time.monotonic()
    done = query(stored, sql, "--timeout", "1", *(["--json"] if json_wanted else []))
    assert (done.rc, done.stdout) == (2, "")
    if json_wanted:
        error = json.loads(done.stderr)["error"]
        assert sentence in (error["message"] + " " + (error["hint"] or ""))
    else:
        assert done.stderr.startswith("Error: ") and sentence in done.stderr and done.stderr.count("\n") == 1
    assert time.monotonic() - begin < 15


def test_too_many_bytes(stored):
    done = query(stored, "select repeat('x', 1000000) from generate_series(1, 100)")
    assert (done.rc, done.stdout) == (2, "") and "Query returned more than 64 MiB." in done.stderr


def test_ten_thousand_rows_are_fine(stored):
    done = query(stored, "select x from generate_series(1, 10000) x", "--json")
    assert done.rc == 0 and done.json()["row_count"] == 10000


def test_an_endless_query_stops_at_the_row_limit(stored):
    begin = time.monotonic()
    done = query(stored, "select generate_series(1, 1000000000000)")
    assert done.rc == 2 and "more than 10000 rows" in done.stderr
    assert time.monotonic() - begin < 15


def test_two_columns_of_one_name(stored):
    assert tsv(query(stored, "select 1 as a, 2 as a")) == [["a", "a"], ["1", "2"]]
    done = query(stored, "select 1 as a, 2 as a", "--json")
    assert (done.rc, done.stdout) == (2, "") and "same name" in done.stderr


def test_a_statement_cannot_lift_its_own_time_limit(stored):
    begin = time.monotonic()
    done = query(stored, "select set_config('statement_timeout', '0', false), pg_sleep(30)", "--timeout", "1")
    assert done.rc == 2 and time.monotonic() - begin < 10


def test_a_lost_connection_is_no_usage_error(stored):
    done = query(stored, "select pg_terminate_backend(pg_backend_pid())")
    assert (done.rc, done.stdout) == (5, "") and done.stderr.count("\n") == 1


@pytest.mark.parametrize("user", ["postgres", "mighty"])
def test_users_who_could_leave_the_role_are_refused(stored, user):
    done = query(stored, "select 1", dsn=stored.dsn_of(user))
    assert (done.rc, done.stdout) == (4, "")
    assert f"User '{user}'" in done.stderr and "user=tocsin_reader" in done.stderr


def test_user_without_the_grant_is_told_it(stored):
    done = query(stored, "select 1", dsn=stored.dsn_of("stranger"))
    assert (done.rc, done.stdout) == (4, "") and "grant tocsin_reader to" in done.stderr
