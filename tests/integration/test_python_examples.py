# SPDX-License-Identifier: Apache-2.0
"""The examples of the Python package, as their users run them."""

import re

from rig.python import TOP

EXAMPLES = TOP / "emitter/examples/python"


def test_the_plain_loop(db, scripts):
    scripts.run(EXAMPLES / "loop.py", "--steps", 50)
    assert db.query("select project, state, last_step, config->'lr' from runs_overview") == [
        ("line", "finished", 49, 0.1)]
    assert db.query("select name, count(*) from metrics group by name order by name") == [
        ("gradient/b", 50), ("gradient/w", 50), ("train/loss", 50)]
    first, last = (db.value("select value from metrics where name = 'train/loss' and step = %s", step)
                   for step in (0, 49))
    assert last < first / 10
    assert db.value("select text from alerts_feed where title = 'fitted'").startswith("y = ")


def test_several_ranks(db, scripts):
    scripts.run(EXAMPLES / "ranks.py", "--ranks", 3, "--steps", 40)
    assert db.query("select state, ranks, world_size from runs_overview") == [("finished", 3, 3)]
    assert db.query("select rank, count(*) from metrics where name = 'train/loss' group by rank "
                    "order by rank") == [(rank, 40) for rank in range(3)]
    gradients = db.query("select count(distinct value) from metrics where name = 'train/gradient' "
                         "group by step")
    assert gradients == [(1,)] * 40, "the ranks have different averages"


def test_the_agent(db, scripts):
    """It sees the run diverge, stops it, and ends with one that does not."""
    log = scripts.run(EXAMPLES / "agent.py", "--steps", 300, deadline_s=100)
    assert db.query("select run, state, config->'lr' from runs_overview order by run") == [
        ("attempt-0", "failed", 3), ("attempt-1", "finished", 0.3)]
    assert re.search(r"attempt-0 says: loss diverges: .* \(step (\d+)\)", log)
    step = re.search(r"\(step (\d+)\)", log)[1]
    assert re.search(rf'around it the loss was .*"{step}": ', log)
    assert '"run": "attempt-1", "state": "finished", "lr": "0.3"' in log
    assert db.value("select min(value) from metrics where run = 'attempt-1' and name = 'train/loss'") < 1e-6
