# SPDX-License-Identifier: Apache-2.0
"""A logger for Lightning:

    from tocsin.integrations.lightning import TocsinLogger

    trainer = Trainer(logger=TocsinLogger("my-project"))
"""

import argparse

import tocsin

try:
    from lightning.pytorch.loggers.logger import Logger
    from lightning.pytorch.utilities import rank_zero_only
except ImportError:
    from pytorch_lightning.loggers.logger import Logger
    from pytorch_lightning.utilities import rank_zero_only


class TocsinLogger(Logger):
    """Options: those of tocsin.init(). all_ranks: every process logs into the run, with its rank, not
    the first one only."""

    def __init__(self, project=None, name=None, all_ranks=False, **options):
        super().__init__()
        self._project, self._name, self._options = project, name, options
        self._all_ranks = all_ranks
        self._run = None

    def _logs_here(self):
        return self._all_ranks or getattr(rank_zero_only, "rank", 0) in (0, None)

    @property
    def experiment(self):
        """The tocsin.Run; None in a process that does not log."""
        if self._run is None and self._logs_here():
            self._run = tocsin.init(self._project, self._name, **self._options)
        return self._run

    @property
    def name(self):
        return self._project

    @property
    def version(self):
        return self._run.name if self._run is not None else self._name

    def log_metrics(self, metrics, step=None):
        if self.experiment is not None:
            self.experiment.log(metrics, step=step)

    def log_hyperparams(self, params, *args, **kwargs):
        if self.experiment is not None:
            self.experiment.config.update(
                vars(params) if isinstance(params, argparse.Namespace) else dict(params or {}))

    def save(self):
        """Nothing waits for it: what was logged is on its way."""

    def finalize(self, status):
        if self._run is not None and self._run.active:
            self._run.finish(failed=status in ("failed", "aborted"))
