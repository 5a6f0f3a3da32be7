# SPDX-License-Identifier: Apache-2.0
"""Chromium with pages in it. What a person looks for is found by its role and its name; what it does is waited for."""

import json
import pathlib
import shutil

from rig.lines import Lines
from rig.npm import installed
from rig.wait import wait_for

HERE = pathlib.Path(__file__).resolve().parent
DESK = {"width": 1280, "height": 800}
PHONE = {"width": 390, "height": 844}
WAIT_S = 30  # of a page in a build with sanitizers, on a busy machine


class Failed(Exception):
    """What playwright could not do."""


class Browser:
    """A browser of its own, with nothing in it from before. Close it."""

    def __init__(self, place):
        program = shutil.which("chromium")
        assert program, "no chromium: deploy/install-packages test"
        driver = installed(HERE)
        self._lines = Lines(["node", driver / "driver.mjs", program], place, {"TMPDIR": str(place)}, cwd=driver)
        self._n = 0

    def ask(self, op, **fields):
        self._n += 1
        self._lines.write(json.dumps({"n": self._n, "op": op, **fields}).encode() + b"\n")
        line = self._lines.line(2 * WAIT_S)
        assert line is not None, self._lines.errors.read_text()
        answer = json.loads(line)
        assert answer["n"] == self._n
        if "error" in answer:
            raise Failed(answer["error"])
        return answer["result"]

    def open(self, url, size=None, init=None, **options):
        """A page in a context of its own: no cookie, no memory of another. init: a script that runs before the page's."""
        options = {"viewport": size or DESK, "reducedMotion": "reduce", **options}
        page = Page(self, self.ask("open", options=options, init=init))
        page.go(url)
        return page

    def close(self):
        code, _ = self._lines.end(WAIT_S)
        assert code == 0, self._lines.errors.read_text()


class Found:
    """What is on a page: all of it, or what was looked for in it. Found anew with each question."""

    def __init__(self, page, chain=()):
        self.page = page
        self.chain = list(chain)

    def call(self, method, *args):
        return self.page.ask([*self.chain, [method, *args]])

    def _in(self, method, *args):
        return Found(self.page, [*self.chain, [method, *args]])

    def role(self, role, name=None, exact=False, **options):
        return self._in("getByRole", role, {**({} if name is None else {"name": name, "exact": exact}), **options})

    def label(self, text, exact=False):
        return self._in("getByLabel", text, {"exact": exact})

    def text(self, text, exact=False):
        return self._in("getByText", text, {"exact": exact})

    def having(self, text):
        return self._in("filter", {"hasText": text})

    def nth(self, i):
        return self._in("nth", i)

    def count(self):
        return self.call("count")

    def texts(self):
        return self.call("allInnerTexts")

    def click(self, **options):
        self.call("click", options)

    def fill(self, text):
        self.call("fill", text)

    def press(self, key):
        self.call("press", key)

    def choose(self, option):
        self.call("selectOption", option)

    def attribute(self, name):
        return self.call("getAttribute", name)

    def box(self):
        return self.call("boundingBox")

    def wait(self, n=1):
        """Until there are at least so many, the first of them visible."""
        wait_for(lambda: self.count() >= n, WAIT_S, lambda: f"{n} of {self.chain} on\n{self.page.shown()}")
        self.nth(0).call("waitFor", {"state": "visible"})
        return self

    def wait_gone(self):
        wait_for(lambda: self.count() == 0, WAIT_S, lambda: f"{self.chain} goes from\n{self.page.shown()}")


class Page(Found):
    """A page in a browser."""

    def __init__(self, browser, number):
        super().__init__(self)
        self.browser = browser
        self.number = number
        self.url = None

    def ask(self, chain):
        return self.browser.ask("call", page=self.number, chain=chain)

    def go(self, url):
        self.url = url
        self.call("goto", url)

    def run(self, script):
        """The value of an expression in the page."""
        return self.call("evaluate", script)

    def address(self):
        return self.run("location.href")

    def shown(self):
        """All text that a person can see."""
        return self.run("document.body.innerText")

    def key(self, key):
        self.ask([["locator", "body"], ["press", key]])

    def mouse(self, *steps):
        """steps: (method, arguments ...) of playwright's mouse."""
        for method, *args in steps:
            self.browser.ask("mouse", page=self.number, method=method, args=args)

    def seen(self):
        return self.browser.ask("seen", page=self.number)

    def close(self):
        """The page must have behaved: no error of a script, no breach of its policy, no dialog, no other server."""
        seen = self.seen()
        self.browser.ask("close", page=self.number)
        origin = "/".join(self.url.split("/")[:3]) + "/"
        strange = [url for url in seen["requests"] if not url.startswith((origin, "data:", "blob:"))]
        # That a server is away is said by the browser itself.
        errors = [error for error in seen["errors"] if not error.startswith("Failed to load resource")]
        found = errors, seen["dialogs"], strange
        assert found == ([], [], []), found
