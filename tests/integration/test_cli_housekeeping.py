# SPDX-License-Identifier: Apache-2.0
"""delete, rename and prune on rows as the collector writes them: what goes, what stays, who is asked."""

import json

import pytest

from contract_data import EVIL, EVIL_SHOWN
from housekeeping import Asked, rows_of
from rig.programs import Cli
from stored import Stored, tsv
from webhooks import Endpoints

RUN = ["delete", "run", "--project", "p", "--run"]
PROJECT = ["delete", "project", "--project", "p"]


@pytest.fixture
def owner(place, db):
    return Cli(place, db.dsn_superuser)


@pytest.fixture
def stored(db):
    return Stored(db)


def fill_run(stored, run_id, name="r", project="p", ending="finished"):
    """A run with rows in every table that can have some."""
    db = stored.db
    stored.run(project, name, run_id, ending=ending)
    stored.log(run_id, ["a", "b"], [(s, s, [s, -s]) for s in range(10)])
    stored.rolled(run_id, per_row=4)
    alert = stored.alert(run_id, "diverged", level=2)
    stored.alert(run_id, "slow")
    endpoint = Endpoints(db).add(f"https://example.org/{run_id}")
    db.query("insert into deliveries (run_id, alert_id, endpoint_id, group_key) values (%s, %s, %s, 1)",
             run_id, alert, endpoint)
    db.query("insert into acks (run_id, alert_id, who) values (%s, %s, 'ann')", run_id, alert)
    db.query("insert into gaps (run_id, rank, attempt, calls) values (%s, 0, 0, 3)", run_id)
    db.query("""insert into quarantine (run_id, producer_id, rank, attempt, lane, seq, calls, sqlstate, reason,
                                        frame)
                values (%s, gen_random_uuid(), 0, 0, 1, 1, 1, '22000', 'x', 'x')""", run_id)
    db.query("""insert into producers (run_id, producer_id, lane)
                select run_id, producer_id, 1 from attempts where run_id = %s""", run_id)
    db.query("""insert into silences (run_id, who, ends) values (%s, 'ann', now() + interval '1 day')""", run_id)
    return run_id


def content(db, run_id):
    """Everything of a run, row by row."""
    return {table: db.query(f"select t::text from {table} t where run_id = %s order by 1", run_id)
            for table in rows_of(db, run_id)}


# Deleting a run


def test_a_run_goes_with_all_that_it_has_and_another_stays(db, stored, owner):
    fill_run(stored, 11)
    fill_run(stored, 12, name="other")
    assert all(rows_of(db, 11).values()), "a table without a row would prove nothing"
    before = content(db, 12)
    done = owner.run(*RUN, "r", "--yes")
    assert done.rc == 0, done.stderr
    assert not any(rows_of(db, 11).values()), rows_of(db, 11)
    assert content(db, 12) == before


def test_a_dry_run_says_it_all_and_changes_nothing(db, stored, owner):
    fill_run(stored, 11)
    before = content(db, 11)
    said = owner.run(*RUN, "r", "--dry-run", "--json").json()
    size = db.value("""select sum(pg_column_size(steps) + pg_column_size(times) + pg_column_size(values))
                       from blocks where run_id = 11""")
    numbers = {"calls": 10, "blocks": 5, "bytes": size, "alerts": 2, "waiting": 1}
    assert said == {"project": "p", "dry_run": True, "runs": 1, "kept": 0, **numbers, "details": [
        {"project": "p", "name": "r", "state": "finished", "last_seen": said["details"][0]["last_seen"],
         **numbers, "id": "11"}]}
    assert content(db, 11) == before
    table = owner.run(*RUN, "r", "--dry-run")
    assert tsv(table)[0][:4] == ["project", "name", "state", "last_seen"]
    assert content(db, 11) == before
    assert owner.run(*RUN, "r", "--yes", "--json").json() == {**said, "dry_run": False}


def test_without_a_terminal_it_takes_a_yes(db, stored, owner):
    fill_run(stored, 11)
    before = content(db, 11)
    for argv in ([*RUN, "r"], PROJECT, ["prune", "--project", "p", "--older-than", "0"],
                 ["rename", "run", "--project", "p", "--run", "r", "--to", "s"],
                 ["rename", "project", "--project", "p", "--to", "q"]):
        done = owner.run(*argv)
        assert done.rc == 2 and "--yes" in done.stderr and "--dry-run" in done.stderr, done.stderr
    assert content(db, 11) == before
    assert db.query("select name from projects") == [("p",)]


