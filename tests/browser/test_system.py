# SPDX-License-Identifier: Apache-2.0
"""The view of GPUs and hosts."""

import re

import pytest

from rig.wait import wait_for

GPUS = ["gpu/0/utilization", "gpu/1/utilization", "cpu/utilization"]


@pytest.fixture
def machines(stored):
    """An older run, and one on two hosts with two GPUs each."""
    stored.run("p", "older", 1, ending="finished")
    stored.log(1, ["memory/used"], [(0, s, [64]) for s in range(10)], kind="system", per_block=10)
    stored.run("p", "newer", 2, at=1, world_size=2, attempts=((0, 0), (1, 0)))
    for rank in (0, 1):
        stored.log(2, GPUS, [(0, s, [90 + rank, 70 + rank, 30 + rank]) for s in range(60)], rank=rank, kind="system", per_block=20)
    return stored


def lines_at(page, name):
    """What the tooltip says in the middle of a panel: {label: value}."""
    panel = page.role("article", name, exact=True).wait()
    panel._in("locator", "canvas").wait()
    box = panel.box()
    page.mouse(["move", box["x"] + box["width"] / 2 + 3, box["y"] + box["height"] / 2],
               ["move", box["x"] + box["width"] / 2, box["y"] + box["height"] / 2])
    wait_for(lambda: "host" in panel.call("innerText"), 30, page.shown)
    return dict(re.findall(r"(host\d[^\n]*)\n([\d.]+)", panel.call("innerText")))


def test_every_gpu_of_every_host_is_a_curve(machines, show, open_page):
    page = open_page(f"{show.url}?project=p&view=system")
    wanted = {"host0 · gpu 0": "90", "host0 · gpu 1": "70", "host1 · gpu 0": "91", "host1 · gpu 1": "71"}
    wait_for(lambda: lines_at(page, "gpu/utilization") == wanted, 30, lambda: lines_at(page, "gpu/utilization"))
    assert lines_at(page, "cpu/utilization") == {"host0": "30", "host1": "31"}
    assert page.role("article", "memory/used").count() == 0  # of the older run
    page.label("Host", exact=True).choose("host1")
    wait_for(lambda: lines_at(page, "cpu/utilization") == {"host1": "31"}, 30)
    other = open_page(page.address())
    wait_for(lambda: lines_at(other, "cpu/utilization") == {"host1": "31"}, 30)


def test_runs_are_chosen_in_the_list(machines, show, open_page):
    page = open_page(f"{show.url}?project=p&view=system")
    page.role("article", "cpu/utilization").wait()
    page.label("Draw older").click()
    page.role("article", "memory/used").wait()
    page.role("article", "cpu/utilization").wait_gone()


def test_a_stretch_of_time(machines, show, open_page):
    page = open_page(f"{show.url}?project=p&view=system")
    lines_at(page, "cpu/utilization")
    box = page.role("article", "cpu/utilization").box()
    middle = box["y"] + box["height"] / 2
    page.mouse(["move", box["x"] + 120, middle], ["down"], ["move", box["x"] + 160, middle], ["move", box["x"] + 200, middle], ["up"])
    page.role("button", "Reset zoom").wait()
    assert re.search(r"span=\d+:\d+", page.address())
    page.key("r")
    page.role("button", "Reset zoom").wait_gone()
