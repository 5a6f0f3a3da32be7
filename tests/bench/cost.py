#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""The cost curve: what a point costs the emitter, the collector and PostgreSQL, by number of producers, rate and width.

    tests/bench/cost.py BUILD_FOLDER [--quick] [--only PRODUCERS/RATE/METRICS] [--seconds S] [--out FILE]

A PostgreSQL of its own, durable; for each point a new tocsind, one real emitter, and simulated producers for the rest
(tests/bench/producers.c). Prints one line a point, and writes all columns as TSV with --out, where it replaces the
same points of an earlier run: those that somebody disturbed are measured again with --only 1024/10/10,64/full/10.
load1 is the load average of the machine before the point."""

import argparse
import csv
import datetime
import os
import pathlib
import sys
import tempfile

TOP = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(TOP / "tests/integration"))

PRODUCERS = (1, 8, 64, 256, 1024, 4096)
RATES = ("1", "10", "full", "single")
METRICS = (5, 10, 50, 250)
QUICK = [(1, "full", 10), (64, "10", 10), (64, "full", 10), (1024, "1", 50), (1024, "10", 10), (1024, "full", 10),
         (1024, "single", 10), (4096, "1", 10)]

SETTINGS = {"fsync": "on", "synchronous_commit": "on", "shared_buffers": "1GB", "max_wal_size": "8GB", "jit": "off",
            "default_toast_compression": "lz4", "track_commit_timestamp": "on", "track_wal_io_timing": "on"}

SHOWN = (("producers", "6d"), ("rate", ">6"), ("metrics", "4d"), ("points_per_s", "10.0f"), ("lag_p50_ms", "7.0f"),
         ("lag_p99_ms", "7.0f"), ("emitter_ns", "7.0f"), ("collector_ns", "7.0f"), ("pg_ns", "7.0f"), ("wire_bytes", "6.1f"),
         ("wal_bytes", "6.1f"), ("disk_bytes", "6.1f"), ("collector_mb", "6.0f"), ("kb_per_producer", "7.0f"),
         ("lost", "4d"), ("load1", "4.1f"), ("limit", ""))


def grid():
    """Batches of one call are for what small batches cost, and one width shows that."""
    return [(p, r, m) for r in RATES for m in METRICS for p in PRODUCERS if r != "single" or m == 10]


def chosen(args):
    if args.only:
        points = [item.split("/") for item in args.only.split(",")]
        return [(int(p), r, int(m)) for p, r, m in points]
    return QUICK if args.quick else grid()


def width(form):
    digits = form.lstrip(">").split(".")[0].rstrip("df")
    return int(digits or 0)


def show(row):
    print(" ".join(format(row[name], form) for name, form in SHOWN), flush=True)


def show_head():
    print(" ".join(f"{name.replace('_', ' ')[:width(form) or None]:>{width(form) or 1}}" for name, form in SHOWN))


def as_text(value):
    return f"{value:.4g}" if isinstance(value, float) else str(value)


def key(row):
    return int(row["producers"]), row["rate"], int(row["metrics"])


def written(path):
    """The points of a file, by what they are; none if it is not there."""
    if not path.exists():
        return {}
    lines = [line for line in path.read_text().splitlines() if not line.startswith("#")]
    return {key(row): row for row in csv.DictReader(lines, delimiter="\t")}


def write(path, row):
    """Puts the point in its place among those of the file; one that was there is replaced."""
    rows = written(path)
    rows[key(row)] = {name: as_text(value) for name, value in row.items()}
    lines = ["\t".join(row), *("\t".join(rows[one].get(name, "") for name in row) for one in sorted(rows, key=place))]
    path.write_text("\n".join([f"# tests/bench/cost.py, {os.cpu_count()} cores; one line a point", *lines]) + "\n")


def place(point):
    producers, rate, metrics = point
    return RATES.index(rate) if rate in RATES else len(RATES), metrics, producers


def measure(args, bench):
    from cost_point import Config
    show_head()
    for producers, rate, metrics in chosen(args):
        load1 = os.getloadavg()[0]
        row = {**bench.measure(Config(producers, rate, metrics), args.seconds), "load1": load1, "date": str(datetime.date.today())}
        show(row)
        if args.out:
            write(pathlib.Path(args.out), row)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("build")
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--only")
    parser.add_argument("--seconds", type=float, default=4)
    parser.add_argument("--out")
    args = parser.parse_args()
    build = pathlib.Path(args.build).resolve()
    os.environ["TOCSIN_BIN_DIR"] = str(build)
    from cost_point import Bench
    from rig.postgres import Cluster  # reads the variable
    with tempfile.TemporaryDirectory(prefix="tb-", dir="/tmp") as place:
        place = pathlib.Path(place)
        place.chmod(0o755)
        cluster = Cluster(place, **SETTINGS)
        try:
            measure(args, Bench(build, place, cluster, cluster.create()))
        finally:
            cluster.stop()


if __name__ == "__main__":
    main()
