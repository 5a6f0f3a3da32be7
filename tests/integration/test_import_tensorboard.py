# SPDX-License-Identifier: Apache-2.0
"""tocsin import tensorboard, from event files made here."""

import struct
from datetime import datetime, timezone

import pytest

from rig import tfevents as tf
from rig.wait import wait_for

T0 = 1700000000.0


def when(seconds):
    return datetime.fromtimestamp(T0 + seconds, timezone.utc)


def write(place, *parts, folder="logs", name="events.out.tfevents.1700000000.host.42.0"):
    path = place / folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"".join(parts))
    return path


def f32(number):
    return struct.unpack("<f", struct.pack("<f", number))[0]


def test_scalars_of_all_forms_come_over(place, db, importer):
    write(place, tf.begin(),
          tf.event(0, tf.scalar("loss", 0.1), tf.scalar("acc", float("nan")), time=T0 + 1),
          tf.event(5, tf.tensor("tf2/float", 1, tf.bytes_field(4, struct.pack("<f", 2.5))), time=T0 + 2.25),
          tf.event(6, tf.tensor("tf2/double", 2, tf.bytes_field(4, struct.pack("<d", 0.1)))),
          tf.event(7, tf.tensor("tf2/values", 1, tf.float_field(5, -1.5))),
          tf.event(8, tf.tensor("tf2/packed", 1, tf.bytes_field(5, struct.pack("<f", 3.0)))),
          tf.event(-3, tf.scalar("loss", float("inf"))))
    (run,) = importer.done("tensorboard", place / "logs")["runs"]
    assert (run["run"], run["calls"], run["left_out"]) == ("logs", 6, {})
    seen = [(*row[:2], repr(row[2])) for row in db.query("select step, name, value from metrics order by 1, 2")]
    assert seen == [(-3, "loss", "inf"), (0, "acc", "nan"), (0, "loss", repr(f32(0.1))), (5, "tf2/float", "2.5"),
                    (6, "tf2/double", "0.1"), (7, "tf2/values", "-1.5"), (8, "tf2/packed", "3.0")]
    assert db.query("select time from metrics where step in (0, 5) and name <> 'acc' order by 1") == [
        (when(1),), (when(2.25),)]
    assert db.query("select created, state from runs_overview") == [(when(1), "finished")]


def test_every_directory_is_a_run_and_its_files_follow_each_other(place, db, importer):
    write(place, tf.begin(), tf.event(0, tf.scalar("a", 1)), folder="logs")
    write(place, tf.begin(), tf.event(0, tf.scalar("a", 2)), folder="logs/train")
    write(place, tf.begin(), tf.event(1, tf.scalar("a", 3)), folder="logs/train",
          name="events.out.tfevents.1700000009.host.42.0")
    write(place, tf.begin(), tf.event(0, tf.scalar("a", 4)), folder="logs/val/deep")
    (place / "logs" / "notes.txt").write_text("hello")
    (place / "logs" / "empty").mkdir()
    (place / "logs" / "back").symlink_to(place / "logs")
    runs = importer.done("tensorboard", place / "logs")["runs"]
    assert sorted((run["run"], run["calls"]) for run in runs) == [("logs", 1), ("train", 2), ("val/deep", 1)]
    assert db.query("select run, step, value from metrics order by run, step") == [
        ("logs", 0, 1), ("train", 0, 2), ("train", 1, 3), ("val/deep", 0, 4)]
    one = importer.done("tensorboard", place / "logs" / "val" / "deep", "--name", "one")["runs"]
    assert [(run["run"], run["state"]) for run in one] == [("one", "imported")]


