#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Takes the pictures of docs/images: a small language model's sweep, made up but of the usual shapes.

    tests/browser/pictures.py BUILD_FOLDER

Look at them before you commit them."""

import json
import math
import os
import pathlib
import random
import sys
import time
from datetime import datetime, timedelta, timezone

TOP = pathlib.Path(__file__).resolve().parents[2]
sys.path[:0] = [str(TOP / "tests/browser"), str(TOP / "tests/integration")]

IMAGES = TOP / "docs/images"
BYTES_MAX = 200 * 1024
WIDE = {"width": 1280, "height": 640}
HIGH = {"width": 1280, "height": 760}
RUNS, STEPS, STEP_S = 10, 1500, 2.0
RANKS = 4  # of the last run, which still runs
NAMES = ["train/loss", "train/grad_norm", "train/lr", "eval/loss", "eval/accuracy", "eval/samples_per_s"]
DIVERGED, NAN_FROM = 4, 1130


def config_of(run):
    return {"lr": [1e-4, 3e-4, 6e-4, 1e-3, 3e-3][run % 5], "batch_size": [256, 512][run % 2], "warmup": [100, 200, 400][run % 3],
            "model": {"depth": [12, 24][run % 2], "width": 768}}


def value(name, run, rank, step):
    """What such a run would log at a step."""
    lr, x = config_of(run)["lr"], step / STEPS
    fit = 1.2 + 0.5 * abs(math.log10(lr / 6e-4))  # the best learning rate is in the middle
    loss = fit + (8 - fit) * math.exp(-14 * x) + 0.25 * math.exp(-3 * x) + random.gauss(0, 0.03)
    if run == DIVERGED and step > NAN_FROM - 120:
        loss += ((step - NAN_FROM + 120) / 60) ** 2
    if run == DIVERGED and step >= NAN_FROM and name != "eval/samples_per_s":
        return float("nan")
    return {
        "train/loss": loss, "eval/loss": loss + 0.12 + 0.1 * x, "eval/accuracy": max(0.0, 0.9 - loss / 8) + random.gauss(0, 0.004),
        "train/grad_norm": 0.4 + 2 * math.exp(-10 * x) + random.expovariate(6) + (0 if run != DIVERGED else max(0, step - NAN_FROM + 120) / 20),
        "train/lr": lr * min(1, step / config_of(run)["warmup"]) * (0.55 + 0.45 * math.cos(math.pi * x)),
        "eval/samples_per_s": 4100 + 90 * run + random.gauss(0, 50) - (900 if rank == 2 else 0),
    }[name]


def fill(stored):
    random.seed(7)
    for run in range(1, RUNS + 1):
        last = run == RUNS
        ranks = RANKS if last else 1
        at = run * 600
        stored.run("tiny-lm", f"{['amber', 'brisk', 'calm', 'dusk', 'ember'][run % 5]}-{run}", run, at=at, config=json.dumps(config_of(run)),
                   username="ada", world_size=ranks, attempts=[(rank, 0) for rank in range(ranks)],
                   ending=None if last else "failed" if run == DIVERGED else "finished")
        steps = STEPS * 2 // 3 if last else NAN_FROM + 60 if run == DIVERGED else STEPS
        for rank in range(ranks):
            stored.log(run, NAMES, [(s, at + s * STEP_S, [value(name, run, rank, s) for name in NAMES]) for s in range(steps)],
                       rank=rank, per_block=500)
    stored.refresh_state()
    stored.alert(DIVERGED, "Loss is NaN", text=f"loss=nan at step {NAN_FROM}. The gradient norm had grown for 120 steps.", level=2,
                 step=NAN_FROM, at=DIVERGED * 600 + NAN_FROM * STEP_S)
    stored.alert(DIVERGED, "Gradient norm is growing", level=1, step=NAN_FROM - 60, at=DIVERGED * 600 + (NAN_FROM - 60) * STEP_S)
    stored.alert(7, "Best validation loss so far", level=0, step=STEPS - 40, at=7 * 600 + (STEPS - 40) * STEP_S)
    stored.db.query("update runs set last_seen = now() where run_id = %s", RUNS)


def take(page, name):
    path = IMAGES / name
    page.call("screenshot", {"path": str(path)})
    size = path.stat().st_size
    print(f"{path.relative_to(TOP)}: {size // 1024} KiB")
    assert size < BYTES_MAX, "too large for a README"


def drawn(page, canvases):
    """All panels in sight have their curves, and these stand still."""
    page._in("locator", "article canvas").wait(canvases)
    time.sleep(1)


def main():
    os.environ["TOCSIN_BIN_DIR"] = str(pathlib.Path(sys.argv[1]).resolve())
    import stored as written  # these read the variable
    from browser import Browser
    from rig.postgres import Cluster
    from rig.process import clear_place, make_place
    from rig.show import Show
    written.T0 = datetime.now(timezone.utc) - timedelta(seconds=600 * RUNS + STEPS * STEP_S * 2 / 3)
    IMAGES.mkdir(exist_ok=True)
    place = make_place()
    cluster = Cluster(place)
    db = cluster.create()
    fill(written.Stored(db))
    show, browser = Show(place, db.dsn_superuser), Browser(place)
    page = browser.open(f"{show.url}?project=tiny-lm&view=metrics&smooth=0.5", size=WIDE, colorScheme="dark")
    page.text("Live", exact=True).wait()
    drawn(page, 6)
    take(page, "metrics.png")
    page.close()
    page = browser.open(f"{show.url}?project=tiny-lm&view=sweeps&metric=eval/loss&across=lr", size=HIGH, colorScheme="light")
    page.role("img", "Parallel coordinates").wait()
    time.sleep(1)
    take(page, "sweeps.png")
    page.close()
    browser.close()
    show.stop()
    db.close()
    cluster.stop()
    clear_place(place)


if __name__ == "__main__":
    main()
