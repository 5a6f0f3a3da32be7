# SPDX-License-Identifier: Apache-2.0
"""The view that says whether everything runs, and what a page does whose server is gone."""

from rig.wait import wait_for


def section(page, name):
    return page.role("region", name, exact=True)


def test_all_is_well(stored, show, open_page):
    stored.run("p", "r", 1, ending="finished")
    page = open_page(f"{show.url}?project=p&view=status")
    for name, sentence in (("Collector", "answers"), ("Training processes", "No run is running now."),
                           ("Dropped calls", "Everything that was logged is stored"),
                           ("Quarantine", "PostgreSQL has refused no batch."), ("Endpoints", "tocsin endpoint add URL")):
        section(page, name).text(sentence).wait()


def test_what_is_wrong_is_told_as_it_happens(stored, show, open_page):
    stored.run("p", "r", 1, world_size=3, attempts=((0, 0), (1, 0)))
    page = open_page(f"{show.url}?project=p&view=status")
    ranks = section(page, "Training processes")
    ranks.role("row").having("missing").wait()  # rank 2 never came
    stored.db.query("""
        insert into producers (run_id, producer_id, lane, emitted, dropped, committed, updated)
        select run_id, producer_id, 1, 100, 40 * rank, 50, now() - make_interval(secs => 120 * (1 - rank)) from attempts;
        insert into gaps (run_id, rank, attempt, calls, first_step, last_step) values (1, 1, 0, 40, 7, 46);
        insert into quarantine (run_id, producer_id, rank, attempt, lane, seq, calls, sqlstate, reason, frame)
        select run_id, producer_id, rank, attempt, 1, 3, 2, '22003', 'out of range', 'x' from attempts where rank = 0""")
    ranks.role("row").having("silent").wait()
    ranks.role("row").having("dropped").wait()
    section(page, "Dropped calls").text("7 – 46").wait()
    section(page, "Quarantine").text("out of range").wait()
    ranks.text("3 of 3 ranks in trouble").wait()


def test_an_endpoint_that_fails(stored, show, open_page):
    stored.run("p", "r", 1, ending="finished")
    endpoint = stored.endpoint("https://hooks.slack.com/services/T0/B1/canary")
    page = open_page(f"{show.url}?project=p&view=status")
    section(page, "Endpoints").text("hooks.slack.com").wait()
    assert "canary" not in page.shown()
    stored.db.query("update endpoints set failures = 3 where endpoint_id = %s", endpoint)
    section(page, "Endpoints").text("3 failed").wait()


def test_a_server_that_goes_and_comes_back(stored, start, open_page):
    stored.run("p", "r", 1)
    show = start()
    page = open_page(f"{show.url}?project=p&view=status")
    page.text("Live", exact=True).wait()
    section(page, "Endpoints").wait()
    show.stop()
    page.text("Reconnecting").wait()
    section(page, "Endpoints").text("The dashboard's server does not answer").wait()
    start(port=show.port)
    page.text("Live", exact=True).wait()
    section(page, "Endpoints").text("The dashboard's server does not answer").wait_gone()
    stored.alert(1, "after the return")
    stored.db.query("select pg_notify('tocsin_alerts', '')")
    page.role("region", "New alerts").role("article", "after the return").wait()


def test_a_database_that_goes_and_comes_back(own_cluster, start, open_page):
    from stored import Stored
    stored = Stored(own_cluster.create())
    stored.run("p", "r", 1)
    page = open_page(f"{start(dsn=stored.db.dsn_superuser).url}?project=p&view=alerts")
    page.text("No alert yet").wait()
    own_cluster.kill9()
    page.key("7")
    wait_for(lambda: "does not answer" in page.shown() or "Trying again" in page.shown(), 30, page.shown)
    own_cluster.start()
    section(page, "Quarantine").text("PostgreSQL has refused no batch.").wait()
