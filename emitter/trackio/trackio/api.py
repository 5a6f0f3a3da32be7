# SPDX-License-Identifier: Apache-2.0
"""trackio.Api: reading, through tocsin.Api. Deleting, moving and renaming are not for readers."""

import tocsin
from trackio.utils import warn_once


def _alerts(project, run, level, since):
    """Newest first, as Trackio has them."""
    flags = [("--run", run), ("--level", level), ("--since", since)]
    given = [part for name, value in flags if value is not None for part in (name, value)]
    found = tocsin.Api().call("list", "alerts", "--project", project, "--limit", 0, *given)["alerts"]
    keys = ("timestamp", "run", "title", "text", "level", "step")
    return [{key: one[key] for key in keys} for one in found]


class Run:
    def __init__(self, project, id, name):
        self.project = project
        self.id = id
        self.name = name

    @property
    def config(self):
        return tocsin.Api().run(self.project, self.id)["config"]

    def alerts(self, level=None, since=None):
        return _alerts(self.project, self.id, level, since)

    def _read_only(self, what):
        warn_once(f"{what}() did nothing: readers of tocsin's database may not change it")
        return False

    def delete(self):
        return self._read_only("delete")

    def move(self, new_project):
        return self._read_only("move")

    def rename(self, new_name):
        self._read_only("rename")
        return self

    def __repr__(self):
        return f"<Run {self.name} in project {self.project}>"


class Runs(list):
    """The runs of a project, oldest first."""


class Api:
    def runs(self, project):
        from tocsin.api import ApiError  # late: a third of what importing trackio would take
        try:
            found = tocsin.Api().runs(project)
        except ApiError as error:
            if error.not_found:
                raise ValueError(f"Project '{project}' does not exist") from None
            raise
        return Runs(Run(project, one["id"], one["name"]) for one in found)

    def alerts(self, project, run=None, level=None, since=None):
        return _alerts(project, run, level, since)
