# SPDX-License-Identifier: Apache-2.0
"""Runs, attempts and configs as hellos make them."""

import os

import pytest

from blocker import blocks_held, wait_blocked
from rig import wire
from rig.wait import wait_for


def hello(make_emitter, tocsind, **fields):
    """A producer that has said hello; its welcome is kept."""
    emitter = make_emitter(tocsind, **fields)
    emitter.welcome = emitter.hello()
    return emitter


def test_ranks_of_one_launcher_share_a_run(db, tocsind, make_emitter):
    ranks = [hello(make_emitter, tocsind, run_id=77, rank=rank, world_size=4) for rank in range(4)]
    assert {r.welcome["run_id"] for r in ranks} == {77}
    assert db.query("select run_id from runs") == [(77,)]
    assert db.query("select rank, attempt, world_size from attempts order by rank") \
        == [(rank, 0, 4) for rank in range(4)]
    assert db.value("select count(*) from projects") == 1


def test_a_restart_of_a_rank_is_the_next_attempt(db, tocsind, make_emitter):
    attempts = [hello(make_emitter, tocsind, run_id=7, rank=1).welcome["attempt"] for _ in range(3)]
    assert attempts == [0, 1, 2]
    assert hello(make_emitter, tocsind, run_id=7, rank=0).welcome["attempt"] == 0


def test_a_repeated_hello_changes_nothing(db, tocsind, make_emitter):
    emitter = hello(make_emitter, tocsind, run_id=7)
    emitter.log(["x"], [(0, (1.0,))])
    emitter.alert("a")
    again = emitter.hello(name="other", project="other", config='{"a": 1}')
    assert (again["run_id"], again["attempt"], again["events_seq"], again["metrics_seq"]) \
        == (7, 0, 1, 1)
    assert db.query("select name, config from runs") == [("r", {})]
    assert db.value("select count(*) from projects") == 1


def test_resume_never_makes_a_new_run_of_the_same_name(db, tocsind, make_emitter):
    first = hello(make_emitter, tocsind, name="same")
    second = hello(make_emitter, tocsind, name="same")
    assert first.welcome["run_id"] != second.welcome["run_id"]
    assert db.value("select count(*) from runs where name = 'same'") == 2


def test_resume_allow_continues_the_newest_run_of_the_name(db, tocsind, make_emitter):
    old = hello(make_emitter, tocsind, name="same", started_ns=1700000000000000000)
    new = hello(make_emitter, tocsind, name="same", started_ns=1700000001000000000)
    hello(make_emitter, tocsind, name="same", project="elsewhere",
          started_ns=1700000002000000000)
    resumed = hello(make_emitter, tocsind, name="same", resume="allow")
    assert resumed.welcome["run_id"] == new.welcome["run_id"] != old.welcome["run_id"]
    assert resumed.welcome["attempt"] == 1
    resumed.log(["x"], [(0, (1.0,))])
    assert db.value("select attempt from metrics") == 1


def test_resume_allow_without_a_run_makes_it(tocsind, make_emitter):
    assert hello(make_emitter, tocsind, run_id=9, resume="allow").welcome["run_id"] == 9


def test_resume_must_continues_or_is_refused_with_the_names(db, tocsind, make_emitter):
    emitter = make_emitter(tocsind, name="absent", project="vision", resume="must")
    emitter.send_raw(emitter.hello_frame())
    reject = emitter.expect(wire.REJECT)
    assert (reject["producer"], reject["reason"]) == (emitter.producer, 4)
    assert '"vision"' in reject["text"] and '"absent"' in reject["text"]
    assert db.value("select count(*) from runs") == 0
    assert tocsind.metrics()[
        'tocsin_batches_refused_total{reason="no_run_to_resume"}'] == 1
    first = hello(make_emitter, tocsind, name="absent", project="vision")
    assert emitter.hello()["run_id"] == first.welcome["run_id"]


def test_a_run_id_of_another_project_is_refused(db, tocsind, make_emitter):
    hello(make_emitter, tocsind, run_id=5, project="one")
    emitter = make_emitter(tocsind, run_id=5, project="two")
    emitter.send_raw(emitter.hello_frame())
    reject = emitter.expect(wire.REJECT)
    assert reject["reason"] == 5 and "another project" in reject["text"]
    assert db.value("select count(*) from attempts") == 1


def test_a_producer_cannot_become_another_rank(db, tocsind, make_emitter):
    emitter = hello(make_emitter, tocsind, rank=1)
    emitter.rank = 3
    emitter.hello()
    emitter.log(["x"], [(0, (1.0,))])
    assert db.query("select rank from blocks") == [(1,)]


def test_the_config_of_rank_0_wins(db, tocsind, make_emitter):
    hello(make_emitter, tocsind, run_id=7, rank=2, config='{"from": 2, "only": 2}')
    hello(make_emitter, tocsind, run_id=7, rank=1, config='{"from": 1, "late": 1}')
    assert db.value("select config from runs") == {"from": 2, "only": 2}
    hello(make_emitter, tocsind, run_id=7, rank=0, config='{"from": 0}')
    assert db.value("select config from runs") == {"from": 0, "only": 2}
    hello(make_emitter, tocsind, run_id=7, rank=3, config='{"from": 3}')
    assert db.value("select config from runs") == {"from": 0, "only": 2}


