# SPDX-License-Identifier: Apache-2.0
"""Panels of curves: they grow by themselves, are zoomed together, and a link shows the same."""

import re

import pytest

from rig.wait import wait_for
from trainer import LiveTrainer

STEPS = 100
AXIS_PX = 52  # left of the plot


@pytest.fixture
def two(stored):
    """Two runs with loss and val/acc over a hundred steps."""
    for run in (1, 2):
        stored.run("p", f"run-{run}", run, at=run, config=f'{{"lr": 0.{run}}}', ending="finished")
        stored.log(run, ["loss", "val/acc"], [(s, s, [run * 10 / (s + 1), s / STEPS]) for s in range(STEPS)], per_block=50)
    stored.refresh_state()
    return stored


def panel(page, name):
    return page.role("article", name, exact=True)


def plot(page, name):
    """The part of a panel in which curves are drawn: left, top, width, height."""
    canvas = panel(page, name).wait()._in("locator", "canvas")
    box = canvas.wait().nth(0).box()
    return box["x"] + AXIS_PX, box["y"] + 8, box["width"] - AXIS_PX - 10, box["height"] - 32


def step_at(page, name, share):
    """The step that the tooltip says at a place of a panel's plot: 0 its left end, 1 its right end."""
    left, top, width, height = plot(page, name)
    page.mouse(["move", left + width / 2, top + height / 2], ["move", left + 1 + share * (width - 2), top + height / 3])
    found = wait_for(lambda: re.search(r"step ([\d,]+)", panel(page, name).call("innerText")), 20, page.shown)
    return int(found.group(1).replace(",", ""))


def test_a_curve_grows_without_a_reload(scripts, show, open_page, db):
    trainer = LiveTrainer(scripts, name="live")
    for step in range(3):
        trainer.log(step, loss=1 / (step + 1))
    wait_for(lambda: db.value("select count(*) from metrics where name = 'loss'") == 3, 30)
    page = open_page(f"{show.url}?project=p&view=metrics")
    page.run("window.sameDocument = true")
    wait_for(lambda: step_at(page, "loss", 1) == 2, 30)
    for step in range(3, 12):
        trainer.log(step, loss=1 / (step + 1))
    wait_for(lambda: step_at(page, "loss", 1) == 11, 30)
    trainer.log(12, loss="nan", fresh=5)
    panel(page, "fresh").wait()
    page.key("1")
    page.role("row").having("live").having("12").wait()
    trainer.finish()
    page.role("row").having("live").having("Finished").wait()
    assert page.run("window.sameDocument") is True


def test_one_zoom_for_all_panels(two, show, open_page):
    page = open_page(f"{show.url}?project=p&view=metrics")
    assert (step_at(page, "loss", 0), step_at(page, "loss", 1)) == (0, STEPS - 1)
    left, top, width, height = plot(page, "loss")
    page.mouse(["move", left + width * 0.4, top + height / 2], ["down"], ["move", left + width * 0.5, top + height / 2],
               ["move", left + width * 0.6, top + height / 2], ["up"])
    page.role("button", "Reset zoom").wait()
    wait_for(lambda: 35 <= step_at(page, "val/acc", 0) <= 45, 20)
    wait_for(lambda: 55 <= step_at(page, "val/acc", 1) <= 65, 20)
    other = open_page(page.address())
    wait_for(lambda: 35 <= step_at(other, "loss", 0) <= 45, 20)
    page.role("button", "Reset zoom").click()
    wait_for(lambda: step_at(page, "val/acc", 1) == STEPS - 1, 20)


def test_a_link_shows_the_same(two, show, open_page):
    page = open_page(f"{show.url}?project=p&view=metrics")
    panel(page, "loss").wait()
    page.label("Search metrics").fill("ac")
    panel(page, "loss").wait_gone()
    page.label("Search metrics").press("Escape")  # keys mean something again
    page.key("y")
    page.label("Smoothing").fill("0.5")
    page.label("Horizontal axis").choose("relative")
    page.label("Draw run-1").click()
    page.label("Group").choose("state")
    other = open_page(page.address())
    panel(other, "val/acc").wait()
    assert panel(other, "loss").count() == 0
    assert other.role("button", "log y").attribute("aria-pressed") == "true"
    assert other.label("Smoothing").call("inputValue") == "0.5"
    assert other.label("Horizontal axis").call("inputValue") == "relative"
    assert other.label("Draw run-1").call("isChecked") and not other.label("Draw run-2").call("isChecked")
    assert other.label("Group").call("inputValue") == "state"


def test_filters_of_runs(two, show, open_page):
    page = open_page(f"{show.url}?project=p")
    rows = page.role("table", "Runs").role("row")
    rows.wait(3)
    condition = page.label("Add a condition").wait()
    condition.fill("config.lr<0.15")
    condition.press("Enter")
    wait_for(lambda: rows.count() == 2, 20)
    assert "run-1" in rows.texts()[1] and "filter=" in page.address()
    condition.fill("nonsense ~~ 3")
    condition.press("Enter")
    page.role("alert").wait()
    page.go(f"{show.url}?project=p&filter=state%3Drunning")
    page.text("No run matches").wait()
    page.role("button", "Show all runs").click()
    wait_for(lambda: rows.count() == 3, 20)
    page.label("Search runs").fill("RUN-2")
    wait_for(lambda: rows.count() == 2, 20)


def test_an_alert_on_a_curve_shows_what_was_around_it(two, show, open_page):
    two.alert(1, "It jumps", step=40, level=2)
    page = open_page(f"{show.url}?project=p&view=metrics")
    panel(page, "loss").wait().role("button", "It jumps").wait().click()
    dialog = page.role("dialog", "It jumps").wait()
    dialog.role("columnheader", "40", exact=True).wait()
    assert "val/acc" in dialog.call("innerText")
