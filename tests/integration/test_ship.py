# SPDX-License-Identifier: Apache-2.0
"""What a trainer leaves that is killed, or whose collector never came, is delivered by `tocsin ship`."""

import json
import os
import pathlib
import subprocess

import pytest

from rig.process import Process, environment, program
from rig.trainer import Trainer, assert_stored_once, conservation
from rig.wait import wait_for

CALLS = 60_000


@pytest.fixture
def ship(cli):
    def run(trainer, *argv):
        return cli.run("ship", *argv, env=trainer.env)
    return run


def shipped(done):
    assert done.rc == 0, done.stderr
    return json.loads(done.stdout)


def test_every_call_that_returned_before_a_kill_is_delivered(place, db, make_tocsind, ship):
    """No collector while it ran: half is in the ring, half in the spool."""
    tocsind = make_tocsind()
    trainer = Trainer(place, tocsind.endpoint).start(0, "wait")
    trainer.wait_returned(CALLS)
    trainer.process.kill9()
    tocsind.start()
    report = shipped(ship(trainer, "--json"))
    assert (report["found"], report["delivered"], report["damaged"]) == (1, 1, 0)
    assert_stored_once(db, trainer.returned, trainer.returned + 1)
    assert all(row[3] == 0 for row in conservation(db).values()), conservation(db)
    assert not trainer.files()
    assert shipped(ship(trainer, "--json"))["found"] == 0


@pytest.mark.skipif(os.getuid() != 0, reason="Slurm runs epilogs as root")
def test_a_slurm_epilog_delivers_what_the_job_left_and_never_fails(place, db, make_tocsind):
    tocsind = make_tocsind()
    trainer = Trainer(place, tocsind.endpoint).start(0, "wait")
    trainer.wait_returned(1000)
    trainer.process.kill9()
    env = {**environment(place, trainer.env), "SLURM_JOB_USER": "root",
           "PATH": f"{pathlib.Path(program('tocsin')).parent}:{os.environ['PATH']}"}
    epilog = pathlib.Path(__file__).parents[2] / "deploy" / "slurm" / "epilog"
    tocsind.start()
    assert subprocess.run([epilog], env=env, timeout=90, check=False).returncode == 0
    assert_stored_once(db, trainer.returned, trainer.returned + 1)
    assert not trainer.files()
    no_user = {**env, "SLURM_JOB_USER": "nobody-of-that-name"}
    assert subprocess.run([epilog], env=no_user, timeout=90, check=False).returncode == 0


def test_a_kill_while_a_collector_acknowledges_loses_and_doubles_nothing(place, db, tocsind, ship):
    trainer = Trainer(place, tocsind.endpoint).start(0, "wait")
    for kill in range(1, 4):
        trainer.wait_returned(trainer.returned + 5000)
        trainer.process.kill9()
        before = trainer.returned
        shipped(ship(trainer, "--json"))
        total = db.query("select sum(committed), sum(on_node) from tocsin.producers_overview "
                         "where lane = 'metrics'")[0]
        assert before <= total[0] <= before + kill and total[1] == 0
        trainer.start(0, "wait")
    trainer.process.kill9()


def test_a_run_that_finished_without_a_collector_is_delivered(place, db, make_tocsind, ship):
    tocsind = make_tocsind()
    trainer = Trainer(place, tocsind.endpoint).start(20_000, "finish")
    assert trainer.wait_end() == 4
    assert "spool" in trainer.process.log
    assert not list(trainer.rings.iterdir()), "the memory of the ring is given back"
    assert ship(trainer, "--json").rc == 5, "no collector yet"
    tocsind.start()
    shipped(ship(trainer, "--json"))
    assert_stored_once(db, 20_000)
    assert db.query("select state from tocsin.runs_overview") == [("finished",)]
    assert not trainer.files()


def test_a_program_that_exits_without_finish_leaves_what_can_be_delivered(place, db, tocsind, ship):
    trainer = Trainer(place, tocsind.endpoint).start(5000, "exit")
    assert trainer.wait_end() == 0
    shipped(ship(trainer, "--json"))
    assert_stored_once(db, 5000)
    assert not trainer.files()


