# SPDX-License-Identifier: Apache-2.0
"""Producers that deliver whatever happens: a window, resending, reconnecting; many in one thread."""

import itertools
import time

import zmq

from rig import wire
from rig.emitter import FakeEmitter
from rig.wait import wait_for

NAMES = ["loss", "rate"]


def value_of(rank, step):
    """What a rank logs at a step: 0.25 + the step, and something that is different in each rank."""
    return step + 0.25, rank * 1000000.0 + step


class Resender(FakeEmitter):
    """Sends `batches` batches of `calls` calls each, with steps 0, 1, 2 ... unless steps_of says
    otherwise. Drive it with drive()."""

    WINDOW = 8

    def __init__(self, endpoints, run_id, rank=0, batches=50, calls=4, steps_of=None, answer_s=20,
                 **hello):
        """answer_s: silence after which it goes to the next collector."""
        self.endpoints = itertools.cycle([endpoints] if isinstance(endpoints, str) else endpoints)
        super().__init__(next(self.endpoints), run_id=run_id, rank=rank, **hello)
        self.batches = batches
        self.size = calls
        self.answer_s = answer_s
        self.steps_of = steps_of or (lambda seq: range((seq - 1) * calls, seq * calls))
        self.acked = self.sent = self.hellos = 0
        self.greeted = False
        self._say_hello()

    def _say_hello(self):
        self.greeted = False
        self.hellos += 1
        self.heard = time.monotonic()
        self.send_raw(self.hello_frame())

    def _frame(self, seq):
        calls = [(step, 1700000000000000000 + seq * 1000000 + i, value_of(self.rank, step))
                 for i, step in enumerate(self.steps_of(seq))]
        items = [wire.block(wire.METRIC, NAMES, calls)]
        if seq == 1:
            items.insert(0, wire.keyset(wire.METRIC, NAMES))
        return self.batch_frame(wire.METRICS, items, seq=seq, emitted=seq * self.size)

    def _hear(self):
        while self._socket.poll(0):
            kind, fields = wire.decode(self._socket.recv())
            self.heard = time.monotonic()
            if kind == wire.WELCOME:
                self.greeted = True
                self.attempt = fields["attempt"]
                self.acked = self.sent = fields["metrics_seq"]
            elif kind == wire.ACK:
                self.acked = max(self.acked, fields["last_seq"])
                self.sent = max(self.sent, self.acked)
            elif kind == wire.NACK and fields["reason"] == 0:
                self.sent = fields["last_seq"]
            elif kind == wire.NACK:
                self._say_hello()
            else:
                raise AssertionError(fields)

    def turn(self):
        """One look at the socket, then whatever may be sent now."""
        self._hear()
        if time.monotonic() - self.heard > self.answer_s and not self.is_done():
            self.reconnect(next(self.endpoints))
            self._say_hello()
        while self.greeted and self.sent < min(self.batches, self.acked + self.WINDOW):
            try:
                self._socket.send(self._frame(self.sent + 1), zmq.DONTWAIT)
            except zmq.Again:
                return
            self.sent += 1

    def is_done(self):
        return self.acked >= self.batches


def drive(resenders, until=None, deadline_s=60):
    """Turns all of them until the condition holds; by default until everything is acknowledged."""
    until = until or (lambda: all(r.is_done() for r in resenders))

    def turn_all():
        for resender in resenders:
            resender.turn()
        return until()

    wait_for(turn_all, deadline_s, lambda: [(r.rank, r.acked, r.sent) for r in resenders])


def acked(resenders):
    return sum(r.acked for r in resenders)


def check_stored(db, resenders):
    """Every call is there exactly once, with its values, and nothing else; the books agree."""
    for r in resenders:
        rows = db.query(
            "select u.step, count(*) from blocks b, unnest(steps) u(step) "
            "where run_id = %s and rank = %s and attempt = %s group by 1 order by 1",
            r.run_id, r.rank, r.attempt)
        expected = sorted(s for seq in range(1, r.batches + 1) for s in r.steps_of(seq))
        assert [s for s, n in rows for _ in range(n)] == expected, f"rank {r.rank}"
        bad = db.value(
            "select count(*) from metrics_all_attempts where run_id = %s and rank = %s and "
            "attempt = %s and value <> case name when 'loss' then step + 0.25 "
            "else %s * 1000000.0 + step end", r.run_id, r.rank, r.attempt, r.rank)
        assert bad == 0
    runs = list({r.run_id for r in resenders})
    assert db.query("select on_node, emitted = committed from producers_overview "
                    "where run_id = any(%s) and lane = 'metrics'", runs) == [(0, True)] * len(resenders)


# The run state computed from all blocks by the rules of 0001_init.sql, another way than the program
# does it; NaN is made a text, because it is not equal to itself in Python.
_STATE_FROM_BLOCKS = """
with calls as (
  select b.run_id, b.keyset_id, b.rank, b.attempt, b.steps[i] as step, b.times[i] as time,
         array(select b.values[c * cardinality(b.steps) + i]
                 from generate_series(0, cardinality(b.values) / cardinality(b.steps) - 1) c
                order by c) as row
    from blocks b, generate_subscripts(b.steps, 1) i)
select run_id, keyset_id, rank, attempt, count(*), min(step), max(step),
       ((array_agg(row::text order by step desc, time desc))[1]),
       (array_agg(time order by step desc, time desc))[1],
       (select array_agg(coalesce(low, 'NaN') order by p)::text
          from (select p, min(nullif(d.row[p], 'NaN')) as low
                  from calls d, generate_subscripts(d.row, 1) p
                 where (d.run_id, d.keyset_id, d.rank, d.attempt) =
                       (c.run_id, c.keyset_id, c.rank, c.attempt) group by p) x),
       (select array_agg(coalesce(high, 'NaN') order by p)::text
          from (select p, max(nullif(d.row[p], 'NaN')) as high
                  from calls d, generate_subscripts(d.row, 1) p
                 where (d.run_id, d.keyset_id, d.rank, d.attempt) =
                       (c.run_id, c.keyset_id, c.rank, c.attempt) group by p) x)
  from calls c
 group by run_id, keyset_id, rank, attempt
 order by 1, 2, 3, 4"""

_STATE_AS_STORED = """
select run_id, keyset_id, rank, attempt, calls, first_step, last_step, last::text, last_time,
       minimum::text, maximum::text
  from run_state order by 1, 2, 3, 4"""


def stored_state(db):
    return db.query(_STATE_AS_STORED)


def state_from_blocks(db):
    return db.query(_STATE_FROM_BLOCKS)


def wait_for_state(db, deadline_s=30):
    """Waits until the table says what the blocks say, for everything committed."""
    def agrees():
        behind = db.value("select count(*) from producers where lane = 1 and state_seq < last_seq")
        return behind == 0 and stored_state(db) == state_from_blocks(db)

    wait_for(agrees, deadline_s, lambda: f"{stored_state(db)}\n\n{state_from_blocks(db)}")
