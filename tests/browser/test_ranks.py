# SPDX-License-Identifier: Apache-2.0
"""The view of a run's ranks."""

import pytest

STEPS = 60
ODD_RANK, SLOW_RANK = 5, 2


@pytest.fixture
def eight(stored):
    """An older run of one rank; one of eight, of which one is far from the others and one is slow; the ninth never came."""
    stored.run("p", "alone", 1)
    stored.log(1, ["loss"], [(s, s, [1.0]) for s in range(STEPS)], per_block=STEPS)
    stored.run("p", "team", 2, at=1, world_size=9, attempts=tuple((rank, 0) for rank in range(8)))
    for rank in range(8):
        pace = 3 if rank == SLOW_RANK else 1
        value = 50.0 if rank == ODD_RANK else 1.0 + rank / 100
        stored.log(2, ["loss", "acc"], [(s, s * pace, [value, 0.5]) for s in range(STEPS)], rank=rank, per_block=STEPS)
    return stored


def test_who_stands_out_who_is_slow_who_is_missing(eight, show, open_page):
    page = open_page(f"{show.url}?project=p&view=ranks")
    page.text("8 of 9").wait()
    page.text(f"rank {ODD_RANK} on host{ODD_RANK}").wait()
    assert f"rank {SLOW_RANK} on" not in page.shown()
    page.text("1 s (slowest 3 s)").wait()
    rows = page.role("table", "Ranks").role("row")
    assert rows.wait(9).count() == 9
    page.role("table", "Ranks").role("button", "Step time").click()
    assert f"host{SLOW_RANK}" in rows.texts()[1]


def test_a_strip_says_how_long_a_step_took(eight, show, open_page):
    page = open_page(f"{show.url}?project=p&view=ranks")
    strip = page.role("img", "Step time by rank and step").wait()
    box = strip.box()
    page.mouse(["move", box["x"] + box["width"] / 2, box["y"] + box["height"] * (SLOW_RANK + 0.5) / 8])
    page.text(f"rank {SLOW_RANK} on host{SLOW_RANK}, step").wait()
    page.text("3 s a step, median 1 s").wait()


def test_another_run_and_metric_are_in_the_link(eight, show, open_page):
    page = open_page(f"{show.url}?project=p&view=ranks")
    page.label("Metric", exact=True).choose("acc")
    page.text("acc, across ranks").wait()
    page.text("No rank stands out.").wait()
    page.label("Run", exact=True).choose("1")
    page.text("1 of 1").wait()
    other = open_page(page.address())
    other.text("1 of 1").wait()
    assert "of=1" in page.address() and "metric=acc" in page.address()
