# SPDX-License-Identifier: Apache-2.0
"""A tracker for Accelerate:

    from tocsin.integrations.accelerate import TocsinTracker

    accelerator = Accelerator(log_with=TocsinTracker("my-project"))
    accelerator.init_trackers("my-project", config=vars(args))
"""

import tocsin
from accelerate.tracking import GeneralTracker


class TocsinTracker(GeneralTracker):
    """Options: those of tocsin.init(). all_ranks: every process logs into the run, with its rank."""

    name = "tocsin"
    requires_logging_directory = False
    main_process_only = True

    def __init__(self, project=None, name=None, all_ranks=False, **options):
        super().__init__()
        self.main_process_only = not all_ranks
        self._project, self._run_name, self._options = project, name, options
        self.run = None

    def start(self):
        """Accelerate calls it; before version 1.7 the first use does."""
        if self.run is None:
            self.run = tocsin.init(self._project, self._run_name, **self._options)

    @property
    def tracker(self):
        self.start()
        return self.run

    def store_init_configuration(self, values):
        self.tracker.config.update(values)

    def log(self, values, step=None, **kwargs):
        self.tracker.log(values, step=step)

    def finish(self):
        if self.run is not None:
            self.run.finish()