def test_a_later_config_of_another_rank_does_not_overwrite_that_of_rank_0(db, tocsind, make_emitter):
    other = hello(make_emitter, tocsind, run_id=7, rank=1)
    other.config('{"from": 1}')
    assert db.value("select config from runs") == {"from": 1}  # until rank 0 comes
    first = hello(make_emitter, tocsind, run_id=7, rank=0)
    first.config('{"from": 0}')
    other.config('{"from": 1, "late": 1}')
    assert db.value("select config from runs") == {"from": 0, "late": 1}


def test_rank_0_names_the_run_whoever_came_first(db, tocsind, make_emitter):
    for rank in (1, 0, 2):
        hello(make_emitter, tocsind, run_id=7, rank=rank, name=f"named by {rank}", group=f"g{rank}")
    assert db.query("select name, group_name from runs") == [("named by 0", "g0")]


@pytest.mark.parametrize("text", [
    "{not json", "[1, 2]", '"text"', "12", "null", '{"a": "\\u0000"}', '{"a": "\\ud800"}',
    "[" * 100000, '{"a": 1e999999}',
], ids=["syntax", "array", "string", "number", "null", "nul", "surrogate", "deep", "huge"])
def test_a_config_that_cannot_be_stored_is_kept_as_text(db, tocsind, make_emitter, text):
    emitter = hello(make_emitter, tocsind, config=text)
    assert db.value("select config from runs") == {"_invalid_config": text}
    emitter.config('{"good": 1}')
    emitter.config(text)
    assert db.value("select config from runs") == {"_invalid_config": text, "good": 1}


def test_names_are_kept_as_they_are(db, tocsind, make_emitter):
    name = "'; drop table runs; -- \\ \" {} \u202e ünï 🔔"
    emitter = hello(make_emitter, tocsind, project=name, name=name, host=name, user=name,
                    group=name, client=name, config='{"a": "\'"}')
    emitter.log([name], [(0, (1.0,))])
    emitter.alert(name, name)
    assert db.query("select project, run, group_name, username from runs_overview") \
        == [(name, name, name, name)]
    assert db.query("select name from metrics") == [(name,)]
    assert db.query("select title, text, host from alerts_feed") == [(name, name, name)]


def test_many_ranks_at_once_through_two_collectors_agree(db, make_tocsind, make_emitter):
    """Starts of the same ranks race for attempt numbers; each gets its own."""
    collectors = [make_tocsind(name="a").start(), make_tocsind(name="b").start()]
    emitters = [make_emitter(collectors[i % 2], run_id=7, rank=i // 4, world_size=8)
                for i in range(32)]
    for emitter in emitters:
        emitter.send_raw(emitter.hello_frame())
    welcomes = [emitter.expect(wire.WELCOME) for emitter in emitters]
    assert {w["run_id"] for w in welcomes} == {7}
    assert db.query("select rank, attempt from attempts order by 1, 2") \
        == [(rank, attempt) for rank in range(8) for attempt in range(4)]
    assert db.value("select count(*) from producers") == 64


def held_hellos(db, tocsind, make_emitter, refused):
    """Twenty hellos that wait together, of which those given are refused."""
    first = hello(make_emitter, tocsind, run_id=7)
    emitters = [make_emitter(tocsind, run_id=100 - i, name=f"r{i}",
                             resume="must" if i in refused else "never") for i in range(20)]
    with blocks_held(db):
        first.log(["x"], [(0, (1.0,))], wait=False)
        wait_blocked(db)
        for emitter in emitters:
            emitter.send_raw(emitter.hello_frame())
        wait_for(lambda: tocsind.metrics()["tocsin_queue_messages"] == 20)
    return emitters


def test_hellos_that_wait_together_share_a_transaction(db, tocsind, make_emitter):
    for emitter in held_hellos(db, tocsind, make_emitter, refused=()):
        welcome = emitter.expect(wire.WELCOME)
        assert (welcome["producer"], welcome["run_id"]) == (emitter.producer, emitter.run_id)
    assert db.value("select count(distinct xmin::text) from attempts where run_id <> 7") == 1


def test_a_refused_hello_takes_no_other_with_it(db, tocsind, make_emitter):
    for i, emitter in enumerate(held_hellos(db, tocsind, make_emitter, refused=(3, 11))):
        if i in (3, 11):
            assert f'"r{i}"' in emitter.expect(wire.REJECT)["text"]
        else:
            assert emitter.expect(wire.WELCOME)["producer"] == emitter.producer
    assert db.value("select count(*) from runs where run_id <> 7") == 18


def test_one_producer_through_two_collectors_at_once_is_one_attempt(db, make_tocsind, make_emitter):
    collectors = [make_tocsind(name="a").start(), make_tocsind(name="b").start()]
    for _ in range(10):
        producer = os.urandom(16)
        pair = [make_emitter(tocsind, run_id=7) for tocsind in collectors]
        for emitter in pair:
            emitter.producer = producer
            emitter.send_raw(emitter.hello_frame())
        first, second = (emitter.expect(wire.WELCOME) for emitter in pair)
        assert first == second
    assert db.value("select count(*) from attempts") == 10
