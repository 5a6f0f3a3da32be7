# SPDX-License-Identifier: Apache-2.0
"""GeneralTracker and what log_with="trackio" does (version 1.12)."""


class GeneralTracker:
    main_process_only = True

    def __init__(self, _blank=False):
        if not _blank:
            lacking = [name for name in ("name", "requires_logging_directory", "tracker")
                       if name not in dir(self)]
            if lacking:
                raise NotImplementedError(f"the tracker lacks {lacking}")

    def start(self):
        pass

    def store_init_configuration(self, values):
        pass

    def log(self, values, step, **kwargs):
        pass

    def finish(self):
        pass


class TrackioTracker(GeneralTracker):
    name = "trackio"
    requires_logging_directory = False
    main_process_only = False

    def __init__(self, run_name, **kwargs):
        super().__init__()
        self.run_name = run_name
        self.init_kwargs = kwargs

    def start(self):
        import trackio
        self.run = trackio.init(project=self.run_name, **self.init_kwargs)

    @property
    def tracker(self):
        return self.run

    def store_init_configuration(self, values):
        import trackio
        trackio.config.update(values, allow_val_change=True)

    def log(self, values, step=None, **kwargs):
        self.run.log(values, step=step, **kwargs)

    def finish(self):
        self.run.finish()
