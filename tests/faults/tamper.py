#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""tamper.py: what is right in PostgreSQL is made wrong by hand, one thing at a time; the oracle must
see each. It needs no bug in the product, so it is quick; ./prove is the other half."""

import signal
import sys

from faults import give_up
from oracle import Oracle
from world import World, connect

FIRST = "(select ctid from blocks where cardinality(steps) > 1 order by ctid limit 1)"
TAMPERINGS = {
    "a block is gone": ("lost", f"delete from blocks where ctid = {FIRST}"),
    "an alert is gone": ("lost", "delete from alerts where alert_id = (select min(alert_id) from alerts)"),
    "an end is gone": ("lost", "update attempts set ended = null, ending = null where rank = 1"),
    "a block is there twice": ("twice", f"insert into blocks select * from blocks where ctid = {FIRST}"),
    "an alert is there twice": (
        "twice", "insert into alerts (project_id, run_id, rank, attempt, level, title, text, step, time) "
        "select project_id, run_id, rank, attempt, level, title, text, step, time from alerts limit 1"),
    "a value has another last bit": (
        "altered", "update blocks set values[cardinality(values)] = values[cardinality(values)] * "
        "(1 + 2.3e-16) where abs(values[cardinality(values)]) between 0.001 and 1"),
    "a step is another": ("altered", f"update blocks set steps[1] = steps[1] - 1, "
                          f"first_step = first_step - 1 where ctid = {FIRST}"),
    "a time is another": ("altered", f"update blocks set times[1] = times[1] - interval '1 s' "
                          f"where ctid = {FIRST}"),
    "a name is another": ("altered", "update series set name = name || 'x' where position = 1"),
    "a text is another": ("altered", "update alerts set text = text || 'x'"),
    "a call nobody made": ("never logged", f"insert into blocks select run_id, keyset_id, first_step, "
                           f"last_step, rank, attempt, steps, times, array_replace(values, values[1], "
                           f"1e6) from blocks where ctid = {FIRST}"),
    "an attempt nobody made": ("never logged", "update attempts set pid = pid + 1 where rank = 0"),
    "alerts in another order": (
        "out of order", "update alerts set alert_id = 1000000 - alert_id"),
    "blocks in another order": (
        "out of order", "insert into blocks select * from blocks where first_step = 0; "
        "delete from blocks b using blocks c where b.first_step = 0 and c.first_step = 0 "
        "and (b.run_id, b.rank, b.keyset_id) = (c.run_id, c.rank, c.keyset_id) and b.ctid < c.ctid"),
    "a drop is not counted": ("books", "update producers set emitted = emitted + 1 where lane = 1"),
    "a commit is counted twice": ("books", "update producers set committed = committed + 1"),
    "a run state counts too much": ("books", "update run_state set calls = calls + 1"),
}

def main():
    signal.signal(signal.SIGALRM, give_up)
    signal.alarm(120)
    world = World(1)
    missed = []
    try:
        world.start(ranks=2)
        world.wait_progress(60)
        world.finish()
        oracle = world.check()
        assert oracle.is_good(), oracle.problems
        for n, (what, (name, sql)) in enumerate(TAMPERINGS.items()):
            world.db.close()
            world.cluster.execute(f"create database tampered_{n} template {world.db.name}")
            dsn = world.cluster.dsn(f"tampered_{n}")
            world.cluster.execute(f"alter database tampered_{n} set search_path = tocsin, public")
            with connect(dsn).cursor() as cursor:
                cursor.execute(sql)
            found = Oracle(world.record, dsn).check().counts
            print(f"{what}: {', '.join(f'{k} {v}' for k, v in found.items() if v) or 'not seen'}")
            if not found[name]:
                missed.append(what)
    finally:
        world.close()
    print(f"{len(TAMPERINGS)} tamperings, not seen: {', '.join(missed) or 'none'}")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
