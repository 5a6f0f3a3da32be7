#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""What people wait for at the dashboard, and what it costs: a PostgreSQL, a tocsind, a `tocsin show` and a chromium of
its own; 100 runs with 50 metrics and 10,000 steps, compacted as tocsind does in the background.

    tests/bench/dashboard.py BUILD_FOLDER [--runs N] [--metrics N] [--steps N] [--repeat N] [--raw]

--raw: without roll-ups, as in the first minutes of a project. The load before and after says what the figures are worth."""

import argparse
import os
import pathlib
import random
import shutil
import statistics
import sys
import time

TOP = pathlib.Path(__file__).resolve().parents[2]
sys.path[:0] = [str(TOP / "tests/browser"), str(TOP / "tests/integration")]

PAGES = 20
IDLE_S = 30
BETWEEN_S = 2.5  # two values, so that each has its own change of the picture

# In the page from its first moment on: which curves are under way, and when the pictures in sight last changed.
WATCH = """
    window.bench = {asked: 0, pending: 0, first: null, every: null, changed: null, changes: [], seen: {}};
    const fetchOf = window.fetch;
    window.fetch = async (...given) => {
        if (!String(given[0]).includes('/api/curves')) return fetchOf(...given);
        bench.asked++;
        bench.pending++;
        const answer = await fetchOf(...given);
        const json = answer.json.bind(answer);
        answer.json = () => json().finally(() => bench.pending--);
        return answer;
    };
    const small = new OffscreenCanvas(48, 32).getContext('2d', {willReadFrequently: true});
    const hashOf = (canvas) => {
        small.clearRect(0, 0, 48, 32);
        small.drawImage(canvas, 0, 0, 48, 32);
        return small.getImageData(0, 0, 48, 32).data.reduce((hash, byte) => (hash * 31 + byte) | 0, 7);
    };
    const inSight = (element) => {
        const box = element.getBoundingClientRect();
        return box.bottom > 0 && box.top < innerHeight && box.height > 0;
    };
    let before = '';
    let looked = 0;
    const look = () => {
        requestAnimationFrame(look);
        if (performance.now() - looked < 30) return; // looking costs as well
        looked = performance.now();
        const panels = [...document.querySelectorAll('article canvas:first-of-type')].filter(inSight);
        const now = panels.map(hashOf).join();
        if (panels.length > 0 && now !== before) {
            bench.first ??= performance.now();
            bench.changed = performance.now();
            bench.changes.push(performance.timeOrigin + bench.changed);
            if (bench.changes.length > 10000) bench.changes.shift();
        }
        before = now;
        const articles = [...document.querySelectorAll('main article')].filter(inSight);
        if (articles.length > 0 && articles.every((one) => one.querySelector('canvas'))) bench.every ??= performance.now();
        for (const notice of document.querySelectorAll('article[aria-label^=alarm]')) {
            bench.seen[notice.ariaLabel] ??= performance.timeOrigin + performance.now();
        }
    };
    requestAnimationFrame(look);
"""
DRAWN = "bench.asked > 0 && bench.pending === 0 && bench.changed !== null && performance.now() - bench.changed > 700"


def show(name, found, unit, limit=None):
    print(f"{name:<66} {min(found):9.1f} {statistics.median(found):9.1f} {max(found):9.1f} {unit:<4}"
          f"{'' if limit is None else f' <= {limit}'}", flush=True)


class Stage:
    """All programs, and what they have cost."""

    def __init__(self, args, place):
        from browser import Browser
        from rig.postgres import Cluster
        from rig.programs import Tocsind
        from rig.show import Show
        self.args = args
        self.place = place
        self.cluster = Cluster(place, shared_buffers="1GB", max_wal_size="8GB", track_commit_timestamp="on")
        self.db = self.cluster.create()
        self.tocsind = Tocsind(place, self.db.dsn_collector)
        self.show = Show(place, self.db.dsn_superuser)
        self.browser = Browser(place)

    def stop(self):
        self.browser.close()
        self.show.stop()
        if self.tocsind.process:
            self.tocsind.stop()
        self.db.close()
        self.cluster.stop()

    def open(self, query):
        return self.browser.open(f"{self.show.url}?{query}", init=WATCH)

    def cpu_s(self):
        """Of tocsin show, and of the database's sessions that it has."""
        backends = [pid for (pid,) in self.db.query("select pid from pg_stat_activity where application_name like 'tocsin%%' "
                                                    "and pid <> pg_backend_pid()")]
        return cpu_of(self.show.process.pid), sum(map(cpu_of, backends))


def cpu_of(pid):
    try:
        fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    except FileNotFoundError:
        return 0.0
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def wait(page, condition, deadline_s):
    from rig.wait import wait_for
    wait_for(lambda: page.run(condition), deadline_s, page.shown)


