# SPDX-License-Identifier: Apache-2.0
"""tocsin retention: who keeps what, what a dry run says and what then goes, pins, wrong durations; and what status says
of storage."""

import json

import pytest

from contract_data import EVIL, EVIL_SHOWN
from housekeeping import Asked
from retention import apply_retention, fill, keep, rest, slow_down
from rig.process import Process, program
from rig.programs import Cli
from rig.wait import wait_for
from stored import Stored, tsv
from webhooks import Endpoints

SET = ["retention", "set"]
FOREVER = {"raw": "forever", "rollups": "forever", "alerts": "forever"}


@pytest.fixture
def owner(place, db):
    return Cli(place, db.dsn_superuser)


@pytest.fixture
def stored(db):
    return Stored(db)


def policies(cli, *argv):
    """project: [raw, rollups, alerts, own]"""
    listed = cli.run("retention", "list", *argv, "--json").json()["retention"]
    return {row["project"]: [row["raw"], row["rollups"], row["alerts"], row["own"]] for row in listed}


def say(owner, *argv):
    done = owner.run(*SET, *argv, "--yes")
    assert done.rc == 0, done.stderr
    return done


def test_without_a_word_everything_is_kept_forever(stored, cli):
    stored.run("p", "r", 1)
    assert policies(cli) == {None: ["forever"] * 3 + [""], "p": ["forever"] * 3 + [""]}


def test_a_project_inherits_what_it_does_not_say(stored, owner, cli):
    stored.run("p", "r", 1)
    stored.run("q", "r", 2)
    said = owner.run(*SET, "--raw", "30d", "--rollups=1y", "--alerts", "forever", "--yes", "--json").json()
    assert said == {"project": None, "dry_run": False, "raw": "30d", "rollups": "1y", "alerts": "forever"}
    done = say(owner, "--project", "q", "--raw", "36h", "--alerts", "14d")
    assert "Kept in project 'q': raw values 36h, roll-ups 1y, alerts 14d." in done.stderr
    assert policies(cli) == {None: ["30d", "1y", "forever", "raw, rollups, alerts"], "p": ["30d", "1y", "forever", ""],
                             "q": ["36h", "1y", "14d", "raw, alerts"]}
    say(owner, "--raw", "60d")
    say(owner, "--project", "q", "--raw", "inherit", "--alerts", "forever")
    assert policies(cli, "--project", "q") == {"q": ["60d", "1y", "forever", "alerts"]}
    listed = cli.run("retention", "list", "--json").json()
    assert listed["project"] is None
    assert listed["retention"][2] == {"project": "q", "raw": "60d", "rollups": "1y", "alerts": "forever", "own": "alerts",
                                      "pinned": 0, "raw_s": 60 * 86400, "rollups_s": 365 * 86400, "alerts_s": None}
    assert tsv(cli.run("retention", "list"))[0] == ["project", "raw", "rollups", "alerts", "own", "pinned", "raw_s",
                                                    "rollups_s", "alerts_s"]


def test_roll_ups_are_not_kept_shorter_than_raw_values(stored, owner):
    stored.run("p", "r", 1)
    assert "as long as the raw values" in say(owner, "--raw", "30d", "--rollups", "7d").stderr
    assert "as long as the raw values" in say(owner, "--raw", "forever").stderr
    assert "as long as the raw values" not in say(owner, "--raw", "7d").stderr


@pytest.mark.parametrize("argv, sentence", [
    (["--raw", "30"], "--raw is a time such as 12h, 30d or 1y, from 1h to 100y, or forever, or inherit, not '30'."),
    (["--raw", "30 days"], "not '30 days'."),
    (["--rollups", "59m"], "--rollups is a time such as"),
    (["--rollups", "101y"], "from 1h to 100y"),
    (["--alerts", "0"], "not '0'."),
    (["--alerts", "9999999999999999999d"], "from 1h to 100y"),
    (["--alerts", "-1d"], "not '-1d'."),
    (["--raw", "\x1b[31m"], "not '\\x1b[31m'."),
    (["--raw", "inherit"], "--raw=inherit needs --project"),
    ([], "Nothing is said: give --raw, --rollups or --alerts"),
    (["--project", "x", "--raw", "1d"], "Project 'x' not found."),
])
def test_what_cannot_be_kept_is_refused(db, stored, owner, argv, sentence):
    stored.run("p", "r", 1)
    done = owner.run(*SET, *argv, "--yes")
    assert done.rc == (3 if "not found" in sentence else 2) and sentence in done.stderr, done.stderr
    assert db.value("select count(*) from retention") == 0


def test_only_an_owner_says_it(db, stored, cli):
    stored.run("p", "r", 1)
    for argv in [*SET, "--raw", "1d", "--yes"], ["retention", "pin", "--project", "p", "--run", "r"]:
        done = cli.run(*argv)
        assert done.rc == 4 and "tocsin_owner" in done.stderr, done.stderr
    assert db.query("select pinned from runs") == [(None,)]


