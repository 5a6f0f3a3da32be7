# SPDX-License-Identifier: Apache-2.0
"""Callbacks for Hugging Face's Trainer, and TRL's, which are the same:

    from tocsin.integrations.transformers import AlertCallback, TocsinCallback

    trainer = Trainer(..., callbacks=[TocsinCallback("my-project"), AlertCallback()])
"""

import tocsin
from tocsin.integrations.rules import NotANumber, Spike, Watch
from transformers import TrainerCallback

# Said once, at the end of training: no metrics of a step.
SUMMARY = {"train_runtime", "train_samples_per_second", "train_steps_per_second", "train_loss",
           "total_flos"}
DEFAULT_RULES = (NotANumber(), Spike())


def rewritten(logs):
    """loss becomes train/loss, eval_loss eval/loss: the names that other loggers show too."""
    renamed = {}
    for name, value in logs.items():
        if name in SUMMARY or isinstance(value, str):
            continue
        kind, _, rest = name.partition("_")
        known = kind in ("eval", "test") and rest
        renamed[f"{kind}/{rest}" if known else f"train/{name}"] = value
    return renamed


def _config_of(args, model):
    """The model's configuration below the arguments of training."""
    config = getattr(model, "config", None)
    parts = [part.to_dict() for part in (config, args) if hasattr(part, "to_dict")]
    return {key: value for part in parts for key, value in part.items()}


class TocsinCallback(TrainerCallback):
    """Logs what the Trainer logs, with its step. Uses the current run, or starts one at the first
    chance, with the options of tocsin.init(). all_ranks: every process logs, not the first one only.

    The run is left open for evaluate() and predict() after train(); it ends with the process or with
    tocsin.finish()."""

    def __init__(self, project=None, name=None, all_ranks=False, **options):
        self.project, self.name, self.all_ranks, self.options = project, name, all_ranks, options
        self._configured = None

    def _run(self, args, state, model=None):
        """The run to log to; None: not from this process."""
        if not (self.all_ranks or state.is_world_process_zero):
            return None
        if tocsin.current_run() is None:
            tocsin.init(self.project or getattr(args, "project", None) or "huggingface",
                        self.name or getattr(args, "run_name", None), **self.options)
        run = tocsin.current_run()
        if self._configured is not run:
            self._configured = run
            run.config.update(_config_of(args, model))
        return run

    def on_train_begin(self, args, state, control, model=None, **kwargs):
        self._run(args, state, model)

    def on_log(self, args, state, control, logs=None, model=None, **kwargs):
        run = self._run(args, state, model)
        if run is not None:
            run.log(rewritten(logs or {}), step=state.global_step)

    def on_predict(self, args, state, control, metrics=None, **kwargs):
        self.on_log(args, state, control, logs=metrics, **kwargs)


class AlertCallback(TrainerCallback):
    """Raises alerts by rules on what the Trainer logs, under the names that it uses itself (loss,
    eval_loss). rules: of tocsin.integrations.rules; default: not a number, and a spike of a loss.
    stop_on: also ends training at an alert of this level or above. Needs a run: of TocsinCallback, of
    report_to="trackio", or of the script."""

    LEVELS = ("info", "warn", "error")

    def __init__(self, rules=DEFAULT_RULES, stop_on=None, all_ranks=False):
        if stop_on is not None and stop_on not in self.LEVELS:
            raise ValueError("stop_on is info, warn or error")
        self.watch = Watch(rules)
        self.stop_on, self.all_ranks = stop_on, all_ranks

    def on_log(self, args, state, control, logs=None, **kwargs):
        if not (self.all_ranks or state.is_world_process_zero):
            return
        for level, title, text in self.watch.check(logs or {}):
            if tocsin.current_run() is not None:
                tocsin.current_run().alert(title, text, level, step=state.global_step)
            if self.stop_on is not None and self.LEVELS.index(level) >= self.LEVELS.index(self.stop_on):
                control.should_training_stop = True
