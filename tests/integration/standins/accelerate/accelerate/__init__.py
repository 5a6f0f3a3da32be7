# SPDX-License-Identifier: Apache-2.0
"""Stand-in for Hugging Face Accelerate: what Accelerator does with its trackers, by the documented
signatures of GeneralTracker."""

from accelerate.tracking import GeneralTracker, TrackioTracker


class Accelerator:
    def __init__(self, log_with):
        self.log_with = log_with
        self.trackers = []

    def init_trackers(self, project_name, config=None, init_kwargs=None):
        if isinstance(self.log_with, GeneralTracker):
            self.trackers = [self.log_with]
        else:
            kwargs = (init_kwargs or {}).get(self.log_with, {})
            self.trackers = [TrackioTracker(project_name, **kwargs)]
        for tracker in self.trackers:
            tracker.start()
            if config is not None:
                tracker.store_init_configuration(config)

    def log(self, values, step=None, log_kwargs=None):
        for tracker in self.trackers:
            tracker.log(values, step=step, **(log_kwargs or {}).get(tracker.name, {}))

    def end_training(self):
        for tracker in self.trackers:
            tracker.finish()
