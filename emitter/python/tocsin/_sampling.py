# SPDX-License-Identifier: Apache-2.0
"""The options of a run about system metrics, as libtocsin takes them."""

INTERVAL_S_MIN, INTERVAL_S_MAX = 0.1, 86400.0  # as docs/emitter.md says
FROM_ENVIRONMENT = -1
INTERVAL_DEFAULT = 0.0


def _switch(name, value):
    if value is None:
        return FROM_ENVIRONMENT
    if isinstance(value, str) or value not in (0, 1):
        raise TypeError(f"{name} must be True, False or None, not {value!r}")
    return int(value)


def interval_of(name, value):
    """Seconds as libtocsin takes them. TypeError, ValueError: they cannot be that."""
    if value is None:
        return INTERVAL_DEFAULT
    if isinstance(value, bool) or not hasattr(value, "__float__"):
        raise TypeError(f"{name} must be a number of seconds, not {value!r}")
    if not INTERVAL_S_MIN <= value <= INTERVAL_S_MAX:
        raise ValueError(f"{name} must be from {INTERVAL_S_MIN:g} to {INTERVAL_S_MAX:g} seconds, not {value!r}")
    return float(value)


def options_of(auto_log_gpu, gpu_log_interval, auto_log_cpu, cpu_log_interval):
    return {"auto_log_gpu": _switch("auto_log_gpu", auto_log_gpu),
            "gpu_log_interval": interval_of("gpu_log_interval", gpu_log_interval),
            "auto_log_cpu": _switch("auto_log_cpu", auto_log_cpu),
            "cpu_log_interval": interval_of("cpu_log_interval", cpu_log_interval)}