def test_what_is_no_scalar_is_counted_by_its_kind(place, db, importer):
    write(place, tf.begin(), tf.record(tf.bytes_field(4, b"graph")),
          tf.event(0, tf.value("h", tf.bytes_field(5, b"x")), tf.value("i", tf.bytes_field(4, b"x")),
                   tf.value("s", tf.bytes_field(6, b"x")), tf.scalar("loss", 1)),
          tf.event(1, tf.tensor("t", 7, tf.bytes_field(8, b"hello"), of="text"),
                   tf.tensor("hist", 2, tf.bytes_field(4, bytes(24)), of="histograms"),
                   tf.tensor("ints", 9, tf.bytes_field(4, bytes(8)), of="other"), tf.value("nothing")),
          tf.event(2, tf.scalar("x" * 256, 1), tf.scalar(b"\xff", 1), tf.scalar("", 1)))
    result = importer.run("tensorboard", place / "logs")
    assert result.rc == 0 and "histograms left out, the first: h" in result.stderr, result.stderr
    (run,) = importer.done("tensorboard", place / "logs")["runs"]
    assert run["left_out"] == {"graphs": 1, "histograms": 2, "images": 1, "audio": 1, "text": 1, "tensors": 1,
                               "values without content": 1, "tags that are no names": 3}
    assert db.query("select name, value from metrics") == [("loss", 1)]


def test_a_file_that_is_being_written_ends_where_it_ends_for_now(place, db, importer):
    parts = [tf.begin(), *(tf.event(step, tf.scalar("loss", step)) for step in range(5))]
    whole = b"".join(parts)
    imported = 0
    for cut in (len(whole) - 1, len(whole) - len(parts[-1]) + 3):
        write(place, whole[:cut])
        (run,) = importer.done("tensorboard", place / "logs")["runs"]
        assert run["left_out"] == {"torn ends (is the file still being written?)": 1}
        imported += run["calls"]
    assert imported == 4
    write(place, whole)
    (run,) = importer.done("tensorboard", place / "logs")["runs"]
    assert (run["calls"], run["skipped"], run["left_out"]) == (1, 4, {})
    assert db.query("select step, value from metrics order by step") == [(s, s) for s in range(5)]


def test_damage_costs_the_record_or_the_rest_and_is_said(place, importer):
    good = [tf.event(step, tf.scalar("loss", step)) for step in range(3)]
    content = bytearray(good[1])
    content[20] ^= 1
    length = bytearray(good[1])
    length[0] ^= 1
    nonsense = tf.record(b"\xff\xff\xff")
    for middle, left_out, calls in ((content, "damaged records", 2), (length, "rests of files behind damage", 1),
                                    (nonsense, "records that are no events", 2)):
        write(place, good[0], bytes(middle), good[2], folder=left_out)
        (run,) = importer.done("tensorboard", place / left_out)["runs"]
        assert (run["calls"], run["left_out"]) == (calls, {left_out: 1})


def test_a_killed_import_is_continued(place, db, importer):
    n = 20_000
    write(place, *(tf.event(step, tf.scalar("loss", step)) for step in range(n)))
    process = importer.spawn("tensorboard", place / "logs")
    wait_for(lambda: db.value("select sum(committed) from producers_overview") or process.code is not None, 60)
    process.kill9()
    (run,) = importer.done("tensorboard", place / "logs")["runs"]
    assert process.code == -9 and run["skipped"] > 0 and run["calls"] + run["skipped"] == n
    assert db.query("select count(*), count(distinct step), sum(value) from metrics") == [
        (n, n, n * (n - 1) / 2)]


@pytest.mark.parametrize("make, says", [
    (lambda place: (place / "logs").mkdir(), "there is no event file"),
    (lambda place: write(place), "there is nothing to import"),
    (lambda place: write(place, b"no event file at all, but long enough"), "there is nothing to import"),
    (lambda place: None, "cannot open"),
])
def test_places_without_scalars_are_refused(place, cli, make, says):
    make(place)
    refused = cli.run("import", "tensorboard", place / "logs", "--project", "p", "--dry-run")
    assert refused.rc in (2, 3) and says in refused.stderr, refused.stderr