def test_on_a_terminal_the_name_is_typed(db, stored, place):
    fill_run(stored, 11)
    asked = Asked(place, db.dsn_superuser, *RUN, "r")
    assert "calls 10, blocks 5" in asked.said and asked.said.endswith("Type r to delete this run: ")
    code, said = asked.answer("R\n")
    assert code == 2 and "nothing was changed" in said and all(rows_of(db, 11).values())
    assert Asked(place, db.dsn_superuser, *RUN, "r").answer("\x04")[0] == 2  # the end of what is typed
    asked = Asked(place, db.dsn_superuser, *RUN, "r", "--json")
    code, said = asked.answer("r\n")
    assert code == 0 and json.loads(asked.out)["runs"] == 1
    assert not any(rows_of(db, 11).values())


def test_a_hostile_name_is_typed_as_it_is_shown(db, stored, place):
    fill_run(stored, 11, name=EVIL)
    asked = Asked(place, db.dsn_superuser, *RUN, EVIL)
    assert f"Type {EVIL_SHOWN} to" in asked.said and "\x1b" not in asked.said
    assert asked.answer(f"{EVIL_SHOWN}\n")[0] == 0
    assert not any(rows_of(db, 11).values())


def test_nothing_hostile_gets_through(stored, owner):
    fill_run(stored, 11, name=EVIL, project=EVIL)
    where = ["--project", EVIL, "--run", EVIL]
    for argv in (["delete", "run", *where, "--dry-run"], ["delete", "project", *where[:2], "--dry-run"],
                 ["prune", "--all-projects", "--older-than=0", "--dry-run"], ["delete", "run", *where],
                 ["rename", "run", *where, "--to", f"{EVIL}2", "--yes"],
                 ["rename", "project", *where[:2], "--to", f"{EVIL}2", "--yes"],
                 ["rename", "project", *where[:2], "--to", "x", "--yes"],
                 ["prune", "--all-projects", "--older-than=0", "--yes"]):
        for form in "table", "tsv", "json":
            done = owner.run(*argv, f"--format={form}")
            said = done.stdout + done.stderr
            assert not any(c in said for c in ("\x1b", "\u009b", "\u202e", "\u2028")), (argv, said)


def test_a_run_that_has_not_ended_takes_force(db, stored, owner):
    fill_run(stored, 11, ending=None)
    fill_run(stored, 12, name="done")
    for argv, what in ((*RUN, "r"), "Run 'r' has not ended"), (PROJECT, "1 of the 2 runs have not ended"):
        done = owner.run(*argv, "--yes")
        assert done.rc == 2 and what in done.stderr and "--force" in done.stderr, done.stderr
    assert all(rows_of(db, 11).values()) and all(rows_of(db, 12).values())
    assert owner.run(*RUN, "r", "--dry-run").rc == 0
    assert owner.run(*RUN, "r", "--yes", "--force").rc == 0
    assert not any(rows_of(db, 11).values())


def test_a_reader_may_not(stored, cli):
    fill_run(stored, 11)
    for argv in ([*RUN, "r", "--dry-run"], [*PROJECT, "--yes"], ["prune", "--all-projects", "--older-than=1d"]):
        done = cli.run(*argv)
        assert done.rc == 4 and "tocsin_owner" in done.stderr
    assert all(rows_of(stored.db, 11).values())


def test_names_that_do_not_exist(stored, owner):
    fill_run(stored, 11, name="baseline")
    done = owner.run(*RUN, "baselin", "--yes")
    assert done.rc == 3 and "Did you mean 'baseline'?" in done.stderr
    done = owner.run("delete", "project", "--project", "pp", "--yes")
    assert done.rc == 3 and "Did you mean 'p'?" in done.stderr
    done = owner.run("rename", "project", "--project", "pp", "--to", "x", "--yes")
    assert done.rc == 3 and "Did you mean 'p'?" in done.stderr


def test_a_message_that_speaks_of_a_deleted_run_stays(db, stored, owner):
    fill_run(stored, 11)
    message = db.value("""insert into messages (webhook_id, endpoint_id, form, alerts, body)
                          select 'm1', endpoint_id, 'alerts', 1, '{}' from endpoints returning message_id""")
    db.query("update deliveries set state = 'sent', message_id = %s", message)
    assert owner.run(*RUN, "r", "--yes").rc == 0
    assert db.query("select state from messages") == [("waiting",)]


# Deleting a project


