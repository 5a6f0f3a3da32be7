# SPDX-License-Identifier: Apache-2.0
"""trackio.run.Run: a run of tocsin that also takes Trackio's typed values."""

import os

import tocsin
from trackio._values import Typed, storable
from trackio.utils import warn_once


class Run(tocsin.Run):
    """.id tells runs of this process apart; the id in the database is given there."""

    def __init__(self, project, **options):
        super().__init__(project, **options)
        self.id = os.urandom(16).hex()

    def log(self, metrics, step=None, **unknown):
        """As tocsin's; typed values are stored where tocsin has a form for them, else left out."""
        if isinstance(metrics, dict) and any(isinstance(v, (Typed, list)) for v in metrics.values()):
            metrics = storable(self, metrics, step)
            if not metrics:
                return
        super().log(metrics, step, **unknown)

    def log_artifact(self, *args, **kwargs):
        from trackio._absent import log_artifact
        return log_artifact(*args, **kwargs)

    def use_artifact(self, *args, **kwargs):
        from trackio._absent import use_artifact
        return use_artifact(*args, **kwargs)

    def link_artifact(self, *args, **kwargs):
        warn_once("tocsin keeps no artifacts: link_artifact() did nothing")
