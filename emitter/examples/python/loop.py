#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The plain loop: a straight line is fitted to noisy points by gradient descent, and every step logged.

    loop.py [--lr 0.1] [--steps 200]
"""

import argparse
import random

import tocsin


def points(n, seed):
    source = random.Random(seed)
    for _ in range(n):
        x = source.uniform(-1, 1)
        yield x, 3 * x - 1 + source.gauss(0, 0.1)


def loss_and_gradient(w, b, batch):
    errors = [(w * x + b - y, x) for x, y in batch]
    loss = sum(e * e for e, _ in errors) / len(batch)
    return loss, sum(2 * e * x for e, x in errors) / len(batch), sum(2 * e for e, _ in errors) / len(batch)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--lr", type=float, default=0.1)
    parser.add_argument("--steps", type=int, default=200)
    args = parser.parse_args()
    batch = list(points(64, seed=1))
    w = b = 0.0
    with tocsin.init(project="line", config=vars(args)) as run:
        for step in range(args.steps):
            loss, dw, db = loss_and_gradient(w, b, batch)
            run.log({"train/loss": loss, "gradient": {"w": dw, "b": db}}, step=step)
            w, b = w - args.lr * dw, b - args.lr * db
        run.config["result"] = {"w": w, "b": b}
        run.alert("fitted", f"y = {w:.2f} x + {b:.2f}", level="info")


if __name__ == "__main__":
    main()
