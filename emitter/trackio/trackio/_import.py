# SPDX-License-Identifier: Apache-2.0
"""import_csv() and import_tf_events(): the command `tocsin import`. Unlike log() they are no part of training,
so what goes wrong raises, as in Trackio."""

import pathlib

from tocsin.api import Api, ApiError

_DAY_S = 86400


def _bring_in(kind, path, project, name):
    """The command's JSON."""
    path = pathlib.Path(path)
    if not path.exists():
        raise FileNotFoundError(f"There is no {path}")
    named = ["--name", name] if name else []
    api = Api(timeout=_DAY_S)
    try:
        return api.call("import", kind, str(path), "--project", project, *named)
    except ApiError as error:
        raise ValueError(str(error)) from None


def _say(done, path):
    for run in done["runs"]:
        print(f"* {run['state'].capitalize()}: {run['calls'] + run['skipped']} rows from {path} in project "
              f"'{done['project']}' as run '{run['run']}'")


def import_csv(csv_path, project, name=None, space_id=None, dataset_id=None, private=None, force=False):
    """A CSV file as a run; its name is the file's unless `name` is given. Needs `tocsin`, a collector and
    the database's DSN. Repeating it imports nothing twice."""
    _say(_bring_in("csv", csv_path, project, name), csv_path)


def import_tf_events(log_dir, project, name=None, space_id=None, dataset_id=None, private=None, force=False):
    """The scalars of TensorBoard's event files: every directory that has some is a run. name: what stands
    before the names of the directories."""
    _say(_bring_in("tensorboard", log_dir, project, name), log_dir)