def compact(stage):
    from rig.wait import wait_for
    begin = time.monotonic()
    stage.tocsind.start("--compaction-share=100", "--compaction-interval-ms=100")
    wait_for(lambda: stage.db.value("select count(*) from compaction_backlog") == 0, 1200)
    stage.tocsind.stop()
    stage.db.query("vacuum analyze")
    print(f"compacted in {time.monotonic() - begin:.0f} s")


def page_size(stage):
    sizes = [len(stage.show.request(path, headers={"Accept-Encoding": "gzip"}).bytes) for path in ("/", "/app.js", "/app.css")]
    show("the page, packed", [sum(sizes) / 1024], "KiB", 120)


def first_panels(stage):
    first, every, whole = [], [], []
    for _ in range(stage.args.repeat):
        page = stage.open("project=big&view=metrics")
        wait(page, DRAWN, 300)
        first.append(page.run("bench.first"))
        every.append(page.run("bench.every"))
        whole.append(page.run("bench.changed"))
        page.close()
    show("from the address to the first panel", first, "ms")
    show("  to curves in all panels in sight (of the 20 newest runs)", every, "ms", 1000)
    show("  to all curves of all panels in sight", whole, "ms")


def commit_to_pixel(stage):
    """A real emitter's values and alerts, from the commit of their row to the next frame that shows them."""
    from rig.python import Scripts
    from trainer import LiveTrainer
    stage.tocsind.start("--compaction-share=0")
    trainer = LiveTrainer(Scripts(stage.place, stage.tocsind.endpoint, stage.db.dsn_reader), project="live", name="live")
    trainer.log(0, loss=0)
    wait_committed(stage.db, 0)
    page = stage.open("project=live&view=metrics&full=loss")
    page.text("Live", exact=True).wait()
    wait(page, DRAWN, 60)
    n = 4 * stage.args.repeat
    for step in range(1, n):
        trainer.log(step, loss=step % 2)
        if step % 2:
            trainer.alert(f"alarm {step}", level="error")
        time.sleep(BETWEEN_S + random.random() / 4)
    wait_committed(stage.db, n - 1)
    time.sleep(BETWEEN_S)
    values = dict(stage.db.query("select first_step, extract(epoch from pg_xact_commit_timestamp(xmin))::float8 * 1000 from blocks "
                                 "where run_id = (select run_id from runs where name = 'live')"))
    alarms = dict(stage.db.query("select title, extract(epoch from pg_xact_commit_timestamp(xmin))::float8 * 1000 from alerts"))
    changes, seen = page.run("[bench.changes, bench.seen]")
    show("COMMIT to pixel: a value on its curve", [min((at for at in changes if at > committed), default=committed + 60000) - committed
                                                   for step, committed in values.items() if step > 0], "ms", 500)
    show("COMMIT to pixel: an alert over the page", [seen[title] - committed for title, committed in alarms.items()], "ms", 500)
    page.close()
    trainer.finish()
    stage.tocsind.stop()


def wait_committed(db, step):
    from rig.wait import wait_for
    wait_for(lambda: db.value("select count(*) from metrics where project = 'live' and step = %s", step) > 0, 30)


def idle(stage):
    """Twenty open pages of a project in which nothing happens."""
    pages = [stage.open("project=big&view=metrics") for _ in range(PAGES)]
    for page in pages:
        wait(page, DRAWN, 600)
    begin, before = time.monotonic(), stage.cpu_s()
    time.sleep(IDLE_S)
    seconds, after = time.monotonic() - begin, stage.cpu_s()
    server, database = ((b - a) / seconds * 100 for a, b in zip(before, after))
    show(f"{PAGES} open pages, nothing happens: tocsin show", [server], "%")
    show("  and with its sessions of PostgreSQL", [server + database], "%", 10)
    for page in pages:
        page.close()


def measure(stage):
    import bulk
    args = stage.args
    bulk.fill(stage.db, "big", args.runs, args.metrics, args.steps)
    if not args.raw:
        compact(stage)
    print(f"{args.runs} runs, {args.metrics} metrics, {args.steps} steps{', without roll-ups' if args.raw else ''}; "
          f"load {os.getloadavg()[0]:.1f}\n{'':<66} {'min':>9} {'median':>9} {'max':>9}")
    page_size(stage)
    first_panels(stage)
    commit_to_pixel(stage)
    idle(stage)
    print(f"load {os.getloadavg()[0]:.1f}")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("build")
    parser.add_argument("--runs", type=int, default=100)
    parser.add_argument("--metrics", type=int, default=50)
    parser.add_argument("--steps", type=int, default=10_000)
    parser.add_argument("--repeat", type=int, default=10)
    parser.add_argument("--raw", action="store_true")
    args = parser.parse_args()
    os.environ["TOCSIN_BIN_DIR"] = str(pathlib.Path(args.build).resolve())
    from rig.process import clear_place, make_place  # these read the variable
    place = make_place()
    place.chmod(0o755)
    try:
        stage = Stage(args, place)
        try:
            measure(stage)
        finally:
            stage.stop()
    finally:
        clear_place(place)
        shutil.rmtree(place, ignore_errors=True)


if __name__ == "__main__":
    main()
