# SPDX-License-Identifier: Apache-2.0
"""Two machines, as far as the kernel can pretend: network namespaces joined by a cable. Here an
address is not loopback."""

import os
import subprocess


def ip(*argv):
    return subprocess.run(["ip", *argv], capture_output=True, check=False, timeout=20)


class Network:
    """Namespaces a (10.213.0.1) and b (10.213.0.2); nobody else is on the cable."""

    def __init__(self):
        self.names = {side: f"tocsin-{os.getpid()}-{side}" for side in "ab"}

    def open(self):
        """None, or why it cannot be had."""
        steps = [("netns", "add", self.names["a"]), ("netns", "add", self.names["b"]),
                 ("-n", self.names["a"], "link", "add", "cable", "type", "veth", "peer", "name",
                  "cable", "netns", self.names["b"])]
        for side, address in (("a", "10.213.0.1/24"), ("b", "10.213.0.2/24")):
            name = self.names[side]
            steps += [("-n", name, "address", "add", address, "dev", "cable"),
                      ("-n", name, "link", "set", "cable", "up"),
                      ("-n", name, "link", "set", "lo", "up")]
        for step in steps:
            done = ip(*step)
            if done.returncode != 0:
                return f"ip {' '.join(step)}: {done.stderr.decode().strip()}"
        return None

    def close(self):
        for name in self.names.values():
            ip("netns", "del", name)

    def inside(self, side):
        """What a program's arguments begin with to run there."""
        return ["ip", "netns", "exec", self.names[side]]
