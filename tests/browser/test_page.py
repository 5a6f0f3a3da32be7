# SPDX-License-Identifier: Apache-2.0
"""The frame: keys, sizes, and what stands where there is nothing yet."""

import pytest

from browser import PHONE
from rig.wait import wait_for
from trainer import LiveTrainer

VIEWS = {"1": "Runs", "2": "Metrics", "3": "Ranks", "4": "Alerts", "5": "Sweeps", "6": "System", "7": "Status"}


@pytest.fixture
def one(stored):
    stored.run("p", "the-only-run", 1, world_size=2, attempts=((0, 0), (1, 0)), config='{"lr": 0.1}')
    stored.log(1, ["loss"], [(s, s, [1 / (s + 1)]) for s in range(20)], per_block=10)
    stored.log(1, ["gpu/0/utilization"], [(0, s, [0.5]) for s in range(20)], kind="system", per_block=10)
    stored.alert(1, "A title that is long enough to need more than the width of a phone", text="t" * 300)
    stored.refresh_state()
    return stored


def open_view(page):
    return page.role("navigation", "Views")._in("locator", "[aria-current=page]").texts()[0]


def test_a_hand_on_the_keyboard(one, show, open_page):
    page = open_page(show.url)
    page.text("Live", exact=True).wait()
    for key, title in VIEWS.items():
        page.key(key)
        wait_for(lambda title=title: open_view(page) == title, 10, page.shown)
    page.key("?")
    assert "Dark or light" in page.role("dialog", "Keys").wait().call("innerText")
    page.key("Escape")
    page.role("dialog").wait_gone()
    before = page.run("document.documentElement.dataset.theme")
    page.key("t")
    assert page.run("document.documentElement.dataset.theme") != before
    page.key("1")
    table = page.role("table", "Runs").wait()
    table.press("ArrowDown")
    table.press("Enter")
    page.role("complementary", "About the run").wait()
    page.key("Escape")
    page.role("complementary", "About the run").wait_gone()
    page.call("goBack")
    wait_for(lambda: open_view(page) == "Status", 10)


@pytest.mark.parametrize("size", [PHONE, {"width": 1280, "height": 720}])
def test_every_view_fits(one, show, open_page, size):
    page = open_page(show.url, size=size)
    page.text("Live", exact=True).wait()
    for key, title in VIEWS.items():
        page.key(key)
        wait_for(lambda title=title: open_view(page) == title, 10)
        wait_for(lambda: page.role("status", "Loading").count() == 0, 20, page.shown)
        assert page.run("[document.documentElement, document.body].every((e) => e.scrollWidth <= innerWidth)"), title


def test_before_the_first_project(db, scripts, show, open_page):
    page = open_page(show.url)
    page.text("No project yet").wait()
    trainer = LiveTrainer(scripts, name="first")
    trainer.log(0, loss=1)
    page.role("row").having("first").wait()
    trainer.finish()


def test_a_project_that_is_not_there(one, show, open_page):
    page = open_page(f"{show.url}?project=nowhere")
    page.text("Project 'nowhere' not found").wait()
    page.label("Project").choose("p")
    page.role("row").having("the-only-run").wait()


@pytest.mark.parametrize("view, sentence", [
    ("runs", "bare-run"), ("metrics", "No metric yet"), ("alerts", "No alert yet"), ("system", "No system metrics"),
    ("status", "Alerts are stored and sent nowhere."),
])
def test_a_run_that_has_logged_nothing(stored, show, open_page, view, sentence):
    stored.run("bare", "bare-run", 1)
    page = open_page(f"{show.url}?project=bare&view={view}")
    page.text(sentence).wait()


def test_a_server_that_asks_for_a_token(one, start, open_page):
    show = start("--token=a.b-c")
    page = open_page(f"{show.url}?token=a.b-c")
    page.role("row").having("the-only-run").wait()
    assert "token" not in page.address()
    open_page(show.url).text("token").wait()
