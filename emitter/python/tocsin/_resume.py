# SPDX-License-Identifier: Apache-2.0
"""Where the steps of a resumed run go on.

libtocsin counts steps of one process. A caller that names no steps expects a resumed run to go on after
its last one; replayed steps would hide those of the first part in the view `metrics`. So the last step is
remembered in this process, and of runs of other processes it is asked of the database, if one
can be reached from here.
"""

ASK_TIMEOUT_S = 3
_next_steps = {}  # (project, name): of runs that this process has finished


def remember(run):
    if run.active and run.next_step > 0:
        _next_steps[run.project, run.name] = run.next_step


def next_step_of(project, name, resume, endpoint):
    if resume == "never" or not name:
        return 0
    if (project, name) in _next_steps:
        return _next_steps[project, name]
    if endpoint is not None:  # its database may be another one
        return 0
    from tocsin.api import Api, ApiError  # late: most runs do not read
    try:
        last = Api(timeout=ASK_TIMEOUT_S).run(project, name)["last_step"]
    except ApiError:
        return 0
    return 0 if last is None else last + 1
