# SPDX-License-Identifier: Apache-2.0
"""The page as a browser gets it."""


def test_the_page_loads(show, open_page):
    page = open_page(show.url)
    assert page.run("document.title") == "tocsin"
    assert page.run("document.compatMode") == "CSS1Compat"
