# SPDX-License-Identifier: Apache-2.0
"""A training process that logs and alerts at the moment the test says."""

import json
import os

from rig.wait import wait_for

SCRIPT = """
    import json
    import sys
    import tocsin

    run = None
    for line in open(sys.argv[1]):
        do = json.loads(line)
        if run is None:
            run = tocsin.init(**do)
        elif "alert" in do:
            run.alert(do["alert"], text=do.get("text"), level=do.get("level", "warn"))
        else:
            run.log({k: float(v) for k, v in do["log"].items()}, step=do["step"])
    assert run.finish(), run.stats()
"""


class LiveTrainer:
    """The Python package in a process of its own, told through a FIFO what to do next."""

    def __init__(self, scripts, **init):
        path = scripts.place / f"steps{scripts.started}"
        os.mkfifo(path)
        self._process = scripts.start(SCRIPT, path)
        self._steps = open(path, "w", buffering=1)
        self._tell({"project": "p", **init})

    def _tell(self, do):
        self._steps.write(json.dumps(do) + "\n")

    def log(self, step, **values):
        """Values may be "nan": JSON has no such number."""
        self._tell({"step": step, "log": values})

    def alert(self, title, **more):
        self._tell({"alert": title, **more})

    def finish(self):
        self._steps.close()
        wait_for(lambda: self._process.code is not None, 60, lambda: self._process.log)
        assert self._process.code == 0, self._process.log
