# SPDX-License-Identifier: Apache-2.0
"""The stage of a scenario: a PostgreSQL, collectors, trainers, the recorder, proxies between them."""

import collections
import contextlib
import os
import pathlib
import random
import re
import shutil
import signal
import sys
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "integration"))

import psycopg2  # noqa: E402
from rig.postgres import Cluster, connect  # noqa: E402
from rig.process import SANITIZER_EXIT, Process, clear_place, make_place, survivors  # noqa: E402
from rig.programs import Cli, Tocsind  # noqa: E402
from rig.wait import wait_for  # noqa: E402

from oracle import FULL, OK, Oracle  # noqa: E402
from proxy import Proxy  # noqa: E402

FINISHED, LATE = 0, 3  # exit codes of a trainer that may happen
LIVELY_S = 60  # how long after the last fault everything must be delivered
SHIP_S = 300  # a million calls, on a busy machine


class Unfit(Exception):
    """The world did not do what is expected of it: a crash, a hang, a test that is broken."""


class Unavailable(Exception):
    """This machine cannot make the fault."""


def build_dir():
    return pathlib.Path(os.environ["TOCSIN_BIN_DIR"])


# Compaction goes on all the time, so that what kills tocsind or PostgreSQL kills it too.
COMPACT = ("--compaction-interval-ms=100", "--compaction-quiet-s=1")


class Collector(Tocsind):
    """tocsind; wrapper: a program and its arguments that run it, such as strace."""

    def __init__(self, world, name, wrapper=()):
        dsn = world.db.dsn_collector
        if world.postgres_proxy:  # the later of two equal keywords counts
            dsn += f" host=127.0.0.1 port={world.postgres_proxy.port} sslmode=disable"
        super().__init__(world.place, dsn, name)
        self.world = world
        self.wrapper = list(wrapper)
        self.flags = []
        self.env = {}

    def spawn(self, *argv, env=None):
        self._log_start = len(self.log)
        self.process = Process(
            [*self.wrapper, build_dir() / "collector/tocsind", f"--listen={self.endpoint}",
             f"--dsn={self.dsn}", "--health=127.0.0.1:0", "--db-wait-ms=60000", *COMPACT, *self.flags, *argv],
            self.place, self.log_path, {**self.env, **(env or {})})
        return self

    @property
    def socket(self):
        return self.endpoint.removeprefix("ipc://")

    def is_alive(self):
        return self.process is not None and self.process.code is None

    def rss_bytes(self):
        status = pathlib.Path(f"/proc/{self.pid}/status").read_text()
        return int(status.split("VmRSS:")[1].split()[0]) * 1024


