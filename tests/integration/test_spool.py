# SPDX-License-Identifier: Apache-2.0
"""The collector is away for longer than the ring lasts: real tocsind, real PostgreSQL."""

import subprocess

from rig.trainer import Trainer, assert_stored_once, conservation
from rig.wait import wait_for

CALLS = 100_000  # five times what the ring holds


def assert_conserved(db):
    for lane, (emitted, committed, dropped, on_node) in conservation(db).items():
        assert emitted == committed + dropped and on_node == 0, (lane, emitted, committed, dropped)


def test_a_collector_that_comes_last_gets_every_call_once(place, db, make_tocsind):
    tocsind = make_tocsind()
    trainer = Trainer(place, tocsind.endpoint).start(CALLS, "finish")
    wait_for(lambda: len(trainer.files("*-1-*.spool")) > 0, 20, lambda: trainer.process.log)
    trainer.wait_returned(CALLS * 9 // 10)
    tocsind.start()
    assert trainer.wait_end() == 0, trainer.process.log
    assert_stored_once(db, CALLS)
    assert_conserved(db)
    assert not trainer.files(), "what is acknowledged is removed"


def test_a_collector_that_is_killed_in_between_gets_every_call_once(place, db, make_tocsind):
    tocsind = make_tocsind().start()
    trainer = Trainer(place, tocsind.endpoint).start(CALLS, "finish")
    trainer.wait_returned(CALLS // 10)
    tocsind.kill9()
    trainer.wait_returned(CALLS // 2)
    tocsind.start()
    assert trainer.wait_end() == 0, trainer.process.log
    assert_stored_once(db, CALLS)
    assert_conserved(db)
    assert not trainer.files()


def test_alerts_are_not_held_up_by_a_backlog_of_metrics(place, db, make_tocsind):
    """When the last alert is stored, metrics are still on their way from the spool."""
    tocsind = make_tocsind()
    trainer = Trainer(place, tocsind.endpoint).start(4 * CALLS, "wait")
    trainer.wait_returned(4 * CALLS, 60)
    tocsind.start()
    alerts = 4 * CALLS // 1000

    def stored():
        return db.query("""select (select count(*) from tocsin.alerts_feed),
                                  coalesce(max(committed), 0) from tocsin.producers_overview
                           where lane = 'metrics'""")[0]
    row = wait_for(lambda: (row := stored())[0] == alerts and row, 30, stored)
    assert row[1] < 4 * CALLS, "the metrics came first"
    wait_for(lambda: stored()[1] == 4 * CALLS, 60, stored)
    trainer.process.kill9()


def test_a_spool_that_is_full_costs_the_newest_calls_and_counts_them(place, db, make_tocsind):
    tocsind = make_tocsind()
    trainer = Trainer(place, tocsind.endpoint, TOCSIN_SPOOL_BYTES=str(1 << 20))
    trainer.start(0, "wait")
    wait_for(lambda: "is full: its bound is" in trainer.process.log, 30,
             lambda: trainer.process.log)
    tocsind.start()
    before = trainer.returned
    trainer.wait_returned(before + 1000)
    assert sum(path.stat().st_size for path in trainer.files("*.spool")) <= 1 << 20
    trainer.process.kill9()


def test_a_disk_without_space_is_used_again_when_it_has_some(place, db, make_tocsind):
    """A tmpfs of two MiB, filled up by somebody else."""
    disk = place / "disk"
    disk.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=2m", "tmpfs", disk], check=True)
    try:
        (disk / "filler").write_bytes(bytes(1 << 20))
        tocsind = make_tocsind()
        trainer = Trainer(place, tocsind.endpoint, TOCSIN_SPOOL_DIR=str(disk / "spool"))
        trainer.start(0, "wait")
        wait_for(lambda: "No space left" in trainer.process.log, 30, lambda: trainer.process.log)
        before = sum(path.stat().st_size for path in (disk / "spool").glob("*.spool"))
        (disk / "filler").unlink()
        wait_for(lambda: sum(path.stat().st_size for path in (disk / "spool").glob("*.spool"))
                 > before + (1 << 18), 30, lambda: trainer.process.log)
        trainer.process.kill9()
    finally:
        subprocess.run(["umount", "-l", disk], check=True)
