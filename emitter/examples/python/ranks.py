#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A run of several ranks: processes of multiprocessing with the variables that torchrun sets. All write
into one run, each with its rank; nothing about tocsin is in the launcher.

    ranks.py [--ranks 4] [--steps 100]
"""

import argparse
import multiprocessing
import os
import uuid

import tocsin


def train(rank, ranks, launch, steps, averages, barrier):
    os.environ.update(RANK=str(rank), LOCAL_RANK=str(rank), WORLD_SIZE=str(ranks), LOCAL_WORLD_SIZE=str(ranks),
                      MASTER_ADDR="127.0.0.1", MASTER_PORT="29500", TORCHELASTIC_RUN_ID=launch)
    weight, target = 0.0, 1.0 + rank  # every rank has data of its own
    with tocsin.init(project="ranks", config={"ranks": ranks}) as run:
        for step in range(steps):
            averages[rank] = 2 * (weight - target)
            barrier.wait()
            gradient = sum(averages) / ranks
            barrier.wait()
            run.log({"train/loss": (weight - target) ** 2, "train/gradient": gradient}, step=step)
            weight -= 0.1 * gradient
        if rank == 0:
            run.alert("all ranks agree", f"the weight is {weight:.3f}", level="info")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--ranks", type=int, default=4)
    parser.add_argument("--steps", type=int, default=100)
    args = parser.parse_args()
    launch = uuid.uuid4().hex
    averages = multiprocessing.Array("d", args.ranks, lock=False)
    barrier = multiprocessing.Barrier(args.ranks)
    processes = [multiprocessing.Process(
        target=train, args=(rank, args.ranks, launch, args.steps, averages, barrier))
        for rank in range(args.ranks)]
    for process in processes:
        process.start()
    for process in processes:
        process.join()
    return max(abs(process.exitcode) for process in processes)


if __name__ == "__main__":
    raise SystemExit(main())
