# SPDX-License-Identifier: Apache-2.0
"""Metrics and alerts of a training run.

    import tocsin

    tocsin.init(project="my-project", config={"lr": 0.001})
    for step in range(steps):
        loss = train_one_step()
        tocsin.log({"train/loss": loss, "train/lr": lr}, step=step)
        if loss != loss:
            tocsin.alert("loss is NaN", level=tocsin.AlertLevel.ERROR)
    tocsin.finish()

log() copies numbers into memory and returns; a thread of libtocsin does the rest. Nothing here raises
for what is in a log() or an alert(), or because a collector is absent: what cannot be stored is left
out with one warning. docs/python.md has all of it.
"""

from tocsin._alerts import AlertLevel
from tocsin._core import log
from tocsin._core import version as __version__
from tocsin._run import Run, alert, config, current_run, finish, init, log_cpu, log_gpu, log_system

__all__ = ["Api", "AlertLevel", "Run", "alert", "config", "current_run", "finish", "init", "log", "log_cpu",
           "log_gpu", "log_system", "__version__"]


def __getattr__(name):
    """Api needs more of the standard library than a training loop."""
    if name == "Api":
        from tocsin.api import Api
        return Api
    raise AttributeError(f"module 'tocsin' has no attribute {name!r}")