class Trainers:
    """So many ranks of one run. A rank that ends is started again, as by a launcher."""

    def __init__(self, world, ranks, endpoints, rate=300, calls=(50, 1500), ring_bytes=None,
                 runs=1, spool_bytes=None, wrapper=(), env=None):
        self.world = world
        self.rate = rate
        self.calls = calls
        self.runs = runs
        self.wrapper = wrapper if callable(wrapper) else lambda: wrapper  # what runs each start
        self.killed = 0  # starts that ended by SIGKILL
        self.ranks = range(0, ranks, runs)
        self.processes = {}  # rank: Process
        self.env = {"TOCSIN_PROJECT": "faults", "TOCSIN_RUN_ID": "faults", "TOCSIN_QUIET": "1",
                    "TOCSIN_ENDPOINT": endpoints, "WORLD_SIZE": str(ranks),
                    "TOCSIN_RING_DIR": str(world.rings),
                    "TOCSIN_RING_BYTES": str(ring_bytes) if ring_bytes else None,
                    "TOCSIN_SPOOL_BYTES": str(spool_bytes) if spool_bytes else None,
                    # LeakSanitizer stops its own process at the end; a SIGCONT in that moment, as
                    # finish() and some scenarios send, and it waits for ever.
                    "ASAN_OPTIONS": f"detect_leaks=0:exitcode={SANITIZER_EXIT}", **(env or {})}

    def start_one(self, rank):
        world = self.world
        number = world.starts
        world.starts += self.runs
        calls = world.rng.randint(*self.calls)
        self.processes[rank] = Process(
            [*self.wrapper(), build_dir() / "tests/faults/trainer", world.fifo, number,
             world.rng.getrandbits(62), calls, self.rate, LIVELY_S * 1000, self.runs],
            world.place, world.place / "trainers.log", {"RANK": str(rank), **self.env})

    def start(self):
        for rank in self.ranks:
            self.start_one(rank)

    def tend(self):
        """Starts again what ended as it may."""
        for rank, process in list(self.processes.items()):
            if process.code is not None:
                self.judge(rank, process.code)
                self.start_one(rank)

    def judge(self, rank, code):
        """A signal that came before main() ends a trainer that has logged nothing."""
        if code not in (FINISHED, LATE, -signal.SIGKILL, -signal.SIGTERM, -signal.SIGUSR1):
            raise Unfit(f"the trainer of rank {rank} ended with {code}:\n{self.processes[rank].log}")
        self.killed += code == -signal.SIGKILL

    def finish(self):
        """Ends all as a scheduler would; everything must be delivered in time."""
        for process in self.processes.values():
            process.send(signal.SIGCONT)
            process.send(signal.SIGTERM)
        end = time.monotonic() + 2 * LIVELY_S
        for rank, process in self.processes.items():
            wait_for(lambda: process.code is not None, max(1, end - time.monotonic()),
                     f"the trainer of rank {rank} ends")
            self.judge(rank, process.code)
            if process.code == LATE:
                raise Unfit(f"rank {rank} could not deliver within {LIVELY_S} s")


