# SPDX-License-Identifier: Apache-2.0
"""tocsin import against one collector, and files for it."""

import itertools

from rig.process import Process, program


class Importer:
    def __init__(self, cli, db, tocsind):
        self.cli = cli
        self.db = db
        self.env = {"TOCSIN_ENDPOINT": tocsind.endpoint}
        self.numbers = itertools.count()

    def run(self, kind, path, *argv, project="p"):
        return self.cli.run("import", kind, path, "--project", project, *argv, env=self.env)

    def done(self, kind, path, *argv, **more):
        result = self.run(kind, path, "--json", *argv, **more)
        assert result.rc == 0, result.stderr
        return result.json()

    def spawn(self, kind, path, *argv):
        log = self.cli.place / f"import-{next(self.numbers)}.log"
        return Process([program("tocsin"), "import", kind, path, "--project", "p", "--json", *argv],
                       self.cli.place, log, {**self.env, "TOCSIN_DSN": self.db.dsn_reader})

    def leftovers(self):
        return sorted(p for p in (self.cli.place / "data" / "imports").rglob("*") if p.is_file())


def write(place, text, name="t.csv"):
    path = place / name
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return path
