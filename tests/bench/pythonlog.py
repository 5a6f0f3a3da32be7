# SPDX-License-Identifier: Apache-2.0
"""What a call of the Python package costs the training thread, next to things that every Python does,
measured in turns so that all share the machine's mood. No collector is needed.

    PYTHONPATH=<where tocsin is built> /usr/bin/python3 tests/bench/pythonlog.py [--calls N]

The median of each: of rounds of 100 calls, so that the clock costs nothing, and of single calls for
the tail, less what an empty round costs. numpy is measured where it is installed."""

import argparse
import json
import os
import pathlib
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

ROUND = 100


def prepare():
    place = pathlib.Path(tempfile.mkdtemp(prefix="tb-", dir="/dev/shm"))
    os.environ.update(TOCSIN_RING_DIR=str(place / "rings"), TOCSIN_SPOOL_DIR=str(place / "spool"),
                      TOCSIN_ENDPOINT=f"ipc://{place}/nobody", TOCSIN_RING_BYTES=str(1 << 30))
    return place


def contenders(run):
    """name: (limit in us or None, what is called)."""
    floats = {f"train/metric_{i}": i + 0.5 for i in range(10)}
    mixed = {f"train/metric_{i}": i for i in range(10)}
    nested = {"train": {f"metric_{i}": i + 0.5 for i in range(10)}}
    table = {
        "log, 10 floats": (1.0, lambda: run.log(floats)),
        "tocsin.log, 10 floats, step=": (1.0, lambda: tocsin.log(floats, step=7)),
        "log, 10 ints": (None, lambda: run.log(mixed)),
        "log, 10 floats in a nested dict": (None, lambda: run.log(nested)),
        "json.dumps, the 10 floats": (None, lambda: json.dumps(floats)),
        "dict(), the 10 floats": (None, lambda: dict(floats)),
    }
    try:
        import numpy
    except ImportError:
        return table
    for kind in (numpy.float64, numpy.float32):
        scalars = {key: kind(value) for key, value in floats.items()}
        table[f"log, 10 numpy.{kind.__name__}"] = (2.0, lambda scalars=scalars: run.log(scalars))
    return table


def round_of(call):
    calls = range(ROUND)
    began = time.perf_counter_ns()
    for _ in calls:
        call()
    return (time.perf_counter_ns() - began) / ROUND


def percentile(sorted_values, share):
    return sorted_values[min(len(sorted_values) - 1, int(len(sorted_values) * share))]


def single_calls(call, n):
    taken = []
    for _ in range(n):
        began = time.perf_counter_ns()
        call()
        taken.append(time.perf_counter_ns() - began)
    return sorted(taken)


def say(name, p50, unit, limit, tail=None):
    """One line, which tests/bench/run reads as well."""
    rest = "" if tail is None else f"  p99.9 {tail:.2f} {unit}"
    mark = "" if limit is None else f"  limit {limit:g} {unit}: {'ok' if p50 <= limit else 'MISSED'}"
    print(f"{name:36s} p50 {p50:8.3f} {unit}{rest}{mark}", flush=True)


def measure(table, calls):
    rounds = {name: [] for name in table}
    empty = []
    for _ in range(max(10, calls // ROUND)):
        empty.append(round_of(lambda: None))
        for name, (_, call) in table.items():
            rounds[name].append(round_of(call))
    floor = statistics.median(empty)
    for name, (limit, call) in table.items():
        p50 = (statistics.median(rounds[name]) - floor) / 1000
        say(name, p50, "us", limit, percentile(single_calls(call, calls), 0.999) / 1000)


def measure_alert(run, n):
    out = os.dup(1)
    sink = os.open(os.devnull, os.O_WRONLY)
    os.dup2(sink, 1)
    taken = single_calls(lambda: run.alert("loss is NaN", "a text", step=1), n)
    os.dup2(out, 1)
    os.close(sink)
    say("alert", statistics.median(taken) / 1000, "us", 50, percentile(taken, 0.999) / 1000)


def measure_import():
    """Of a new process, less what Python itself needs."""
    def seconds(code):
        began = time.perf_counter()
        subprocess.run([sys.executable, "-c", code], check=True)
        return time.perf_counter() - began

    pairs = [(seconds("pass"), seconds("import tocsin")) for _ in range(15)]
    say("import tocsin", statistics.median(b - a for a, b in pairs) * 1000, "ms", 50)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--calls", type=int, default=20000)
    options = parser.parse_args()
    run = tocsin.init("bench", quiet=True)
    measure(contenders(run), options.calls)
    stats = run.stats()
    measure_alert(run, 1000)
    measure_import()
    print(f"{stats['emitted']} calls, {stats['dropped']} dropped", file=sys.stderr)
    run.finish(timeout=0)


if __name__ == "__main__":
    PLACE = prepare()
    import tocsin
    try:
        main()
    finally:
        shutil.rmtree(PLACE, ignore_errors=True)