class World:
    def __init__(self, seed, **how):
        self.rng = random.Random(seed)
        self.place = make_place()
        self.rings = tempfile.mkdtemp(prefix="tocsin-", dir="/dev/shm")
        self.starts = 0
        self.trainers = []
        self.collectors = []
        self.proxies = []  # one for each collector, or none
        self.postgres_proxy = None
        self.kills = collections.Counter()
        self.figures = collections.Counter()  # what was measured beside
        self.damaged = set()  # starts whose spools a scenario has spoiled
        self.cut_off = set()  # starts whose memory and unwritten files are gone,
        self.lost_max_bytes = 0  # at most so much of each lane
        self.ship_env = {}  # of tocsin ship
        self.fifo_end = None
        self.db = None
        try:
            self._build(**how)
        except BaseException:
            self.close()
            raise

    def _build(self, collectors=1, proxied=False, postgres_proxied=False, wrapper=(), **settings):
        self.cluster = Cluster(self.place, **settings)
        self.db = self.cluster.create()
        self.fifo = self.place / "fifo"
        self.record = self.place / "record"
        os.mkfifo(self.fifo)
        self.recorder = Process(["cat", self.fifo], self.place, self.record)
        self.fifo_end = os.open(self.fifo, os.O_WRONLY)  # so that the recorder sees no end
        if postgres_proxied:
            self.postgres_proxy = Proxy(self.cluster.dir / ".s.PGSQL.5432")
        self.collectors = [Collector(self, f"tocsind{i}", wrapper) for i in range(collectors)]
        if proxied:
            self.proxies = [Proxy(c.socket) for c in self.collectors]

    @property
    def endpoints(self):
        return ",".join([p.endpoint for p in self.proxies] or [c.endpoint for c in self.collectors])

    def add_trainers(self, ranks=4, endpoints=None, **how):
        trainers = Trainers(self, ranks, endpoints or self.endpoints, **how)
        self.trainers.append(trainers)
        trainers.start()
        return trainers

    def start(self, **how):
        """Collectors, then trainers."""
        for collector in self.collectors:
            collector.start()
        return self.add_trainers(**how)

    def tend(self):
        for trainers in self.trainers:
            trainers.tend()

    def go_on(self, seconds):
        """Lets everything run for a time: the instant of a fault is drawn, not waited for."""
        end = time.monotonic() + seconds
        while True:
            self.tend()
            left = end - time.monotonic()
            if left <= 0:
                return
            time.sleep(min(left, 0.02))

    def wait(self, condition, deadline_s=LIVELY_S, what=None):
        def tended():
            self.tend()
            return condition()

        wait_for(tended, deadline_s, what)

    def ask(self, sql):
        """Rows, or None while PostgreSQL does not answer."""
        try:
            return self.db.query(sql)
        except psycopg2.Error:
            self.db.close()
            return None

    def committed(self):
        """How many batches are in the tables; None while PostgreSQL does not answer."""
        rows = self.ask("select coalesce(sum(last_seq), 0) from producers")
        return rows and rows[0][0]

    def wait_progress(self, batches=1, deadline_s=LIVELY_S):
        """Waits until something more is committed."""
        before = []

        def moved():
            now = self.committed()
            if now is not None:
                before.append(now)
            return before and before[-1] >= before[0] + batches

        self.wait(moved, deadline_s, lambda: "nothing is committed any more:\n" + "\n".join(
            c.log[-2000:] for c in self.collectors))

    @contextlib.contextmanager
    def hold(self, table=None):
        """Commits stop in the middle: a table that the writer needs is locked. Without a table one
        is drawn, or none."""
        table = table or self.rng.choice(["blocks", "alerts", "producers", None])
        connection = None
        try:
            if table:
                connection = self.db.connect()
                connection.autocommit = False
                cursor = connection.cursor()
                cursor.execute("set lock_timeout = '5s'")
                cursor.execute(f"lock table tocsin.{table} in exclusive mode")
        except psycopg2.Error:
            pass
        try:
            yield
        finally:
            if connection is not None:
                connection.close()

    def starts_of_returns(self, code):
        """For each call that returned this code the number of its start."""
        return re.findall(rf"^r (\d+) \d+ {code} ", self.record.read_text(), re.M)

    def restart_postgres(self):
        self.db.close()
        self.cluster.start()

    def finish(self):
        """After the last fault: everybody delivers and ends, then what the killed left is shipped."""
        for trainers in self.trainers:
            trainers.finish()
        self.deliver()

    def deliver(self):
        cli = Cli(self.place)
        end = time.monotonic() + SHIP_S
        while True:
            done = cli.run("ship", "--endpoint", self.endpoints, "--json",
                           env={"TOCSIN_RING_DIR": self.rings, **self.ship_env}, timeout_s=SHIP_S)
            if done.rc == 0:
                self.figures["shipped_calls"] += done.json()["calls"]
                return
            if time.monotonic() > end:
                raise Unfit(f"tocsin ship leaves something: {done.rc} {done.stdout}{done.stderr}")

    def check(self):
        """Asks the oracle, after the collectors wrote what they hold."""
        for collector in self.collectors:
            if collector.is_alive():
                collector.resume()
                code = collector.stop()
                if code != 0:
                    raise Unfit(f"tocsind ended with {code}:\n{collector.log[-3000:]}")
        os.close(self.fifo_end)
        self.fifo_end = None
        wait_for(lambda: self.recorder.code is not None, 15, "the recorder ends")
        self.db.close()
        return Oracle(self.record, self.db.dsn_superuser, self.damaged, self.cut_off,
                      self.lost_max_bytes).check()

    def postgres_pids(self):
        return survivors(self.cluster.data)

    def close(self):
        for proxy in [*self.proxies, *filter(None, [self.postgres_proxy])]:
            proxy.close()
        if self.fifo_end is not None:
            os.close(self.fifo_end)
        if self.db is not None:
            self.db.close()
        clear_place(self.place)
        shutil.rmtree(self.rings, ignore_errors=True)
