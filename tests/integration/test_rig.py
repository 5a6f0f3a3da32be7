# SPDX-License-Identifier: Apache-2.0
"""The rig itself: what it promises to the other tests."""

import signal
import time

import pytest

from rig import wire
from rig.postgres import Cluster
from rig.process import Process, clear_place, make_place, survivors
from rig.wait import wait_for


def test_what_outlives_its_test_is_found_and_ended():
    """Also a grandchild that went its own way, in a session of its own."""
    place = make_place()
    process = Process(["sh", "-c", "setsid sleep 600 & echo started; wait"], place, place / "log")
    wait_for(lambda: "started" in process.log and len(survivors(place)) >= 2)
    found = clear_place(place)
    assert "sleep 600" in found
    assert survivors(place) == [] and not place.exists()
    process.kill9()


def test_wait_for_says_what_it_waited_for():
    began = time.monotonic()
    with pytest.raises(AssertionError, match="not within 0.05 s: the bell"):
        wait_for(lambda: False, 0.05, "the bell")
    assert time.monotonic() - began < 5


def test_each_test_has_a_database_of_its_own(db, cluster):
    db.query("insert into projects (name) values ('mine')")
    other = cluster.create()
    assert other.query("select * from projects") == []
    other.drop()


def test_a_killed_server_keeps_what_was_committed(own_cluster):
    database = own_cluster.create()
    database.query("insert into projects (name) values ('kept')")
    own_cluster.kill9()
    own_cluster.start()
    database.close()
    assert database.query("select name from projects") == [("kept",)]
    database.close()


def test_a_server_that_measures_can_be_durable(place):
    cluster = Cluster(place, fsync="on")
    database = cluster.create(migrated=False)
    assert database.value("show fsync") == "on"
    database.close()
    cluster.stop()


def test_the_whole_chain_from_a_fake_emitter(db, tocsind, make_emitter, cli):
    emitter = make_emitter(tocsind, rank=1, name="chain")
    assert emitter.hello(world_size=2)["attempt"] == 0
    emitter.log(["loss", "lr"], [(step, [step / 2, 0.1]) for step in range(10)])
    emitter.log(["cpu"], [(0, [0.5])], kind=wire.SYSTEM)
    emitter.alert("bell", text="rings", level="error", step=9)
    emitter.finish()
    assert db.query("select step, value from metrics where name = 'loss' order by step") == [
        (step, step / 2) for step in range(10)]
    assert db.query("select name, value from system_metrics") == [("cpu", 0.5)]
    assert db.query("select lane, last_seq, emitted, committed, on_node from producers_overview"
                    " order by lane") == [("events", 2, 2, 2, 0), ("metrics", 2, 11, 11, 0)]
    (alert,) = cli.run("list", "alerts", "--project", "p", "--json").json()["alerts"]
    assert (alert["title"], alert["level"], alert["rank"]) == ("bell", "error", 1)
    assert tocsind.metrics()['tocsin_alerts_committed_total'] == 1


def test_a_fake_emitter_can_be_wrong(tocsind, make_emitter):
    emitter = make_emitter(tocsind)
    emitter.send_raw(b"junk")
    assert emitter.expect(wire.REJECT)["producer"] is None
    emitter.hello()
    emitter.send_raw(emitter.batch_frame(wire.METRICS, [], seq=5))
    assert emitter.expect(wire.NACK)["last_seq"] == 0


def test_a_collector_dies_comes_back_and_the_emitter_goes_on(tocsind, make_emitter, db):
    emitter = make_emitter(tocsind)
    emitter.hello()
    emitter.log(["loss"], [(0, [1.0])])
    assert tocsind.kill9() == -signal.SIGKILL
    tocsind.start()
    emitter.reconnect(tocsind.endpoint)
    assert emitter.hello()["metrics_seq"] == 1
    emitter.log(["loss"], [(1, [2.0])])
    assert db.value("select count(*) from metrics") == 2


def test_a_frozen_collector_can_be_thawed(tocsind, make_emitter):
    emitter = make_emitter(tocsind)
    emitter.hello()
    tocsind.pause()
    emitter.log(["loss"], [(0, [1.0])], wait=False)
    assert emitter.is_silent(0.2)
    tocsind.resume()
    emitter.wait_acked(wire.METRICS)


def test_programs_see_nothing_of_this_machine(cli, monkeypatch):
    monkeypatch.setenv("TOCSIN_DSN", "host=/nowhere")
    monkeypatch.setenv("PGHOST", "/nowhere")
    assert cli.run("list", "projects", "--json").json()["projects"] == []
