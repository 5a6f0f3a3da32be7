# SPDX-License-Identifier: Apache-2.0
"""The view of alerts, and what floats over the others."""

import pytest

from rig.wait import wait_for
from trainer import LiveTrainer
from webhooks import Endpoints, settings

TITLES = ["Loss is NaN", "Slow step", "Checkpoint saved"]


@pytest.fixture
def three(stored):
    """An alert of each level in the project p, and a run of the project empty."""
    stored.run("p", "r", 1)
    stored.run("empty", "e", 2)
    for level, title in enumerate(reversed(TITLES)):
        stored.alert(1, title, text=f"about {title}", level=level, step=10 * level, at=level)
    return stored


def alerts(page):
    return page.role("table", "Alerts").role("row").having("Acknowledge")


def told(stored, *args, **fields):
    """An alert as the collector stores it: with its notification."""
    number = stored.alert(*args, **fields)
    stored.db.query("select pg_notify('tocsin_alerts', '')")
    return number


def test_levels_filter_and_search_are_in_the_link(three, show, open_page):
    page = open_page(f"{show.url}?project=p&view=alerts")
    alerts(page).wait(3)
    assert [text.split("\n")[1] for text in alerts(page).texts()] == TITLES
    page.label("Level", exact=True).choose("warn")
    wait_for(lambda: alerts(page).count() == 2, 30)
    page.label("Search alerts").fill("about LOSS")
    wait_for(lambda: alerts(page).count() == 1, 30)
    other = open_page(page.address())
    assert "Loss is NaN" in alerts(other).wait().texts()[0] and alerts(other).count() == 1
    other.label("Search alerts").fill("no such thing")
    other.role("button", "Show all alerts").click()
    alerts(other).wait(3)


def test_an_alert_arrives_in_every_view_and_in_the_feed(scripts, show, open_page):
    trainer = LiveTrainer(scripts, name="live")
    trainer.log(1, loss=1)
    wait_for(lambda: has_project(show), 30)
    runs, feed = open_page(f"{show.url}?project=p"), open_page(f"{show.url}?project=p&view=alerts")
    runs.text("Live", exact=True).wait()
    feed.text("No alert yet").wait()
    feed.text("Live", exact=True).wait()
    trainer.alert("It diverges", text="loss=1e9", level="error")
    for page in (runs, feed):
        page.role("region", "New alerts").role("article", "It diverges").wait()
    alerts(feed).wait()
    runs.label("1 new").wait()
    runs.role("region", "New alerts").role("button", "It diverges").click()
    dialog = runs.role("dialog", "It diverges").wait()
    assert "loss=1e9" in dialog.call("innerText") and "view=alerts" in runs.address()
    trainer.finish()


def has_project(show):
    return "p" in [row["name"] for row in show.json("/api/list/projects")["details"]]


def test_acknowledging(three, show, open_page):
    page = open_page(f"{show.url}?project=p&view=alerts")
    alerts(page).wait(3).having("Slow step").role("button", "Acknowledge").click()
    wait_for(lambda: alerts(page).count() == 2, 30)
    assert three.db.query("select title from alerts_feed where acknowledged is not null") == [("Slow step",)]
    page.role("row").having("Loss is NaN").click()
    page.role("dialog", "Loss is NaN").wait().label("Comment").fill("it was the learning rate")
    page.role("dialog").role("button", "Acknowledge").click()
    page.role("dialog").role("button", "Acknowledge").wait_gone()
    page.key("Escape")
    page.role("dialog").wait_gone()
    page.label("Not acknowledged").click()
    wait_for(lambda: page.role("table", "Alerts").role("row").count() == 2, 30)  # the head and one more
    page.role("row").having("Checkpoint saved").click()
    page.role("dialog").wait()
    page.key("a")
    page.text("No alert matches").wait()
    assert three.db.value("select count(*) from alerts_feed where acknowledged is null") == 0


def test_silencing(three, show, open_page):
    page = open_page(f"{show.url}?project=p&view=alerts")
    page.role("row").having("Slow step").click()
    page.role("dialog").label("For how long").choose("8h")
    page.role("dialog").role("button", "Silence", exact=True).click()
    page.role("dialog").text("Silent until").wait()
    assert three.db.query("select title, run_id, round(extract(epoch from ends - now()) / 3600) from silences") == [
        ("Slow step", 1, 8)]
    page.key("Escape")
    page.role("button", "1 silence").wait().click()
    assert "“Slow step” of r" in page.role("dialog", "Silences").wait().call("innerText")


def test_who_may_not_write_reads_how_to(three, start, open_page):
    page = open_page(f"{start(dsn=three.db.dsn_reader).url}?project=p&view=alerts")
    page.role("row").having("Slow step").wait()
    assert page.role("button", "Acknowledge").count() == 0
    page.role("row").having("Slow step").click()
    dialog = page.role("dialog", "Slow step").wait()
    assert "tocsin ack 2" in dialog.call("innerText") and dialog.role("button", "Silence").count() == 0


def test_whether_it_was_sent(db, make_tocsind, mock, make_emitter, show, open_page):
    tocsind = make_tocsind().start(*settings(mock))
    Endpoints(db).add(mock.url("ok", "t0ken"))
    emitter = make_emitter(tocsind)
    emitter.hello()
    emitter.alert("It diverges", level="error")
    page = open_page(f"{show.url}?project=p&view=alerts")
    alerts(page).having("sent").wait().click()
    assert "delivered, status 200" in page.role("dialog").wait().call("innerText")


def test_more_of_them(three, show, open_page):
    three.db.query("""insert into alerts (project_id, run_id, rank, attempt, level, title, time)
                      select project_id, run_id, 0, 0, 1, 'old ' || n, now() - make_interval(hours => n)
                        from runs, generate_series(1, 300) n where run_id = 1""")
    page = open_page(f"{show.url}?project=p&view=alerts")
    page.text("200 alerts").wait()
    page.role("button", "Show more").click()
    page.text("303 alerts").wait()
    assert page.role("button", "Show more").count() == 0


def test_nothing_yet(three, show, open_page):
    page = open_page(f"{show.url}?project=empty&view=alerts")
    page.text("No alert yet").wait()
    assert "run.alert(" in page.shown()


def test_many_at_once_do_not_cover_the_page(three, show, open_page):
    page = open_page(f"{show.url}?project=p")
    page.text("Live", exact=True).wait()
    for n in range(10):
        three.alert(1, f"alarm {n}", level=2)
    told(three, 1, "alarm 10", level=2)
    page.role("region", "New alerts").text("8 more alerts").wait()
    assert page.role("region", "New alerts").role("article").count() == 3
    page.role("button", "Close all").click()
    page.role("region", "New alerts").role("article").wait_gone()
