#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""faults.py SCENARIO [--seed N] [--kills N]: one scenario, and what the oracle says of it.

The programs are those of the build directory $TOCSIN_BIN_DIR, by default build/release. Exit codes: 0 everything as promised;
10 the oracle found something wrong; 11 a process crashed, hung or did not recover;
77 this machine cannot make the fault.
$TOCSIN_FAULTS_KEEP is a directory to which the record and the logs of a failure are copied."""

import argparse
import json
import os
import pathlib
import shutil
import signal
import sys
import time
import traceback

import loads  # noqa: F401 (it registers its scenarios, as do those that follow)
import network  # noqa: F401
import outages  # noqa: F401
import power  # noqa: F401
import syscalls  # noqa: F401
from scenarios import SCENARIOS
from world import Unavailable, Unfit, World

GOOD, WRONG, UNFIT, SKIPPED = 0, 10, 11, 77  # Python itself ends with 1 or 2


def keep(world, name):
    where = os.environ.get("TOCSIN_FAULTS_KEEP")
    if where:
        shutil.copytree(world.place, os.path.join(where, name), dirs_exist_ok=True,
                        ignore=shutil.ignore_patterns("pg", "fifo", "*.sock", "rings"))


def report(name, seed, world, oracle, seconds):
    """What happened, as numbers."""
    return {"scenario": name, "seed": seed, "faults": dict(world.kills),
            "figures": dict(world.figures), "calls": oracle.calls, "starts": len(oracle.starts),
            "stored": oracle.stored, "found": dict(oracle.counts), "seconds": round(seconds)}


def say(told, problems):
    made = [f"{kind} {n}" for kind, n in sorted({**told["faults"], **told["figures"]}.items())]
    found = [f"{kind} {n}" for kind, n in told["found"].items()]
    print(f"{told['scenario']}: seed {told['seed']}, {', '.join(made)}: {told['calls']} calls of "
          f"{told['starts']} starts checked, {told['stored']} stored; {', '.join(found)} "
          f"({told['seconds']} s)", *problems, sep="\n  ", flush=True)


def run(name, seed, kills, json_path):
    function, arguments = SCENARIOS[name]
    began = time.monotonic()
    world = World(seed, **arguments)
    try:
        function(world, kills)
        world.finish()
        oracle = world.check()
        if world.damaged or world.cut_off:
            world.figures["gone"] = oracle.gone
        world.figures["compacted"] = oracle.compacted
        told = report(name, seed, world, oracle, time.monotonic() - began)
        say(told, oracle.problems)
        if json_path:
            pathlib.Path(json_path).write_text(json.dumps(told), encoding="ascii")
        if oracle.is_good():
            return GOOD
        keep(world, name)
        return WRONG
    except Unavailable as why:
        print(f"{name}: not run: {why}")
        return SKIPPED
    except (Unfit, AssertionError) as error:
        traceback.print_exc()
        print(f"{name}: seed {seed}: {error}", flush=True)
        keep(world, name)
        return UNFIT
    finally:
        world.close()


def give_up(number, frame):
    raise Unfit("the scenario took too long")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("scenario", choices=SCENARIOS)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--kills", type=int, default=5)
    parser.add_argument("--deadline-s", type=int, default=3600)
    parser.add_argument("--json", metavar="FILE", help="also writes the numbers there")
    arguments = parser.parse_args()
    for number in (signal.SIGALRM, signal.SIGTERM):
        signal.signal(number, give_up)
    signal.alarm(arguments.deadline_s)
    root = pathlib.Path(__file__).resolve().parent.parent.parent
    os.environ.setdefault("TOCSIN_BIN_DIR", str(root / "build/release"))
    return run(arguments.scenario, arguments.seed, arguments.kills, arguments.json)


if __name__ == "__main__":
    sys.exit(main())
