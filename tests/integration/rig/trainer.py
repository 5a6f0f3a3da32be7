# SPDX-License-Identifier: Apache-2.0
"""A training process (counted_trainer.c) with rings and a spool of its own."""

from rig.process import Process, program
from rig.wait import wait_for


class Trainer:
    def __init__(self, place, endpoint, name="trainer", ring_bytes=1 << 20, **env):
        self.place = place
        self.counter = place / f"{name}.counter"
        self.rings = place / "rings"
        self.spool = place / "spool"
        self.name = name
        self.env = {"TOCSIN_ENDPOINT": endpoint, "TOCSIN_RING_DIR": str(self.rings),
                    "TOCSIN_SPOOL_DIR": str(self.spool), "TOCSIN_RING_BYTES": str(ring_bytes), **env}
        self.process = None

    def start(self, calls, end, *more):
        self.process = Process([program("counted_trainer"), self.counter, calls, end, *more], self.place,
                               self.place / f"{self.name}.log", self.env)
        return self

    @property
    def returned(self):
        """Calls that have returned well."""
        return self.counted(0)

    @property
    def dropped(self):
        """Calls that were given up because there was no room."""
        return self.counted(8)

    def counted(self, at):
        data = self.counter.read_bytes() if self.counter.exists() else b""
        return int.from_bytes(data[at:at + 8], "little")

    def wait_returned(self, calls, deadline_s=30):
        def enough():
            assert self.process.code is None or self.returned >= calls, self.process.log
            return self.returned >= calls
        wait_for(enough, deadline_s, lambda: f"{self.returned} calls: {self.process.log}")

    def wait_end(self, deadline_s=60):
        wait_for(lambda: self.process.code is not None, deadline_s, lambda: self.process.log)
        return self.process.code

    def files(self, pattern="*"):
        return [path for folder in (self.rings, self.spool) if folder.exists()
                for path in folder.glob(pattern)]


def stored_steps(db, project="spooled"):
    """Steps of metric a in the order of steps, with how often each is stored."""
    return db.query(f"""select step, count(*) from tocsin.metrics_all_attempts
                        where project = '{project}' and name = 'a' group by step order by step""")


def assert_stored_once(db, calls, at_most=None):
    """Steps 0 to calls - 1, each once; at_most: so many may be there, for one more call can have been
    stored by a process that was killed before it could say so."""
    rows = stored_steps(db)
    assert [row[1] for row in rows] == [1] * len(rows), "a call is stored twice"
    assert calls <= len(rows) <= (at_most or calls), (calls, len(rows))
    assert rows[-1][0] == len(rows) - 1, "a call is missing"


def conservation(db):
    """lane: emitted, committed, dropped, on_node"""
    return {row[0]: row[1:] for row in db.query(
        """select lane, sum(emitted), sum(committed), sum(dropped), sum(on_node)
           from tocsin.producers_overview group by lane""")}
