# SPDX-License-Identifier: Apache-2.0
"""What Trackio has and tocsin does not: called, it says so once and does nothing, because training must
go on. docs/trackio.md gives the reasons."""

from trackio.utils import warn_once


def _absent(function, reason, result=None):
    def call(*args, **kwargs):
        warn_once(f"trackio.{function}() did nothing: {reason}")
        return result() if callable(result) else result

    call.__name__ = call.__qualname__ = function
    call.__doc__ = f"Does nothing: {reason}."
    return call


class _Kept:
    """An object of a kind that tocsin does not keep: takes everything, does nothing."""

    def __init__(self, *args, **kwargs):
        warn_once(f"tocsin keeps no {type(self).__name__}")
        self.name = args[0] if args else kwargs.get("name")

    def __getattr__(self, name):
        if name.startswith("__"):
            raise AttributeError(name)
        return lambda *args, **kwargs: None


class Artifact(_Kept):
    pass


class Registry(_Kept):
    pass


class Collection(_Kept):
    pass


class ReferenceHandler:
    """For subclasses; nobody asks them anything."""


class ResolvedReference(_Kept):
    pass


class _App:
    """What show() returns first."""

    def close(self):
        pass


_NO_FILES = "tocsin keeps metrics and alerts, no files"
_NO_SPACES = "tocsin has no Spaces; its data is in PostgreSQL"

log_artifact = _absent("log_artifact", _NO_FILES, Artifact)
use_artifact = _absent("use_artifact", _NO_FILES, Artifact)
register_reference_handler = _absent("register_reference_handler", _NO_FILES)
save = _absent("save", _NO_FILES, "")
sync = _absent("sync", _NO_SPACES)
freeze = _absent("freeze", _NO_SPACES)
delete_project = _absent("delete_project", "a training node may add to the database, not delete", False)
show = _absent("show", "tocsin's data is asked for with the command tocsin", lambda: (_App(), "", "", ""))
