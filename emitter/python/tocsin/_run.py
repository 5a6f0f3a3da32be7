# SPDX-License-Identifier: Apache-2.0
"""Runs, and the current one."""

import atexit
import os
import sys

from tocsin import _core
from tocsin._alerts import (TEXT_CHARACTERS_MAX, TITLE_CHARACTERS_MAX, URL_BYTES_MAX, AlertLevel,
                            level_of, order_of, text_of)
from tocsin._config import Config, messages, plain
from tocsin._resume import next_step_of, remember
from tocsin._sampling import options_of

RESUME = ("never", "allow", "must")
FINISH_DEFAULT_MS = -1
FINISH_S_MAX = 24 * 3600  # longer waits are cut

config = Config()  # always of the current run
_current = None
_config_owner = None  # the run whose configuration `config` is
_open = set()  # runs that nobody has finished yet


class Run(_core.Core):
    """A run of this process. Made by tocsin.init(); a program that needs several at the same time makes
    them itself. With `with` it is finished at the end of the block, as failed after an exception."""

    def __init__(self, project=None, name=None, group=None, config=None, resume="never", *,
                 endpoint=None, run_id=None, quiet=False, webhook_url=None,
                 webhook_min_level=None, auto_log_gpu=None, gpu_log_interval=None,
                 auto_log_cpu=None, cpu_log_interval=None):
        if resume not in RESUME:
            raise ValueError("resume must be one of: 'must', 'allow', or 'never'")
        if resume == "must" and not name and not os.environ.get("TOCSIN_RUN_NAME"):
            raise ValueError("Must provide a run name when resume='must'")
        self.project = project or os.environ.get("TOCSIN_PROJECT")
        if not self.project:
            raise ValueError("Give init() a project, or set TOCSIN_PROJECT")
        if config is not None and not isinstance(config, dict):
            raise TypeError(f"config must be a dict, not {type(config).__name__}")
        if webhook_min_level is not None:
            webhook_min_level = level_of(webhook_min_level).value
        sampling = options_of(auto_log_gpu, gpu_log_interval, auto_log_cpu, cpu_log_interval)
        self.group = group
        self.config = Config()
        started = plain(config or {})
        texts, long = messages(started)
        super().__init__(project=self.project, name=name or None, group=group or None,
                         config=texts[0] if started else None, endpoint=endpoint, run_id=run_id,
                         quiet=quiet, resume=RESUME.index(resume), webhook_url=webhook_url,
                         webhook_min_level=webhook_min_level, **sampling,
                         next_step=next_step_of(self.project, name, resume, endpoint))
        self.name = self._name or name or ""
        self.config.attach(config or {}, self._merge_config)
        self._send_config(texts[1:], long)
        _watch_end()
        _open.add(self)

    def __hash__(self):
        return id(self)

    def __eq__(self, other):
        return self is other

    def __repr__(self):
        return f"<tocsin.Run {self.project}/{self.name}>"

    def __enter__(self):
        return self

    def __exit__(self, kind, error, trace):
        self.finish(failed=kind is not None)

    # log(metrics, step=None), log_system(metrics), log_gpu(), log_cpu() and stats() are those of Core.

    def alert(self, title, text=None, level=AlertLevel.WARN, step=None, webhook_url=None):
        """Raises an alert: one line on the terminal, and to the collector ahead of all metrics. Its
        step is the highest logged so far, unless one is given."""
        try:
            known = level_of(level)
        except ValueError as error:
            self._warn(f"{error} This alert goes out as a warning.")
            known = AlertLevel.WARN
        self._alert(order_of(known), text_of(title, TITLE_CHARACTERS_MAX) or "(no title)",
                    None if text is None else text_of(text, TEXT_CHARACTERS_MAX), step,
                    self._webhook(webhook_url))

    def _webhook(self, url):
        """Where the collector posts this alert, in place of the run's webhook_url."""
        if not url:
            return None
        url = text_of(url, URL_BYTES_MAX + 1)
        if len(url.encode()) <= URL_BYTES_MAX:
            return url
        self._warn(f"a webhook_url has at most {URL_BYTES_MAX} bytes: it was left out")
        return None

    def _merge_config(self, changed):
        self._send_config(*messages(plain(changed)))

    def _send_config(self, texts, long):
        refused = [text for text in texts if not self._set_config(text)]
        if long or refused:
            self._warn("a part of the configuration is longer than 256 KiB and was left out: "
                       + ", ".join(map(repr, long)))

    def finish(self, timeout=None, failed=False):
        """Ends the run: waits at most `timeout` seconds (default 10) until everything is
        acknowledged, and says whether it was. What is not waits on disk for the next run or `tocsin ship`.
        Does nothing the second time."""
        if not self.active:
            _forget(self)
            return True
        remember(self)
        milliseconds = FINISH_DEFAULT_MS if timeout is None else max(0, int(min(timeout, FINISH_S_MAX) * 1000))
        try:
            return self._finish(milliseconds, bool(failed)) == 0
        finally:
            _forget(self)


