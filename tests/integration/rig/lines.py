# SPDX-License-Identifier: Apache-2.0
"""A program that is spoken to in lines."""

import queue
import subprocess
import threading

from rig.process import environment


class Lines:
    """A program that is written to and read from line by line."""

    def __init__(self, argv, place, env, cwd=None):
        self.errors = place / f"errors-{id(self)}"
        with open(self.errors, "wb") as errors:
            self.process = subprocess.Popen(list(map(str, argv)), cwd=cwd or place, env=environment(place, env),
                                            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=errors)
        self._lines = queue.Queue()
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self):
        for line in self.process.stdout:
            self._lines.put(line)
        self._lines.put(None)

    def write(self, data):
        self.process.stdin.write(data)
        self.process.stdin.flush()

    def line(self, timeout_s=30):
        """The next line; None: there are no more."""
        try:
            return self._lines.get(timeout=timeout_s)
        except queue.Empty:
            raise AssertionError(f"no line within {timeout_s} s:\n{self.errors.read_text()}") from None

    def silent(self):
        return self._lines.empty()

    def end(self, timeout_s=15):
        """Ends its input; exit code and the lines that were left."""
        self.process.stdin.close()
        code = self.process.wait(timeout_s)
        self._reader.join(timeout_s)
        rest = []
        while (line := self._lines.get(timeout=timeout_s)) is not None:
            rest.append(line)
        return code, rest

    def stop(self):
        """Also after a failure; what it has started ends with it."""
        if self.process.poll() is None:
            self.process.stdin.close()
            try:
                self.process.wait(15)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        self.process.stdout.close()