def test_a_project_goes_with_its_endpoints_and_another_stays(db, stored, owner):
    fill_run(stored, 11)
    fill_run(stored, 12, name="s")
    fill_run(stored, 13, project="q")
    for project in ("p", "q"):
        endpoint = Endpoints(db).add(f"https://{project}.example.org/", project=project)
        db.query("insert into messages (webhook_id, endpoint_id, form, alerts, body) values (%s, %s, 'digest', 1, '{}')",
                 project, endpoint)
        db.query("""insert into silences (project_id, who, ends)
                    select project_id, 'ann', now() from projects where name = %s""", project)
        db.query("insert into project_aliases (name, project_id) select 'old ' || name, project_id from projects "
                 "where name = %s", project)
    before = content(db, 13)
    said = owner.run(*PROJECT, "--yes", "--json").json()
    assert (said["runs"], said["endpoints"], said["messages"]) == (2, 1, 1)
    assert not any(rows_of(db, 11).values()) and not any(rows_of(db, 12).values())
    assert content(db, 13) == before
    assert db.query("select name from projects") == [("q",)]
    assert db.query("select name from project_aliases") == [("old q",)]
    assert db.query("select webhook_id from messages") == [("q",)]
    assert db.query("select p.name from endpoints e join projects p using (project_id)") == [("q",)]
    assert db.value("select count(*) from silences where project_id is not null") == 1


def test_a_project_without_a_run_can_be_deleted(db, owner, place):
    assert owner.run("endpoint", "add", "--project", "p", stdin=b"https://example.org/x\n").rc == 0
    asked = Asked(place, db.dsn_superuser, *PROJECT)
    assert asked.said.endswith("Type p to delete this project: ")
    assert asked.answer("p\n")[0] == 0
    assert db.value("select count(*) from projects") == db.value("select count(*) from endpoints") == 0


# Renaming


def rename(owner, *argv):
    return owner.run("rename", *argv, "--yes")


def test_a_run_gets_another_name(db, stored, owner, cli, place):
    stored.run("p", "r", 11)
    stored.run("p", "r", 12, at=10)
    stored.run("p", "taken", 13, at=20)
    argv = ["run", "--project", "p", "--run", "r", "--to"]
    said = owner.run("rename", *argv, "s", "--dry-run", "--json").json()
    assert said == {"project": "p", "run": "r", "run_id": "12", "to": "s", "dry_run": True}
    assert db.value("select count(*) from runs where name = 'r'") == 2
    assert rename(owner, *argv, "s", "--json").json() == {**said, "dry_run": False}
    assert db.query("select run_id, name, renamed is not null from runs order by 1") == [
        (11, "r", False), (12, "s", True), (13, "taken", False)]
    done = rename(owner, *argv, "taken")  # names need not be unique; the older r is the newest now
    assert done.rc == 0 and "1 more of that name" in done.stderr
    assert cli.run("get", "run", "--project", "p", "--run", "taken", "--json").json()["run_id"] == "13"
    asked = Asked(place, db.dsn_superuser, "rename", "run", "--project", "p", "--run", "s", "--to", "t")
    assert asked.said.endswith("Type yes to rename this run: ")
    assert asked.answer("no\n")[0] == 2
    assert db.value("select name from runs where run_id = 12") == "s"


@pytest.mark.parametrize("name", ["", "x" * 256, b"\xff".decode(errors="surrogateescape")])
def test_a_name_that_no_job_could_have_is_refused(db, stored, owner, name):
    stored.run("p", "r", 11)
    for argv in ["run", "--project", "p", "--run", "r"], ["project", "--project", "p"]:
        done = rename(owner, *argv, f"--to={name}")
        assert done.rc == 2 and "--to is a text of 1 to 255 bytes" in done.stderr, done.stderr
    assert db.query("select p.name, r.name from runs r join projects p using (project_id)") == [("p", "r")]


def test_a_project_gets_another_name_and_answers_to_the_former(db, stored, owner, cli):
    stored.run("p", "r", 11)
    argv = ["project", "--project", "p", "--to", "q"]
    said = owner.run("rename", *argv, "--dry-run", "--json").json()
    assert said == {"project": "p", "name_freed": False, "to": "q", "dry_run": True}
    assert db.query("select name from projects") == [("p",)]
    assert rename(owner, *argv, "--json").json() == {**said, "dry_run": False}
    assert cli.run("list", "projects", "--json").json()["projects"] == ["q"]
    done = cli.run("list", "runs", "--project", "p")
    assert done.rc == 3 and "It is called 'q' now." in done.stderr
    assert db.query("select name, project, former from project_names order by name") == [
        ("p", "q", True), ("q", "q", False)]
    endpoint = owner.run("endpoint", "add", "--project", "p", "--json", stdin=b"https://example.org/x\n").json()
    assert db.value("select p.name from endpoints e join projects p using (project_id) where endpoint_id = %s",
                    endpoint["id"]) == "q"
    assert rename(owner, "project", "--project", "q", "--to", "p").rc == 0  # and back
    assert db.query("select name, project, former from project_names order by name") == [
        ("p", "p", False), ("q", "p", True)]