# What would go


def everything(db):
    return {table: db.query(f"select t::text from {table} t order by 1") for table in
            ("retention", "retention_rounds", "runs", "compacted", "blocks", "rollups", "alerts", "deliveries")}


def removed(before, after):
    """Of rest(): what went."""
    return dict(zip(("blocks", "rollups", "alerts"), (was - now for was, now in zip(before, after))))


def test_a_dry_run_says_exactly_what_then_goes(db, place, stored, owner):
    """Old and new values, unrolled blocks, alerts to be sent, a pinned run, a project of its own."""
    for run_id, project in (1, "p"), (2, "p"), (3, "p"), (4, "q"), (5, "forever"):
        fill(stored, run_id, project)
        for title in "a", "b", "c":
            stored.alert(run_id, title)
    db.query("update blocks set times = array[now(), now()] where first_step >= 60")
    db.query("update rollups set last_times = array[now()] where last_step >= 60")
    db.query("update blocks set rolled = false where run_id = 2 and first_step between 10 and 19")
    db.query("update compacted set calls = 90 where run_id = 2")
    db.query("update runs set pinned = now() where run_id = 3")
    db.query("update alerts set time = now() where title = 'b'")
    endpoint = Endpoints(db).add("https://example.org/x")
    db.query("""insert into deliveries (run_id, alert_id, endpoint_id, group_key)
                select run_id, alert_id, %s, 1 from alerts where run_id = 1 and title = 'c'""", endpoint)
    keep(db, "raw", None, "forever")
    keep(db, "alerts", None, "forever")
    before, untouched = {run_id: rest(db, run_id) for run_id in range(1, 6)}, everything(db)
    said = owner.run(*SET, "--raw", "12h", "--rollups=12h", "--alerts", "12h", "--dry-run", "--json").json()
    assert everything(db) == untouched
    assert (said["dry_run"], said["raw"]) == (True, "12h")
    say(owner, "--raw", "12h", "--rollups", "12h", "--alerts", "12h")
    assert said["details"] == owner.run(*SET, "--dry-run", "--json").json()["details"]  # nobody applied it yet
    apply_retention(place, db)
    gone = {run_id: removed(before[run_id], rest(db, run_id)) for run_id in range(1, 6)}
    assert gone[3] == gone[5] == {"blocks": 0, "rollups": 0, "alerts": 0}
    assert gone[1]["blocks"] == 30 and gone[2]["blocks"] == 25 and gone[1]["alerts"] == 1 and gone[2]["alerts"] == 2
    expected = [{"project": project, "runs": len(runs), "calls": 2 * sum(gone[run]["blocks"] for run in runs),
                 **{kind: sum(gone[run][kind] for run in runs) for kind in ("blocks", "rollups", "alerts")}}
                for project, runs in (("p", [1, 2]), ("q", [4]))]
    assert [{key: value for key, value in row.items() if key != "bytes"} for row in said["details"]] == expected
    assert all(row["bytes"] > 1000 for row in said["details"])
    assert owner.run(*SET, "--dry-run", "--json").json()["details"] == []
    assert owner.run(*SET, "--project", "q", "--dry-run", "--json").json()["project"] == "q"


def test_it_asks_and_says_what_goes(db, place, stored, owner):
    fill(stored, 1)
    asked = Asked(place, db.dsn_superuser, *SET, "--raw", "1d")
    assert "raw values 1d" in asked.said
    assert asked.said.endswith("Type yes to keep things so long, and remove what is older: ")
    code, said = asked.answer("no\n")
    assert code == 2 and "nothing was changed" in said and "p\t1\t50\t100" in asked.out
    assert db.value("select count(*) from retention") == 0
    done = owner.run(*SET, "--raw", "1d")
    assert done.rc == 2 and "--yes" in done.stderr and "--dry-run" in done.stderr
    assert Asked(place, db.dsn_superuser, *SET, "--raw", "1d").answer("yes\n")[0] == 0
    assert db.query("select kind, keep_s from retention") == [("raw", 86400)]
    asked = Asked(place, db.dsn_superuser, *SET, "--raw", "2d", "--json")
    assert asked.answer("yes\n")[0] == 0 and json.loads(asked.out)["raw"] == "2d"


def test_a_hostile_name_is_shown_harmless(stored, owner):
    stored.run(EVIL, "r", 1)
    for done in (say(owner, "--project", EVIL, "--raw", "1d"),
                 owner.run("retention", "pin", "--project", EVIL, "--run", "r"),
                 owner.run(*SET, "--project", EVIL, "--dry-run")):
        assert done.rc == 0 and "\x1b" not in done.stderr + done.stdout
    assert EVIL_SHOWN in say(owner, "--project", EVIL, "--raw", "1d").stderr


