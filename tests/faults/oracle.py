# SPDX-License-Identifier: Apache-2.0
"""Compares what trainers logged with what PostgreSQL holds, call by call and bit by bit. It shares
no code with the product: it reads the recorder's file (trainer.c says how it looks) and the tables
as binary COPY.

Owed to every trainer: all that log() took is stored, once, as it was, in its order, and the books
agree, also about which calls a full ring dropped. Owed to one whose spool was damaged after its
death: what is missing is counted as dropped. Owed to one whose power was cut: all but so many bytes
of each lane."""

import collections
import io
import struct

import psycopg2

OK, FULL = 0, 4
EVENTS, METRICS = 0, 1
EPOCH_2000_US = 946684800 * 10**6
TOLD_MAX = 20  # problems that are told; all are counted

class Call(collections.namedtuple("Call", "lane what began_ns")):
    """what: as it must be stored."""

    __slots__ = ()

    @property
    def bytes(self):
        return len(self.what[2]) if self.lane == METRICS else \
            sum(map(len, self.what[2:])) if isinstance(self.what, tuple) else 0


class Start:
    """One start of one trainer, as the recorder heard it."""

    def __init__(self, number, rank, pid, began_ns):
        self.number, self.rank, self.pid, self.began_ns = number, rank, pid, began_ns
        self.started_ns = None  # tocsin_start() returned
        self.keysets = {}  # number in the record: (kind, names)
        self.calls = {}  # n: Call
        self.returned = {}  # n: (code, time)
        self.acknowledged = 0
        self.finishing = False
        self.ended = None  # code of tocsin_finish()
        self.stored = set()
        self.newest = {}  # stream within the start: highest n stored so far

    def codes(self, lane):
        """n and return code, None if it did not return, of a lane's calls in order."""
        return [(n, self.returned.get(n, (None,))[0]) for n, call in self.calls.items()
                if call.lane == lane]


def was_between(time_us, began_ns, ended_ns):
    """Not asked of what did not end, or what began after its end: a clock was set back."""
    return ended_ns is None or ended_ns < began_ns \
        or began_ns // 1000 <= time_us <= ended_ns // 1000


def read_record(path):
    starts = {}
    with open(path, encoding="ascii") as lines:
        for line in lines:
            kind, number, *f = line.split()
            number = int(number)
            if kind == "S":
                assert number not in starts, f"the record begins start {number} twice"
                starts[number] = Start(number, int(f[0]), int(f[1]), int(f[2]))
                continue
            start = starts[number]
            if kind == "s":
                start.started_ns = int(f[1])
            elif kind == "K":
                start.keysets[f[0]] = (f[1], tuple(f"{f[2]}{i}" for i in range(int(f[3]))))
            elif kind == "C":
                what = (start.keysets[f[1]], int(f[2]), bytes.fromhex(f[4].replace(",", "")))
                start.calls[int(f[0])] = Call(METRICS, what, int(f[3]))
            elif kind == "A":
                start.calls[int(f[0])] = Call(EVENTS, (int(f[1]), int(f[2]), f[4], f[5]), int(f[3]))
            elif kind == "J":
                start.calls[int(f[0])] = Call(EVENTS, int(f[0]), int(f[1]))
            elif kind == "r":
                start.returned[int(f[0])] = (int(f[1]), int(f[2]))
            elif kind == "W":
                start.acknowledged = int(f[0])
            elif kind == "D":
                start.finishing = True
            elif kind == "d":
                start.ended = int(f[0])
    return starts


def tuples(connection, sql):
    """Rows of a query as lists of bytes, by COPY in binary format."""
    out = io.BytesIO()
    with connection.cursor() as cursor:
        cursor.copy_expert(f"copy ({sql}) to stdout (format binary)", out)
    data, at = out.getvalue(), 19
    while True:
        (fields,) = struct.unpack_from(">h", data, at)
        at += 2
        if fields < 0:
            return
        row = []
        for _ in range(fields):
            (length,) = struct.unpack_from(">i", data, at)
            at += 4
            row.append(None if length < 0 else data[at:at + length])
            at += max(length, 0)
        yield row


