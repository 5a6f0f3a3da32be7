# SPDX-License-Identifier: Apache-2.0
"""init(), log() and the other functions that mean the current run."""

import os

import tocsin
from tocsin import AlertLevel, config
from tocsin._run import make_current
from trackio import context_vars
from trackio._sampling import interval, of_device, switch
from trackio.run import Run
from trackio.utils import warn_once

# Variables of Trackio that say something about storage, Spaces or its server: none of it is here.
IGNORED_VARIABLES = ("TRACKIO_SPACE_ID", "TRACKIO_SERVER_URL", "TRACKIO_BUCKET_ID", "TRACKIO_DATASET_ID",
                     "TRACKIO_WRITE_TOKEN", "TRACKIO_STORAGE_MODE", "TRACKIO_DIR")
RESERVED_SUFFIXES = ("_system", "_configs", "_traces", "_artifacts", "_artifact_versions",
                     "_artifact_aliases", "_run_artifact_links")
# Arguments that change where Trackio stores things, with the value that means "not asked for".
ELSEWHERE = {"space_id": None, "server_url": None, "space_storage": None, "dataset_id": None,
             "bucket_id": None, "settings": None}
_current = None
_said_project = None


def _check_config(given):
    for key in given or {}:
        if str(key).startswith("_"):
            raise ValueError(f"Config key '{key}' is reserved (keys starting with '_' are reserved for "
                             "internal use)")


def _check_project(project):
    if project.startswith("registry-") or project.endswith(RESERVED_SUFFIXES):
        raise ValueError(f"Project name '{project}' is reserved")


def _say_what_is_ignored(options):
    given = [name for name, unset in ELSEWHERE.items() if options.get(name) is not unset]
    if options.get("space_id") is None and options.get("dataset_id") is not None:
        raise ValueError("Must provide a `space_id` when `dataset_id` is provided.")
    if options.get("dataset_id") is not None and options.get("bucket_id") is not None:
        raise ValueError("Cannot provide both `dataset_id` and `bucket_id`.")
    if given:
        warn_once(f"tocsin sends to its collector (TOCSIN_ENDPOINT): init() ignored {', '.join(given)}")
    variables = [name for name in IGNORED_VARIABLES if os.environ.get(name)]
    if variables:
        warn_once(f"tocsin does not use {', '.join(variables)}; see docs/trackio.md")


def _min_level(given):
    """Trackio's variable is checked as its argument is: a run that does not start for it would lose more."""
    if given is None and not os.environ.get("TOCSIN_WEBHOOK_MIN_LEVEL"):
        return os.environ.get("TRACKIO_WEBHOOK_MIN_LEVEL") or None
    return given


def _say_begin(run):
    global _said_project
    if run.project != _said_project:
        _said_project = run.project
        print(f"* Trackio project initialized: {run.project}")
    print(f"* Resumed existing run: {run.name}" if run.next_step else f"* Created new run: {run.name}")


def init(project, name=None, group=None, space_id=None, server_url=None, space_storage=None,
         dataset_id=None, bucket_id=None, config=None, resume="never", settings=None, private=None,
         embed=True, auto_log_gpu=None, gpu_log_interval=10.0, auto_log_cpu=None,
         cpu_log_interval=10.0, webhook_url=None, webhook_min_level=None, **unknown):
    """Starts a run. Arguments about Spaces, servers and storage are taken and ignored, unknown ones too:
    frameworks pass what the newest Trackio knows."""
    global _current
    project = str(project or "") or "default"
    _check_project(project)
    _check_config(config)
    options = {"space_id": space_id, "server_url": server_url, "space_storage": space_storage,
               "dataset_id": dataset_id, "bucket_id": bucket_id, "settings": settings}
    _say_what_is_ignored(options)
    if _current is not None:
        _current.finish()
    run = Run(project, name=name, group=group, config=config, resume=resume, webhook_url=webhook_url,
              webhook_min_level=_min_level(webhook_min_level),
              auto_log_gpu=switch(auto_log_gpu, "TOCSIN_AUTO_LOG_GPU"),
              gpu_log_interval=interval("gpu_log_interval", gpu_log_interval),
              auto_log_cpu=switch(auto_log_cpu, "TOCSIN_AUTO_LOG_CPU"),
              cpu_log_interval=interval("cpu_log_interval", cpu_log_interval))
    _current = make_current(run)
    context_vars.current_run.set(run)
    context_vars.current_project.set(project)
    _say_begin(run)
    return run


def _run(function):
    if _current is None:
        raise RuntimeError(f"Call trackio.init() before trackio.{function}().")
    return _current


def log(metrics, step=None, **unknown):
    _run("log").log(metrics, step, **unknown)


def log_system(metrics):
    _run("log_system").log_system(metrics)


def log_gpu(run=None, device=None):
    """Logs all GPUs of the machine once. Returns what was logged, of one GPU if `device` names it."""
    run = _run("log_gpu") if run is None else run
    logged = run.log_gpu()
    if run.active and not logged:
        warn_once("trackio.log_gpu() logged nothing: there is no GPU, or it does not answer")
    return logged if device is None else of_device(logged, device)


def log_cpu(run=None):
    """Logs CPU, memory, disks and network of the machine once. Returns what was logged."""
    return (_run("log_cpu") if run is None else run).log_cpu()


def alert(title, text=None, level=AlertLevel.WARN, webhook_url=None):
    _run("alert").alert(title, text, level, webhook_url=webhook_url)


def finish():
    """Ends the current run; a later init() may go on with it by its name."""
    global _current
    run = _run("finish")
    _current = None
    context_vars.current_run.set(None)
    run.finish()
