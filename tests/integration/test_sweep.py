# SPDX-License-Identifier: Apache-2.0
"""The real trainer against a real collector: what each rank wrote down for itself is what SQL has,
bit for bit, also when the collector dies in the middle."""

import math
import os
import pathlib
import re
import struct
import time
from collections import Counter, defaultdict

from rig.process import Process, program
from rig.wait import wait_for

RANKS = 4
SWEEP = pathlib.Path(__file__).parents[2] / "emitter/examples/sweep"


def bits(value):
    return "nan" if math.isnan(value) else struct.pack(">d", value)


def logged(folder):
    """What the ranks of one run wrote down: {rank: Counter of (step, name, bits)}."""
    return {rank: Counter(read_log(folder / f"rank{rank}.csv")) for rank in range(RANKS)}


def read_log(path):
    for line in path.read_text().splitlines():
        step, name, value = line.split(",")
        yield int(step), name, bits(float.fromhex(value))


def stored(db, run):
    """The same from SQL. float8send is the value as it is stored."""
    ranks = defaultdict(Counter)
    rows = db.query("select rank, step, name, value, float8send(value) from metrics where run = %s",
                    run)
    for rank, step, name, value, sent in rows:
        ranks[rank][step, name, "nan" if math.isnan(value) else bytes(sent)] += 1
    return dict(ranks)


def calls_of(log):
    names = Counter(name for _, name, _ in log.elements())
    return names["train/loss"] + names["val/loss"]


def check_run(db, run, folder):
    """Every value once and unchanged, and as many calls as were made, for every rank."""
    logs = logged(folder)
    assert all(logs.values()), folder
    assert stored(db, run) == logs
    committed = db.query("""select p.rank, p.emitted, p.committed, p.dropped, p.on_node
                            from producers_overview p join runs_overview r using (run_id)
                            where r.run = %s and p.lane = 'metrics' order by p.rank""", run)
    assert committed == [(rank, calls_of(log), calls_of(log), 0, 0) for rank, log in logs.items()]


def start(place, name, *argv, **variables):
    env = {"TOCSIN_RING_DIR": str(place / "rings"), "TOCSIN_SPOOL_DIR": str(place / "spool"), **variables}
    return Process([program(name), *map(str, argv)], place, place / f"{name}.log", env)


def wait_end(process, deadline_s=60):
    wait_for(lambda: process.code is not None, deadline_s, lambda: process.log)
    return process.code


def test_a_sweep_is_in_sql_bit_for_bit(place, db, tocsind):
    charlm = program("charlm")
    sweep = Process(["bash", SWEEP, "--charlm", charlm, "--project", "s", "--steps", 60, "--ranks",
                     RANKS, "--log", place / "logs", 0.03, 0.1, 30], place, place / "sweep.log",
                    {"TOCSIN_ENDPOINT": tocsind.endpoint, "TOCSIN_RING_DIR": str(place / "rings")})
    assert wait_end(sweep) == 0, sweep.log
    assert "3 runs of 4 ranks" in sweep.log and "1 diverged" in sweep.log
    for lr in "0.03", "0.1", "30":
        check_run(db, f"lr-{lr}", place / f"logs/lr-{lr}")
    assert db.query("select run, state, ranks, config->>'lr' from runs_overview order by run") == [
        ("lr-0.03", "finished", RANKS, "0.03"), ("lr-0.1", "finished", RANKS, "0.1"),
        ("lr-30", "failed", RANKS, "30")]
    assert db.value("select count(distinct group_name) from runs_overview") == 1
    assert list((place / "rings").iterdir()) == []


def test_the_run_that_diverges_raises_an_alert(place, db, tocsind):
    trainer = start(place, "charlm", "--project", "s", "--name", "wild", "--lr", 30, "--log", place,
                    TOCSIN_ENDPOINT=tocsind.endpoint)
    assert wait_end(trainer) == 3, trainer.log
    check_run(db, "wild", place)
    last_step = max(step for step, _, _ in logged(place)[0])
    ((rank, step, level, title),) = db.query(
        "select rank, step, level, title from alerts_feed where level = 'error'")
    assert (rank, step, level, title) == (0, last_step, "error", "loss is not a number")
    assert any(value == "nan" or value in (bits(math.inf), bits(-math.inf))
               for log in logged(place).values() for _, _, value in log)


def test_training_needs_no_collector(place):
    nobody = f"ipc://{place}/nobody.sock"
    trainer = start(place, "charlm", "--project", "s", "--steps", 60, "--log", place,
                    "--finish-ms", 300, TOCSIN_ENDPOINT=nobody)
    assert wait_end(trainer) == 0, trainer.log
    assert all({step for step, _, _ in log} == set(range(60)) for log in logged(place).values())
    trained = max((place / f"rank{rank}.csv").stat().st_mtime for rank in range(RANKS))
    assert time.time() - trained < 8, "it waited longer than it was told"  # the default is 10 s
    waiting = re.findall(r"they wait in (\S+)", trainer.log)
    assert len(waiting) == RANKS and all(os.path.exists(path) for path in waiting), trainer.log


def test_a_collector_killed_in_the_middle_loses_and_repeats_nothing(place, db, tocsind):
    steps = 600
    trainer = start(place, "charlm", "--project", "s", "--name", "r", "--steps", steps, "--hidden",
                    16, "--log", place, "--finish-ms", 30000, TOCSIN_ENDPOINT=tocsind.endpoint)
    for part in 0.1, 0.4, 0.7:
        wait_for(lambda: committed_calls(db) > part * steps * RANKS, 60, lambda: trainer.log)
        assert trainer.code is None, "it ended before its collector was killed"
        tocsind.kill9()
        tocsind.start()
    assert wait_end(trainer) == 0, trainer.log
    check_run(db, "r", place)
    assert db.query("select state, ranks from runs_overview") == [("finished", RANKS)]


def committed_calls(db):
    return db.value("select coalesce(sum(committed), 0) from producers_overview where lane = 'metrics'")