def test_the_name_of_another_project_is_taken(db, stored, owner):
    stored.run("p", "r", 11)
    stored.run("q", "r", 12)
    done = rename(owner, "project", "--project", "p", "--to", "q")
    assert done.rc == 2 and "There is a project 'q' already" in done.stderr and "choose another" in done.stderr
    assert rename(owner, "project", "--project", "q", "--to", "z").rc == 0
    done = rename(owner, "project", "--project", "p", "--to", "q")  # now a former name of z
    assert done.rc == 0 and "Project 'z' was called 'q' once" in done.stderr
    assert db.query("select name, project from project_names order by name") == [
        ("p", "q"), ("q", "q"), ("z", "z")]


def test_keys_stay_bound_to_a_project_that_is_renamed(db, stored, owner):
    stored.run("p", "r", 11)
    for name, projects in ("bound", "{a,p}"), ("both", "{q,p}"), ("other", "{a}"), ("all", None):
        db.query("insert into keys (name, public_key, projects) values (%s, %s, %s)", name,
                 name.ljust(40, "x"), projects)
    assert rename(owner, "project", "--project", "p", "--to", "q").rc == 0
    assert dict(db.query("select name, projects from keys")) == {
        "bound": ["a", "q"], "both": ["q"], "other": ["a"], "all": None}
    assert rename(owner, "project", "--project", "q", "--to", "z", "--free-name").rc == 0
    assert dict(db.query("select name, projects from keys")) == {
        "bound": ["a", "q", "z"], "both": ["q", "z"], "other": ["a"], "all": None}
    assert db.query("select name from project_names order by name") == [("p",), ("z",)]


# Pruning


def age(db, run_id, interval):
    db.query("update runs set last_seen = now() - %s::interval where run_id = %s", interval, run_id)


def pruned(owner, *argv):
    said = owner.run("prune", *argv, "--yes", "--json").json()
    assert said["runs"] == len(said["details"])
    return [run["name"] for run in said["details"]]


def test_prune_takes_what_is_old_and_of_that_state(db, stored, owner):
    for run_id, (name, ending, since) in enumerate([
            ("old", "finished", "31 days"), ("new", "finished", "29 days"), ("bad", "failed", "31 days"),
            ("lost", None, "31 days"), ("alive", None, "1 second")], 20):
        fill_run(stored, run_id, name=name, ending=ending)
        age(db, run_id, since)
    fill_run(stored, 30, name="elsewhere", project="q")
    age(db, 30, "31 days")
    scope = ["--project", "p", "--older-than"]
    assert owner.run("prune", *scope, "30d", "--dry-run", "--json").json()["runs"] == 3
    assert pruned(owner, *scope, "30d", "--state=failed") == ["bad"]
    assert pruned(owner, *scope, "30d", "--state=running") == ["lost"]
    assert pruned(owner, *scope, "30d") == ["old"]
    assert pruned(owner, *scope, "30d") == []
    assert pruned(owner, "--all-projects", "--older-than", "30d") == ["elsewhere"]
    assert db.query("select name from runs order by name") == [("alive",), ("new",)]


def test_prune_takes_no_run_that_may_be_running(db, stored, owner):
    """Not ended, and silent for less than a day: whatever --older-than says."""
    fill_run(stored, 11, ending=None)
    age(db, 11, "23 hours")
    assert pruned(owner, "--project", "p", "--older-than", "1h") == []
    age(db, 11, "25 hours")
    assert pruned(owner, "--project", "p", "--older-than", "1h") == ["r"]


def test_prune_keeps_a_run_that_goes_on_while_it_asks(db, stored, place):
    for run_id, name in (11, "a"), (12, "b"):
        fill_run(stored, run_id, name=name)
        age(db, run_id, "31 days")
    asked = Asked(place, db.dsn_superuser, "prune", "--all-projects", "--older-than=30d", "--json")
    assert asked.said.endswith("Type 2 to delete so many runs: ")
    age(db, 11, "0 days")
    code, said = asked.answer("2\n")
    assert code == 0 and "1 of the runs have gone on" in said and json.loads(asked.out)["kept"] == 1
    assert db.query("select name, deleting from runs") == [("a", None)]
    assert all(rows_of(db, 11).values()) and not any(rows_of(db, 12).values())


def test_prune_is_told_where(stored, owner):
    stored.run("p", "r", 11)
    for argv in [], ["--project", "p", "--all-projects"]:
        done = owner.run("prune", "--older-than", "30d", "--yes", *argv)
        assert done.rc == 2 and "either --project NAME or --all-projects" in done.stderr
    assert owner.run("prune", "--project", "x", "--older-than", "30d", "--yes").rc == 3
    assert owner.run("prune", "--project", "p", "--yes").rc == 2
