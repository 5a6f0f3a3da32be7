# SPDX-License-Identifier: Apache-2.0
"""tocsin with a terminal for its stdout."""

import fcntl
import os
import pty
import select
import struct
import subprocess
import termios

from rig.process import SANITIZER_EXIT, environment, program


def run_on_terminal(place, *argv, columns=100, env=None):
    """Exit code, what a terminal of that width receives, and stderr apart."""
    master, slave = pty.openpty()
    fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 40, columns, 0, 0))
    with subprocess.Popen([program("tocsin"), *argv], env=environment(place, env),
                          stdin=subprocess.DEVNULL, stdout=slave, stderr=subprocess.PIPE) as process:
        os.close(slave)
        shown = _read_all(master)
        os.close(master)
        err = process.stderr.read().decode()
        code = process.wait(timeout=30)
    assert code != SANITIZER_EXIT, err
    return code, shown.decode().replace("\r\n", "\n"), err


def _read_all(master):
    shown = b""
    while select.select([master], [], [], 30)[0]:
        try:
            part = os.read(master, 65536)
        except OSError:  # the other end is closed
            break
        if not part:
            break
        shown += part
    return shown
