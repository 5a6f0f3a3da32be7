# SPDX-License-Identifier: Apache-2.0
"""A network of one's own, in which every address is this machine's: whoever connects anywhere arrives
at whoever listens on all addresses, and the kernel counts each attempt. Needs root."""

import ctypes
import os
import pathlib

from rig.process import Process
from rig.wait import wait_for

CLONE_NEWNET = 0x40000000
RESOLVER = "127.0.0.53"
SETUP = """
ip link set lo up
ip route add local 0.0.0.0/0 dev lo
ip -6 route add local ::/0 dev lo
mount --bind resolv.conf /etc/resolv.conf
echo ready
exec sleep infinity
"""


class Namespace:
    """prefix: the words that run a program in it, as Tocsind.prefix."""

    def __init__(self, place):
        (place / "resolv.conf").write_text(f"nameserver {RESOLVER}\noptions timeout:1 attempts:2\n")
        self.process = Process(["unshare", "--net", "--mount", "sh", "-ec", SETUP], place, place / "netns.log")
        self.prefix = ["nsenter", f"--target={self.process.pid}", "--net", "--mount", "--"]
        wait_for(lambda: "ready" in self.process.log, 10, lambda: self.process.log)

    def enter_thread(self):
        """From now on, sockets of this thread are in the namespace."""
        libc = ctypes.CDLL(None, use_errno=True)
        with open(f"/proc/{self.process.pid}/ns/net", "rb") as namespace:
            if libc.setns(namespace.fileno(), CLONE_NEWNET) != 0:
                raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))

    def connects(self):
        """TCP connections that were begun in it, to any address, whether or not anybody answered."""
        names, values = [line.split() for line in
                         pathlib.Path(f"/proc/{self.process.pid}/net/snmp").read_text().splitlines()
                         if line.startswith("Tcp:")]
        return int(values[names.index("ActiveOpens")])

    def close(self):
        self.process.kill9()
