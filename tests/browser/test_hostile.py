# SPDX-License-Identifier: Apache-2.0
"""Whatever somebody calls a run, a metric or an alert is text on the page. The browser is told to ignore the page's
Content-Security-Policy, so that the page itself must be good."""

import json
import urllib.parse

import pytest

from rig.wait import wait_for

# Each sets window.xss or asks another server if any of it is taken for markup, an address or a script.
CORPUS = [
    "<script>window.xss=1</script>",
    "<img src=x onerror=window.xss=1>",
    "<svg/onload=window.xss=1>",
    "\"><img src=//evil.example/x onerror=window.xss=1>",
    "' onmouseover='window.xss=1' autofocus onfocus='window.xss=1",
    "javascript:window.xss=1",
    "<a href=javascript:window.xss=1>x</a>",
    "</title></textarea></style><script>window.xss=1</script>",
    "<iframe srcdoc='<script>parent.xss=1</script>'>",
    "{{constructor.constructor('window.xss=1')()}}${window.xss=1}",
    "&lt;img src=x onerror=window.xss=1&gt;&#60;script&#62;",
    "<style>@import '//evil.example/x';*{background:url(//evil.example/y)}</style>",
    "\u202e<b>gnp.exe\u2028window.xss=1//",
    "__proto__", "constructor", "toString",
]
PROJECT = "<img src=x onerror=window.xss=1>&project=p"
VIEWS = ("runs", "metrics", "ranks", "alerts", "sweeps", "system", "status")


@pytest.fixture
def hostile(stored):
    for n, text in enumerate(CORPUS, 1):
        config = {text: text, "nested": {text: [text]}, "tags": [text]}
        stored.run(PROJECT, text, n, config=json.dumps(config), group=text, username=text)
        stored.db.query("update attempts set host = %s where run_id = %s", text, n)
        stored.log(n, [f"{text} loss", text], [(s, s, [s, 1]) for s in range(5)], per_block=5)
        stored.log(n, [f"gpu/0/{text}"], [(0, s, [s]) for s in range(5)], kind="system", per_block=5)
        stored.alert(n, text, text=text, level=n % 3, step=2)
        stored.db.query("""insert into gaps (run_id, rank, attempt, calls) values (%s, 0, 0, 1)""", n)
        stored.db.query("""insert into quarantine (run_id, producer_id, rank, attempt, lane, seq, calls, sqlstate, reason, frame)
                           values (%s, gen_random_uuid(), 0, 0, 1, 1, 1, '22003', %s, 'x')""", n, text)
        stored.db.query("insert into silences (title, comment, who, ends) values (%s, %s, %s, now() + interval '1 day')",
                        text, text, text)
    stored.refresh_state()
    return stored


def settle(page):
    """Nothing is loading any more."""
    wait_for(lambda: page.role("status", "Loading").count() == 0, 30, page.shown)
    page.call("waitForLoadState", "load")


def inert(page):
    assert page.run("typeof window.xss") == "undefined"
    assert page.run("document.querySelectorAll('iframe, img, object, embed, base, body script, body style').length") == 0
    assert page.run("[...document.querySelectorAll('[href], [src]')].filter("
                    "(e) => /javascript|evil/.test(e.href ?? e.src)).length") == 0


def address(show, view, **more):
    return show.url + "?" + urllib.parse.urlencode({"project": PROJECT, "view": view, **more})


@pytest.mark.parametrize("view", VIEWS)
def test_every_view_takes_it_for_text(hostile, show, open_page, view):
    page = open_page(address(show, view), bypassCSP=True)
    page.text("Live", exact=True).wait()
    settle(page)
    if view in ("runs", "alerts"):
        for text in CORPUS[:12]:
            assert text in page.shown(), text
    inert(page)
    for n in range(1, len(CORPUS) + 1, 5):  # about a run
        page.go(address(show, view, run=n))
        page.role("complementary", "About the run").wait()
        settle(page)
        inert(page)


def test_alerts_in_full(hostile, show, open_page):
    page = open_page(address(show, "alerts"), bypassCSP=True)
    for n, text in enumerate(CORPUS, 1):
        page.go(address(show, "alerts", alert=n))
        dialog = page.role("dialog").wait()
        wait_for(lambda dialog=dialog, text=text: text.split("\u2028")[0] in dialog.call("innerText"), 20, page.shown)
        inert(page)
    page.go(address(show, "alerts"))
    page.role("button", f"{len(CORPUS)} silences").wait().click()
    page.role("dialog", "Silences").wait()
    inert(page)


def test_alerts_that_float(hostile, show, open_page):
    page = open_page(address(show, "runs"), bypassCSP=True)
    page.text("Live", exact=True).wait()
    for n, text in enumerate(CORPUS[:3], 1):
        hostile.alert(n, text, text=text, level=2)
    hostile.db.query("select pg_notify('tocsin_alerts', '')")
    page.role("region", "New alerts").role("article").wait(3)
    inert(page)


@pytest.mark.parametrize("query", [
    "view=%3Cscript%3Ewindow.xss%3D1%3C/script%3E", "project=p&view=__proto__", "view=metrics&x=javascript:window.xss%3D1&smooth=NaN",
    "view=metrics&zoom=1:0&cols=%22onload%3D&metrics=%3Cimg src=x onerror=window.xss%3D1%3E", "view=system&span=a:b&host=%3Cb%3E",
    "view=alerts&level=fatal&alert=%3Cimg src=x onerror=window.xss%3D1%3E", "view=runs&sort=-constructor&group=__proto__&columns=config.__proto__",
    "filter=%3Cscript%3E&runs=1,x,%3Cb%3E&run=-1",
])
def test_an_address_by_somebody_else(hostile, show, open_page, query):
    page = open_page(f"{show.url}?{query}", bypassCSP=True)
    page.role("banner").wait()
    settle(page)
    inert(page)