def _forget(run):
    global _current
    _open.discard(run)
    if _current is run:
        _current = None
        _core.set_current(None)


def _has_failed():
    """Whether an exception that nobody caught is ending the program."""
    if sys.exc_info()[0] not in (None, SystemExit):
        return True
    return getattr(sys, "last_value", None) is not None and not hasattr(sys, "ps1")


def _finish_all():
    for run in list(_open):
        run.finish(failed=_has_failed())


def _watch_end():
    """Children of multiprocessing end without atexit, but with its finalizers."""
    multiprocessing = sys.modules.get("multiprocessing.util")
    process = sys.modules.get("multiprocessing.process")
    if multiprocessing and process and process.parent_process() is not None:
        multiprocessing.Finalize(None, _finish_all, exitpriority=0)


atexit.register(_finish_all)


def init(project=None, name=None, group=None, config=None, resume="never", **options):
    """Starts a run and makes it the current one; the run before it is finished. Returns the Run.

    project: or TOCSIN_PROJECT. name: or TOCSIN_RUN_NAME, else adjective-noun-number.
    config: a dict, stored with the run; tocsin.config takes changes.
    resume: "never", "allow" (go on with the newest run of that name if there is one), "must".
    endpoint, run_id, quiet: as in docs/emitter.md. webhook_url, webhook_min_level: where alerts of
    this run are posted too.
    auto_log_gpu, auto_log_cpu: whether the machine is logged beside the run, every gpu_log_interval or
    cpu_log_interval seconds (10); None: as TOCSIN_AUTO_LOG_GPU and TOCSIN_AUTO_LOG_CPU say, else not.

    Raises for arguments that make no sense. A collector that is absent is no error."""
    if _current is not None:
        _current.finish()
    return make_current(Run(project, name, group, config, resume, **options))


def make_current(run):
    """The run is what the functions of the module mean; tocsin.config is its configuration."""
    global _current, _config_owner
    if _config_owner is not None:  # what was the configuration of the run before becomes its own
        own = Config()
        own.attach(dict(config), _config_owner._merge_config)
        _config_owner.config = own
    config.attach(run.config, run._merge_config)
    run.config = config
    _current = _config_owner = run
    _core.set_current(run)
    return run


def current_run():
    """The current run, or None."""
    return _current


def _need_run(function):
    if _current is None:
        raise RuntimeError(f"Call tocsin.init() before tocsin.{function}().")
    return _current


def log_system(metrics):
    """Logs system metrics: ordered by time, without a step."""
    _need_run("log_system").log_system(metrics)


def log_gpu():
    """Reads and logs the GPUs of this machine once. Returns what was logged: {} where there is none."""
    return _need_run("log_gpu").log_gpu()


def log_cpu():
    """Reads and logs CPU, memory, disks and network of this machine once. Returns what was logged."""
    return _need_run("log_cpu").log_cpu()


def alert(title, text=None, level=AlertLevel.WARN, webhook_url=None, step=None):
    """Raises an alert on the current run; see Run.alert()."""
    _need_run("alert").alert(title, text, level, step=step, webhook_url=webhook_url)


def finish(timeout=None):
    """Ends the current run; see Run.finish(). Without one it does nothing."""
    return _current.finish(timeout) if _current is not None else True
