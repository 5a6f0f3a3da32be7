#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What an agent does that looks after a training run: it starts the run, waits for alerts with a cursor,
reads the values around an alert, stops the run, starts it again with another learning rate, and
compares the two. This program is both the agent and, with --train, what it starts.

    agent.py [--project agent] [--lr 3.0] [--steps 400]

Needs a collector, the program tocsin, and a database to ask; all of them are there after `tocsin up`.
"""

import argparse
import json
import math
import signal
import subprocess
import sys
import time

import tocsin

WAIT_S = 60


def train(args):
    """Gradient descent on a valley; with a learning rate above 1 it climbs the walls instead."""
    run = tocsin.init(project=args.project, name=args.name, config={"lr": args.lr})
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1 if run.finish(failed=True) else 2))
    x, best, said = 1.0, math.inf, False
    for step in range(args.steps):
        loss = x * x
        tocsin.log({"train/loss": loss, "train/x": x}, step=step)
        if loss > 10 * best and not said:
            tocsin.alert("loss diverges", f"{loss:.4g} after a best of {best:.4g}", level="error")
            said = True
        best = min(best, loss)
        x = max(-1e100, min(1e100, x - args.lr * x))
        time.sleep(0.005)  # as if a step were work
    tocsin.finish()


def start(args, name, lr):
    print(f"agent: starts {name} with a learning rate of {lr}", flush=True)
    return subprocess.Popen([sys.executable, __file__, "--train", "--project", args.project, "--name", name,
                             "--lr", str(lr), "--steps", str(args.steps)])


def watch(api, project, process, cursor):
    """Until the run ends: the first error alert, or None. The cursor goes on where it was."""
    while process.poll() is None:
        alerts, cursor = api.alerts(project, cursor=cursor, wait=1)
        for alert in alerts:
            if alert["level"] == "error":
                return alert, cursor
    return None, cursor


def losses_around(api, project, alert):
    """The values around the alert's step, once they are stored: alerts travel ahead of metrics."""
    deadline = time.monotonic() + WAIT_S
    while time.monotonic() < deadline:
        around = api.snapshot(project, alert["run_id"], around=alert["step"], window=2)
        if any(value["step"] >= alert["step"] for value in around.get("train/loss", [])):
            return {value["step"]: value["value"] for value in around["train/loss"]}
        time.sleep(0.1)
    return {}


def compare(api, project):
    """One SQL statement over both runs."""
    return api.query(project, """
        select o.run, o.state, o.config->>'lr' as lr, s.last as last_loss
          from runs_overview o join series_overview s using (run_id)
         where o.project = current_setting('tocsin.project') and s.name = 'train/loss'
         order by o.run""")


def look_after(args):
    api, cursor, lr, runs = tocsin.Api(), None, args.lr, []
    for attempt in range(5):
        name = f"attempt-{attempt}"
        process = start(args, name, lr)
        alert, cursor = watch(api, args.project, process, cursor)
        if alert is None:
            process.wait()
            break
        print(f"agent: {alert['run']} says: {alert['title']}: {alert['text']} (step {alert['step']})")
        print(f"agent: around it the loss was {json.dumps(losses_around(api, args.project, alert))}")
        process.terminate()
        process.wait()
        lr /= 10
        runs.append(name)
    for row in compare(api, args.project):
        print("agent:", json.dumps(row))
    return 0 if alert is None and runs else 1


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--project", default="agent")
    parser.add_argument("--lr", type=float, default=3.0)
    parser.add_argument("--steps", type=int, default=400)
    parser.add_argument("--name")
    parser.add_argument("--train", action="store_true")
    args = parser.parse_args()
    return train(args) if args.train else look_after(args)


if __name__ == "__main__":
    sys.exit(main())