def words(array, form):
    """Elements of a one-dimensional array of eight bytes each; form: q or 8s."""
    (n,) = struct.unpack_from(">i", array, 12)
    return struct.unpack_from(">" + f"4x{form}" * n, array, 20)


class Oracle:
    def __init__(self, record_path, dsn, damaged=(), cut_off=(), lost_max_bytes=0):
        self.starts = read_record(record_path)
        self.damaged, self.cut_off = set(damaged), set(cut_off)  # numbers of starts
        self.lost_max_bytes = lost_max_bytes
        self.counts = collections.Counter({name: 0 for name in self.NAMES})
        self.gone = 0
        self.compacted = 0  # calls in blocks that compaction wrote or marked  # of damaged starts
        self.problems = []
        self.by_attempt = {}  # (run_id, rank, attempt): Start
        self.stored_calls = collections.Counter()  # (run_id, rank, attempt, lane)
        connection = psycopg2.connect(dsn)
        connection.set_session(readonly=True, isolation_level="REPEATABLE READ")
        with connection.cursor() as cursor:
            cursor.execute("set search_path = tocsin")
        self.db = connection

    NAMES = ("lost", "twice", "never logged", "altered", "out of order", "books")

    def blame(self, name, text, times=1):
        self.counts[name] += times
        if len(self.problems) < TOLD_MAX:
            self.problems.append(f"{name}: {text}")

    def query(self, sql):
        with self.db.cursor() as cursor:
            cursor.execute(sql)
            return cursor.fetchall()

    def find_attempts(self):
        """Which attempt is which start: the same rank and process, begun in the same moment."""
        found = collections.Counter()
        for run_id, rank, attempt, pid, us in self.query(
                "select run_id, rank, attempt, pid, extract(epoch from started) * 1000000 "
                "from attempts"):
            starts = [s for s in self.starts.values() if (s.rank, s.pid) == (rank, pid)
                      and was_between(us, s.began_ns, s.started_ns)]
            if len(starts) == 1:
                self.by_attempt[run_id, rank, attempt] = starts[0]
                found[starts[0].number] += 1
            else:
                self.blame("never logged", f"attempt {attempt} of rank {rank}")
        for start in self.starts.values():
            if found[start.number] > 1:
                self.blame("twice", f"start {start.number} has {found[start.number]} attempts")
            elif found[start.number] == 0 and start.ended == OK:
                self.blame("lost", f"start {start.number} finished, but has no attempt")

    def see(self, owner, stream, n, what, time_us=None):
        """One stored call of a start. stream: within it numbers must rise; None: they need not."""
        start = self.by_attempt.get(owner)
        call = start and start.calls.get(n)
        where = f"start {start and start.number} call {n}"
        if call is None or start.returned.get(n, (OK,))[0] != OK:
            self.blame("never logged", f"{where} {what}")
            return
        self.stored_calls[owner + (call.lane,)] += 1
        if n in start.stored:
            self.blame("twice", where)
            return
        start.stored.add(n)
        if stream is not None and n < start.newest.get(stream, -1):
            self.blame("out of order", f"{where} after {start.newest[stream]}")
        start.newest[stream] = max(n, start.newest.get(stream, -1))
        if what != call.what:
            self.blame("altered", f"{where} is {what}, was {call.what}")
        ended_ns = start.returned.get(n, (OK, None))[1]
        if time_us is not None and not was_between(time_us, call.began_ns, ended_ns):
            self.blame("altered", f"{where} has time {time_us}, was logged {call.began_ns // 1000}")

    def check_blocks(self):
        """In the order of their transactions, and in one by their first number: the numbers of a
        keyset must rise, and ranges of blocks must not overlap. What was compacted is in the order
        of its steps instead."""
        names = collections.defaultdict(list)
        kinds = {}
        for run_id, keyset, name, kind in self.query(
                "select run_id, keyset_id, name, kind from series order by position"):
            names[run_id, keyset].append(name)
            kinds[run_id, keyset] = kind
        rows = tuples(self.db, "select run_id, rank, attempt, keyset_id, first_step, last_step, "
                      "steps, times, values, xmin::text::bigint, rolled::int::bigint from blocks")
        for row in sorted(rows, key=lambda row: (row[9], row[8][24:32])):
            run_id, rank, attempt, keyset, first, last = (int.from_bytes(b, "big", signed=True)
                                                          for b in row[:6])
            steps, times, values = words(row[6], "q"), words(row[7], "q"), words(row[8], "8s")
            owner, n = (run_id, rank, attempt), len(steps)
            compacted = bool(int.from_bytes(row[10], "big"))
            self.compacted += n * compacted
            stream = None if compacted else keyset
            if (min(steps), max(steps)) != (first, last) or len(values) % n or len(times) != n:
                self.blame("altered", f"a block of {owner} is not in order")
            kind, columns = kinds.get((run_id, keyset)), tuple(names[run_id, keyset])
            for i in range(n):
                data = b"".join(values[i::n])
                step, time_us = steps[i], times[i] + EPOCH_2000_US
                number = int(struct.unpack(">d", data[:8])[0])
                if kind == "system":  # its step is its time; what the trainer called it is not stored
                    start = self.by_attempt.get(owner)
                    call = start and start.calls.get(number)
                    step = call.what[1] if call and steps[i] == time_us else None
                self.see(owner, stream, number, ((kind, columns), step, data), time_us)

    def check_events(self):
        for run_id, rank, attempt, level, step, title, text, us in self.query(
                "select run_id, rank, attempt, level, step, title, text, "
                "extract(epoch from time) * 1000000 from alerts order by alert_id"):
            n = int(title.rsplit("-", 1)[1])
            self.see((run_id, rank, attempt), "alerts", n, (level, step, title, text), int(us))
        owners = {start.number: owner for owner, start in self.by_attempt.items()}
        for run_id, config in self.query("select run_id, config from runs"):
            for key, value in config.items():
                number, n = map(int, key.split("."))
                self.see(owners.get(number), None, n, value)
        for run_id, rank, attempt, ending in self.query(
                "select run_id, rank, attempt, ending from attempts where ending is not null"):
            owner = (run_id, rank, attempt)
            self.stored_calls[owner + (EVENTS,)] += 1
            if owner in self.by_attempt and not self.by_attempt[owner].finishing:
                self.blame("never logged", f"{ending} of start {self.by_attempt[owner].number}")

    def check_lost(self):
        for start in self.starts.values():
            for lane in (EVENTS, METRICS):
                missing = [n for n, code in start.codes(lane) if code == OK and n not in start.stored]
                if start.number in self.damaged | self.cut_off:
                    self.gone += len(missing)
                    self.check_gone(start, lane, missing)
                elif missing and start.started_ns:
                    self.blame("lost", f"start {start.number} lane {lane}: {len(missing)}, the first "
                               f"is call {missing[0]}", len(missing))
            stored = sum(n in start.stored for n, _ in start.codes(METRICS))
            if stored < start.acknowledged:
                self.blame("lost", f"start {start.number} was told {start.acknowledged} are stored, "
                           f"{stored} are", start.acknowledged - stored)

    def check_gone(self, start, lane, missing):
        """What a power cut took. Counted are the values and texts alone: no encoding needs less."""
        lost = sum(start.calls[n].bytes for n in missing)
        if start.number in self.cut_off and lost > self.lost_max_bytes:
            self.blame("lost", f"start {start.number} lane {lane}: {lost} bytes of "
                       f"{len(missing)} calls", len(missing))

    def check_books(self):
        """Conservation: the producers' totals are those of the record and of the tables."""
        for run_id, rank, attempt, lane, emitted, dropped, committed, ending in self.query(
                "select run_id, rank, attempt, lane, emitted, dropped, committed, ending "
                "from producers join attempts using (run_id, producer_id)"):
            owner = (run_id, rank, attempt)
            start = self.by_attempt.get(owner)
            if start is None:
                continue
            where = f"start {start.number} lane {lane}"
            stored = self.stored_calls[owner + (lane,)]
            if committed != stored:
                self.blame("books", f"{where}: {committed} counted as committed, {stored} stored")
            codes = [code for _, code in start.codes(lane)]
            ends = int(lane == EVENTS and start.finishing)
            taken, full, open_ = (codes.count(code) for code in (OK, FULL, None))
            whole = start.number not in self.damaged | self.cut_off
            good = (taken + full + ends <= emitted <= taken + full + ends + open_
                    and full <= dropped and (dropped <= full + open_ or not whole)
                    and 0 <= emitted - committed - dropped <= open_)
            if start.number in self.cut_off:  # nobody knows what it logged last
                good = committed + dropped == emitted <= taken + full + ends + open_
            if ends and ending != "finished" and whole:
                self.blame("lost", f"the end of start {start.number}")
            if not good:
                self.blame("books", f"{where}: emitted {emitted}, dropped {dropped}, committed "
                           f"{committed}; logged {taken}, full {full}, ends {ends}, open {open_}")

    def check_gaps(self):
        """The gaps of a producer are what it dropped; those with steps tell which calls a full ring
        refused. A damaged spool may have had such a gap."""
        told = collections.defaultdict(list)
        for run_id, rank, attempt, calls, first, last in self.query(
                "select run_id, rank, attempt, calls, first_step, last_step from gaps"):
            told[run_id, rank, attempt].append((calls, first, last))
        for run_id, rank, attempt, dropped, on_node in self.query(
                "select run_id, rank, attempt, dropped, emitted - committed - dropped "
                "from producers join attempts using (run_id, producer_id) where lane = 1"):
            gaps = told[run_id, rank, attempt]
            start = self.by_attempt.get((run_id, rank, attempt))
            calls = sum(gap[0] for gap in gaps)
            if calls != dropped:
                self.blame("books", f"{dropped} calls of {run_id, rank, attempt} were dropped, "
                           f"{calls} are in gaps")
            if start is None or start.number in self.damaged | self.cut_off or on_node:
                continue
            for n, code in start.codes(METRICS):
                (kind, _), step, _ = start.calls[n].what
                if code == FULL and kind == "metric" and not any(
                        first is not None and first <= step <= last for _, first, last in gaps):
                    self.blame("books", f"start {start.number} call {n}: dropped, in no gap")

    def check_states(self):
        """run_state counts what is stored, for producers whose state includes everything."""
        for run_id, rank, attempt, calls in self.query(
                "select run_id, rank, attempt, (select coalesce(sum(calls), 0) from run_state s where "
                "(s.run_id, s.rank, s.attempt) = (a.run_id, a.rank, a.attempt)) from attempts a "
                "join producers p using (run_id, producer_id) where lane = 1 and state_seq = last_seq"):
            stored = self.stored_calls[run_id, rank, attempt, METRICS]
            if calls != stored:
                self.blame("books", f"run_state of {run_id, rank, attempt} counts {calls} calls, "
                           f"{stored} are stored")

    def check(self):
        for part in (self.find_attempts, self.check_blocks, self.check_events, self.check_lost,
                     self.check_books, self.check_gaps, self.check_states):
            part()
        self.db.close()
        return self

    @property
    def calls(self):
        return sum(len(start.calls) for start in self.starts.values())

    @property
    def stored(self):
        return sum(len(start.stored) for start in self.starts.values())

    def is_good(self):
        return not any(self.counts.values())

    def __str__(self):
        return (f"{self.calls} calls of {len(self.starts)} starts checked, {self.stored} stored; "
                + ", ".join(f"{name} {self.counts[name]}" for name in self.NAMES))
