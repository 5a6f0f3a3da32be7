# SPDX-License-Identifier: Apache-2.0
"""The power of a trainer's node fails: memory is gone, and of the disk all that was not made durable.
The disk is an ext4 in a file, which the kernel is told to shut down as if it had lost its power."""

import contextlib
import fcntl
import os
import shutil
import struct
import subprocess

from scenarios import scenario
from world import Unavailable, Unfit

DISK_BYTES = 64 << 20
RING_BYTES = 1 << 20
SEGMENT_BYTES = 4 << 20  # what docs/reliability.md says may be gone of a lane's spool,
BATCH_BYTES = 256 << 10  # and a batch more
SHUTDOWN, NO_LOG_FLUSH = 0x8004587D, struct.pack("I", 2)  # EXT4_IOC_SHUTDOWN


def tool(*argv):
    return subprocess.run(argv, capture_output=True, check=False, timeout=60)


class Disk:
    def __init__(self, place):
        self.image, self.path = place / "disk.img", place / "disk"
        self.path.mkdir()
        with open(self.image, "wb") as image:
            image.truncate(DISK_BYTES)

    def make(self):
        done = tool("mkfs.ext4", "-q", self.image)
        if done.returncode != 0:
            raise Unavailable(f"mkfs.ext4: {done.stderr.decode()}")

    def mount(self):
        done = tool("mount", "-o", "loop", self.image, self.path)
        if done.returncode != 0:
            raise Unavailable(f"a file cannot be mounted here: {done.stderr.decode()}")

    def cut_power(self):
        """From now on nothing is written; what was not made durable is gone when it is mounted again."""
        if not self.path.is_mount():
            raise Unfit("the disk is not mounted: this would shut down the machine's own")
        root = os.open(self.path, os.O_RDONLY)
        fcntl.ioctl(root, SHUTDOWN, NO_LOG_FLUSH)
        os.close(root)

    def restore_power(self):
        """Mounts what is on the disk. A copy of it, because a mount namespace that somebody made
        meanwhile may still hold the one that was shut down."""
        done = tool("umount", self.path)
        if done.returncode != 0:
            raise Unfit(f"umount: {done.stderr.decode()}")
        copy = self.image.with_suffix(".copy")
        shutil.copyfile(self.image, copy)
        self.image.unlink()
        copy.rename(self.image)
        self.mount()


@contextlib.contextmanager
def disk(world):
    made = Disk(world.place)
    made.make()
    made.mount()
    try:
        yield made
    finally:
        for trainers in world.trainers:
            for process in trainers.processes.values():
                process.kill9()
        tool("umount", made.path)


def complete_segments(node):
    """What must survive: all but the newest segment of each spool."""
    files = sorted(node.path.glob("spool/*.spool"), key=lambda path: int(path.stem.split("-")[2]))
    newest = {path.stem.rsplit("-", 1)[0]: path for path in files}.values()
    return {path: path.read_bytes() for path in files if path not in newest}


def check_segments(complete):
    for path, content in complete.items():
        if not path.exists() or path.read_bytes() != content:
            raise Unfit(f"{path} was complete, and did not survive")


@scenario()
def power(world, kills):
    """No collector while trainers fill spools; then the power fails. What was in segments that were
    complete is delivered, all else is gone, and the next start is not held up by it."""
    with disk(world) as node:
        world.ship_env = {"TOCSIN_SPOOL_DIR": str(node.path / "spool")}
        world.lost_max_bytes = SEGMENT_BYTES + BATCH_BYTES + RING_BYTES
        for _ in range(kills):
            trainers = world.add_trainers(ranks=1, rate=20000, calls=(300000, 300000),
                                          ring_bytes=RING_BYTES, env=world.ship_env)
            world.wait(lambda: list(node.path.glob("spool/*-2.spool")),
                       what="a segment is complete")
            world.go_on(world.rng.uniform(0, 2))
            world.cut_off.add(world.starts - 1)
            world.trainers.remove(trainers)
            complete = complete_segments(node)
            node.cut_power()
            for process in trainers.processes.values():
                process.kill9()
            for ring in os.listdir(world.rings):
                os.unlink(os.path.join(world.rings, ring))
            node.restore_power()
            check_segments(complete)
            world.kills["power"] += 1
            world.collectors[0].start()
            world.deliver()
            world.collectors[0].stop()
        world.collectors[0].start()
        world.add_trainers(ranks=2, env=world.ship_env)  # on the disk as it is now
        world.wait_progress()
        world.finish()
