# SPDX-License-Identifier: Apache-2.0
"""tocsin import wandb-csv: charts with several runs, and histories."""

from datetime import datetime, timezone

import pytest

from rig.importer import write

CHART = '''"Step","brave - sun-1 - train/loss","brave - sun-1 - train/loss__MIN","brave - sun-1 - train/loss__MAX","calm-2 - train/loss","calm-2 - train/loss__MIN","calm-2 - train/loss__MAX"
"0","2.5","2.4","2.6","3.5","3.5","3.5"
"10","1.25","1.25","1.25","","",""
"20","","","","NaN","",""
'''


def test_a_chart_is_taken_apart_into_its_runs(place, db, importer):
    """__MIN and __MAX are of W&B's own making; a run's name may have the separator in it."""
    path = write(place, CHART)
    runs = importer.done("wandb-csv", path)["runs"]
    assert [(run["run"], run["calls"]) for run in runs] == [("brave - sun-1", 2), ("calm-2", 2)]
    assert [(*row[:3], repr(row[3])) for row in db.query(
        "select run, step, name, value from metrics order by run, step")] == [
            ("brave - sun-1", 0, "train/loss", "2.5"), ("brave - sun-1", 10, "train/loss", "1.25"),
            ("calm-2", 0, "train/loss", "3.5"), ("calm-2", 20, "train/loss", "nan")]
    again = importer.done("wandb-csv", path)["runs"]
    assert [run["state"] for run in again] == ["already imported"] * 2
    named = importer.done("wandb-csv", path, "--name", "x")["runs"]
    assert [run["run"] for run in named] == ["x/brave - sun-1", "x/calm-2"]
    assert db.value("select count(*) from runs_overview") == 4


def test_a_history_is_one_run_with_its_times(place, db, importer):
    """As pandas writes it: an index without a name in front, floats for numbers that may be missing."""
    path = write(place, ",_step,_timestamp,_runtime,loss,sample,_wandb\n"
                        "0,0,1700000000.5,1.5,0.5,,\n"
                        "1,7.0,1700000001.25,2.5,,\"{'_type': 'histogram', 'bins': [1, 2]}\",\n"
                        "2,9,1.70000000275e9,3.5,inf,,\n", "history.csv")
    (run,) = importer.done("wandb-csv", path)["runs"]
    assert (run["run"], run["calls"], run["left_out"]) == ("history", 2, {"text cells": 1})
    seen = db.query("select step, time, name, value from metrics order by step")
    assert seen == [
        (0, datetime(2023, 11, 14, 22, 13, 20, 500_000, tzinfo=timezone.utc), "loss", 0.5),
        (9, datetime(2023, 11, 14, 22, 13, 22, 750_000, tzinfo=timezone.utc), "loss", float("inf"))]


@pytest.mark.parametrize("text, says", [
    ("step,loss\n1,2\n", "is neither what W&B's charts export"),
    ('"Relative Time (Process)","a - loss"\n"0.5","2"\n', "the x axis of"),
    ("_step,loss\n,2\n", "line 2: '' is no step"),
])
def test_other_tables_are_refused(place, cli, text, says):
    refused = cli.run("import", "wandb-csv", write(place, text), "--project", "p", "--dry-run")
    assert refused.rc == 2 and says in refused.stderr, refused.stderr