def test_the_next_run_delivers_what_the_last_one_left(place, db, make_tocsind):
    tocsind = make_tocsind()
    trainer = Trainer(place, tocsind.endpoint).start(0, "wait")
    trainer.wait_returned(CALLS)
    trainer.process.kill9()
    left = trainer.returned
    tocsind.start()
    following = Trainer(place, tocsind.endpoint, name="following").start(1000, "wait")
    wait_for(lambda: db.query("select sum(committed) from tocsin.producers_overview "
                              "where lane = 'metrics'")[0][0] or 0 >= left + 1000, 30)
    wait_for(lambda: len(following.files("*.ring")) == 1 and not following.files("*.spool"), 30)
    assert db.query("select count(*) from tocsin.producers_overview where on_node > 0")[0][0] == 0
    following.process.kill9()


def test_a_torn_tail_of_the_spool_costs_what_is_torn_and_counts_it(place, db, make_tocsind, ship):
    """Also the ring is gone, as after a power cut: then what is missing is lost, and known to be."""
    tocsind = make_tocsind()
    trainer = Trainer(place, tocsind.endpoint).start(0, "wait")
    trainer.wait_returned(CALLS)
    trainer.process.kill9()
    newest = max(trainer.files("*-1-*.spool"), key=lambda path: path.stat().st_mtime)
    os.truncate(newest, newest.stat().st_size - 1000)
    for ring in trainer.files("*.ring"):
        ring.unlink()
    tocsind.start()
    assert shipped(ship(trainer, "--json"))["delivered"] == 1
    emitted, committed, dropped, on_node = conservation(db)["metrics"]
    assert dropped > 0 and on_node == 0 and emitted == committed + dropped
    assert_stored_once(db, int(committed))
    assert not trainer.files()


def test_a_torn_tail_beside_its_ring_is_counted_to_the_last_call(place, db, make_tocsind, ship):
    tocsind = make_tocsind()
    trainer = Trainer(place, tocsind.endpoint).start(0, "wait")
    trainer.wait_returned(CALLS)
    trainer.process.kill9()
    newest = max(trainer.files("*-1-*.spool"), key=lambda path: path.stat().st_mtime)
    os.truncate(newest, newest.stat().st_size - 1000)
    tocsind.start()
    shipped(ship(trainer, "--json"))
    emitted, committed, dropped, on_node = conservation(db)["metrics"]
    assert on_node == 0 and trainer.returned <= emitted
    # Killed between writing a batch to the spool and giving up its place in the ring: nothing is torn.
    assert emitted == committed + dropped and (committed < trainer.returned or dropped == 0)
    last = db.query("select max(step) from tocsin.metrics where name = 'a'")[0][0]
    assert last >= trainer.returned - 1, "what was in the ring behind it is there"


def test_a_living_trainer_is_left_alone(place, db, make_tocsind, ship):
    tocsind = make_tocsind()
    trainer = Trainer(place, tocsind.endpoint).start(CALLS, "wait")
    trainer.wait_returned(CALLS)
    tocsind.start()
    assert shipped(ship(trainer, "--json"))["found"] == 0
    trainer.process.kill9()


def test_another_collector_can_be_named(place, db, make_tocsind, ship):
    trainer = Trainer(place, f"ipc://{place}/nowhere.sock").start(2000, "exit")
    assert trainer.wait_end() == 0
    tocsind = make_tocsind().start()
    assert shipped(ship(trainer, "--json", "--endpoint", tocsind.endpoint))["calls"] == 2000
    assert_stored_once(db, 2000)


def test_a_bad_endpoint_is_a_usage_error(place, db, ship):
    done = ship(Trainer(place, f"ipc://{place}/s"), "--endpoint", "nonsense")
    assert done.rc == 2
    assert "nonsense" in done.stderr


def test_follow_delivers_what_comes_later(place, db, tocsind):
    trainer = Trainer(place, tocsind.endpoint)
    trainer.rings.mkdir()
    follower = Process([program("tocsin"), "ship", "--follow"], place, place / "ship.log",
                       trainer.env)
    trainer.start(3000, "exit")
    assert trainer.wait_end() == 0
    wait_for(lambda: "Delivered 1 of 1 runs" in follower.log or
             db.query("select sum(on_node) from tocsin.producers_overview")[0][0] == 0, 30,
             lambda: follower.log)
    wait_for(lambda: not trainer.files(), 30, lambda: follower.log)
    follower.stop()
    assert_stored_once(db, 3000)
