# SPDX-License-Identifier: Apache-2.0
"""What the tests of the reading commands find in the database."""

EVIL = "a\tb\nc\\d\x1b[31mred\u009b0m\u202eevil\u2028x"
EVIL_SHOWN = "a\\tb\\nc\\\\d\\x1b[31mred\\u{9b}0m\\u{202e}evil\\u{2028}x"


def fill(db):
    """p: an old and a new run named `twin`, a run of 2 ranks one of which restarted, odd values."""
    db.run("p", "twin", 11, at=0, config='{"lr": 1e-3, "_Group": "stale"}', ending="finished")
    db.run("p", "twin", 12, at=10, group="g", username="ann", ending="failed",
           config='{"lr": 0.10, "big": 12345678901234567890, "h\u00e9": ["\U0001f600", {"a": null}]}')
    db.log(12, ["train/loss", "lr"], [(s, 100 + s, [1 / (s + 1), 0.1]) for s in range(5)])
    db.log(12, ["val"], [(4, 104.5, [2.0])])
    db.log(12, ["gpu/0/power", "gpu/0/temp"], [(0, 50, [300.25, float("nan")]), (0, 60, [301, 61])],
           kind="system")
    db.log(12, ["cpu"], [(0, 55, [0.5])], kind="system")

    db.run("p", "ranks", 13, at=20, world_size=2, attempts=((0, 0), (0, 1), (1, 0)))
    db.log(13, ["loss"], [(s, s, [s]) for s in range(6)], rank=0, attempt=0)
    db.log(13, ["loss"], [(s, 10 + s, [s + 0.5]) for s in range(3, 8)], rank=0, attempt=1)
    db.log(13, ["loss"], [(s, s, [-s]) for s in range(6)], rank=1, attempt=0)

    db.run("q\u00fc", "odd", 14, at=30)
    db.log(14, ["x"], [(0, 0.123456, [float("nan")]), (1, 1, [float("inf")]),
                       (2, 2, [float("-inf")]), (3, 3.5, [1e300]), (4, 4, [0.1 + 0.2])])
    db.run("q\u00fc", EVIL, 15, at=40)
    db.run("quiet", "silent", 16, at=50)

    db.run("r", "many", 17, at=60)
    db.log(17, ["m"], [(s, s, [s]) for s in range(2500)], per_block=10)

    db.alert(12, "old", level=0, at=1)
    db.alert(12, "diverged", text="loss is NaN", level=2, step=7, at=2.5, url="https://secret/hook")
    db.alert(13, "rank one", level=1, at=3, rank=1)
    db.alert(15, EVIL, text=EVIL, at=4)
