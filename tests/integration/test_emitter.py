# SPDX-License-Identifier: Apache-2.0
"""libtocsin against a real collector and PostgreSQL: what a program logged is what SQL has."""

from rig.process import Process, program
from rig.wait import wait_for


def run_example(place, env, name="minimal", deadline_s=60):
    """Runs an example to its end. Returns its process (code, log)."""
    process = Process([program(name)], place, place / f"{name}.log", env)
    wait_for(lambda: process.code is not None, deadline_s, lambda: process.log)
    return process


def conservation(db):
    return db.query("""select lane, emitted, committed, dropped, on_node
                       from tocsin.producers_overview order by lane""")


def test_all_calls_of_the_example_are_stored(place, db, tocsind):
    env = {"TOCSIN_ENDPOINT": tocsind.endpoint, "TOCSIN_RING_DIR": str(place / "rings")}
    process = run_example(place, env)
    assert process.code == 0, process.log
    assert db.query("""select count(*), min(step), max(step), sum(value)
                       from tocsin.metrics where name = 'train/loss'""")[0][:3] == (1000, 0, 999)
    assert conservation(db) == [("events", 2, 2, 0, 0), ("metrics", 1000, 1000, 0, 0)]
    assert not list((place / "rings").iterdir()), "an acknowledged ring is removed"