def test_a_new_policy_counts_at_once(db, stored, owner, make_tocsind):
    """Not at the end of the hour, of which the collector waits the rest."""
    fill(stored, 1)
    make_tocsind().start("--compaction-interval-ms=100")
    keep(db, "raw", 100 * 365 * 86400)
    db.query("update retention_rounds set due = now()")
    wait_for(lambda: db.value("select bool_or(due > now() + interval '50 minutes') from retention_rounds"))
    say(owner, "--raw", "1d")
    wait_for(lambda: rest(db, 1)[0] == 0)
    assert rest(db, 1)[1] > 0


# Pins


def test_a_pinned_run_is_shown_and_stays(db, place, stored, owner, cli):
    fill(stored, 1)
    fill(stored, 2)
    run = ["--project", "p", "--run", "r1"]
    said = owner.run("retention", "pin", *run, "--json").json()
    assert said == {"project": "p", "run": "r1", "run_id": "1", "pinned": True}
    since = db.value("select pinned from runs where run_id = 1")
    assert owner.run("retention", "pin", *run).stderr == "Run 'r1' (1) is pinned.\n"
    assert db.value("select pinned from runs where run_id = 1") == since
    assert cli.run("get", "run", *run, "--json").json()["pinned"] is True
    listed = cli.run("list", "runs", "--project", "p", "--json").json()["details"]
    assert {row["name"]: row["pinned"] for row in listed} == {"r1": True, "r2": False}
    say(owner, "--raw", "1d")
    assert [row["pinned"] for row in cli.run("retention", "list", "--json").json()["retention"]] == [1, 1]
    apply_retention(place, db)
    assert (rest(db, 1)[0], rest(db, 2)[0]) == (50, 0)
    assert owner.run("retention", "unpin", *run, "--json").json()["pinned"] is False
    apply_retention(place, db)
    assert rest(db, 1)[0] == 0


def test_prune_leaves_a_pinned_run_and_delete_does_not(db, stored, owner):
    for run_id in (1, 2):
        stored.run("p", f"r{run_id}", run_id, ending="finished")
    db.query("update runs set last_seen = now() - interval '40 days'")
    assert owner.run("retention", "pin", "--project", "p", "--run", "r1").rc == 0
    done = owner.run("prune", "--project", "p", "--older-than", "30d", "--yes", "--json").json()
    assert [row["name"] for row in done["details"]] == ["r2"]
    assert owner.run("delete", "run", "--project", "p", "--run", "r1", "--yes").rc == 0
    assert db.value("select count(*) from runs") == 0


def test_a_pin_waits_for_what_is_being_removed(db, place, stored, owner):
    """Once it is said that a run is pinned, nothing more of it goes."""
    fill(stored, 1, calls=2000, spacing_s=60)
    say(owner, "--raw", "1d")
    slow_down(db)
    process = Process([program("tests/integration/retention_probe"), db.dsn_collector], place, place / "probe.log", {})
    wait_for(lambda: rest(db, 1)[0] < 1000 or process.code is not None)
    assert owner.run("retention", "pin", "--project", "p", "--run", "r1").rc == 0
    left = rest(db, 1)[0]
    wait_for(lambda: process.code is not None)
    assert 0 < left == rest(db, 1)[0]


def test_a_project_that_is_deleted_takes_its_policy_along(db, stored, owner, cli):
    stored.run("p", "r", 1)
    say(owner, "--project", "p", "--raw", "1d")
    assert owner.run("rename", "project", "--project", "p", "--to", "q", "--yes").rc == 0
    assert policies(cli, "--project", "q") == {"q": ["1d", "forever", "forever", "raw"]}
    assert owner.run("delete", "project", "--project", "q", "--force", "--yes").rc == 0
    assert db.value("select count(*) from retention") == 0


# Storage


def storage_of(db, place):
    status = Cli(place, db.dsn_reader).run("status", "--json")
    return {row["project"]: row for row in json.loads(status.stdout)["storage"]}


def test_status_says_what_projects_take(db, place, stored, owner):
    fill(stored, 1, "small", calls=10)
    fill(stored, 2, "large", calls=1000, spacing_s=60)
    stored.run("empty", "r", 3)
    before = storage_of(db, place)
    assert {name: row["points"] for name, row in before.items()} == {"large": 2000, "small": 20, "empty": 0}
    size = db.value("""select sum(pg_total_relation_size(t::regclass))
                         from unnest(array['blocks', 'rollups', 'run_state', 'series']) t""")
    assert sum(row["bytes"] for row in before.values()) == pytest.approx(size, abs=2)
    assert before["large"]["bytes"] == pytest.approx(100 * before["small"]["bytes"], rel=0.01)
    assert list(before) == ["large", "small", "empty"]
    say(owner, "--project", "large", "--raw", "1d")
    apply_retention(place, db)
    assert {name: row["points"] for name, row in storage_of(db, place).items()} == {"large": 0, "small": 20, "empty": 0}
    text = Cli(place, db.dsn_reader).run("status").stdout
    assert "MB in project small, 20 values" in text
