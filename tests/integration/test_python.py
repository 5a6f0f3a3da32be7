# SPDX-License-Identifier: Apache-2.0
"""The Python package against a real collector: what a script logs is what SQL has."""

import math

from rig.python import warnings_of


def values(db, name):
    """[(step, value)] of a metric."""
    return db.query("select step, value from metrics where name = %s order by time", name)


def test_a_plain_loop(db, scripts):
    log = scripts.run("""
        import tocsin
        run = tocsin.init("proj", name="first", group="g", config={"lr": 0.1, "layers": [1, 2]})
        for step in range(300):
            tocsin.log({"loss": 1 / (step + 1), "epoch": step // 100}, step=step)
        tocsin.config["found"] = "later"
        tocsin.alert("half way", "a text", level="info", step=150)
        assert tocsin.finish(), run.stats()
        """)
    assert warnings_of(log) == []
    assert values(db, "loss") == [(step, 1 / (step + 1)) for step in range(300)]
    assert values(db, "epoch") == [(step, step // 100) for step in range(300)]
    assert db.query("select project, run, state, group_name, config from runs_overview") == [
        ("proj", "first", "finished", "g", {"lr": 0.1, "layers": [1, 2], "found": "later"})]
    assert db.query("select title, text, level, step from alerts_feed") == [
        ("half way", "a text", "info", 150)]
    assert "run first of project proj" in log and "[TOCSIN INFO] half way: a text (step 150)" in log


def test_every_kind_of_number_is_kept(db, scripts):
    log = scripts.run("""
        import decimal, fractions, math
        import numpy
        import tocsin

        class Tensor:  # as torch has it: float() of it is its value
            def __float__(self):
                return 8.25

        class Index:
            def __index__(self):
                return 9

        tocsin.init()
        tocsin.log({"float": 0.1, "int": 3, "big": 2**60, "bool": True, "nan": math.nan,
                    "inf": math.inf, "-inf": -math.inf, "minus one": -1.0, "minus one int": -1,
                    "f64": numpy.float64(1.5), "f32": numpy.float32(0.1), "f16": numpy.float16(2.5),
                    "i64": numpy.int64(-7), "u8": numpy.uint8(255), "npbool": numpy.bool_(True),
                    "0d": numpy.array(4.5), "decimal": decimal.Decimal("1.25"),
                    "fraction": fractions.Fraction(1, 4), "tensor": Tensor(), "index": Index()})
        """)
    assert warnings_of(log) == []
    got = dict(db.query("select name, value from metrics"))
    assert math.isnan(got.pop("nan"))
    assert got == {"float": 0.1, "int": 3, "big": 2.0**60, "bool": 1, "inf": math.inf,
                   "-inf": -math.inf, "minus one": -1, "minus one int": -1, "f64": 1.5,
                   "f32": 0.10000000149011612, "f16": 2.5, "i64": -7, "u8": 255, "npbool": 1,
                   "0d": 4.5, "decimal": 1.25, "fraction": 0.25, "tensor": 8.25, "index": 9}


def test_nested_dicts_are_flattened_and_other_mappings_are_read(db, scripts):
    log = scripts.run("""
        import collections, types
        import tocsin
        tocsin.init()
        tocsin.log({"train": {"loss": 1.5, "acc": {0: 0.25, 1: 0.75}}, "lr": 0.1, 7: 3})
        tocsin.log(types.MappingProxyType({"proxy": 2.0}))
        tocsin.log(collections.OrderedDict(ordered=4.0))
        """)
    assert warnings_of(log) == []
    assert dict(db.query("select name, value from metrics")) == {
        "train/loss": 1.5, "train/acc/0": 0.25, "train/acc/1": 0.75, "lr": 0.1, "7": 3, "proxy": 2,
        "ordered": 4}


def test_steps(db, scripts):
    """Without a step: after the highest; an explicit one may go back."""
    scripts.run("""
        import tocsin
        run = tocsin.init()
        tocsin.log({"a": 0}); tocsin.log({"a": 1})
        tocsin.log({"a": 2}, step=10); tocsin.log({"a": 3})
        tocsin.log({"a": 4}, step=5); tocsin.log({"a": 5})
        tocsin.log({"a": 6}, 20.0)
        tocsin.log({f"k{i}": i for i in range(10000)})
        assert run.next_step == 22, run.next_step
        tocsin.alert("no step"); tocsin.alert("a step", step=3)
        """)
    assert values(db, "a") == [(0, 0), (1, 1), (10, 2), (11, 3), (5, 4), (12, 5), (20, 6)]
    assert db.query("select distinct step from metrics where name like 'k%%'") == [(21,)]
    assert db.value("select count(*) from metrics where name like 'k%%'") == 10000
    assert dict(db.query("select title, step from alerts_feed")) == {"no step": 21, "a step": 3}


def test_system_metrics(db, scripts):
    scripts.run("""
        import tocsin
        tocsin.init()
        tocsin.log_system({"gpu/0/power": 250.5, "cpu": {"utilization": 7}})
        """)
    assert dict(db.query("select name, value from system_metrics")) == {
        "gpu/0/power": 250.5, "cpu/utilization": 7}


def test_the_configuration_takes_everything(db, scripts):
    log = scripts.run("""
        import argparse, dataclasses, pathlib, types
        import numpy, tocsin
        from tocsin import config  # before init(), and the same afterwards

        @dataclasses.dataclass
        class Model:
            width: int = 3
            _hidden: int = 4

        class Library:
            def to_dict(self):
                return {"_name_or_path": "m", "dtype": numpy.float32}

        loop = {}
        loop["again"] = loop
        run = tocsin.init(config={
            "np": numpy.float32(0.5), "array": numpy.arange(3), "path": pathlib.Path("/a"),
            "nan": float("nan"), "set": {1}, "tuple": (1, "a"), "bad": "a\\0b\\ud800", 3: "int key",
            "none": None, "model": Model(), "library": Library(), "big": 10**5000, "loop": loop,
            "args": argparse.Namespace(lr=0.1)})
        assert config is tocsin.config is run.config
        config.update({"later": 1, "_private": 2}, allow_val_change=True)
        config["model/num_parameters"] = numpy.int64(7)
        config |= {"piped": True}
        config.setdefault("default", "d"); config.setdefault("later", 9)
        config.update({f"huge{i}": "x" * 60000 for i in range(10)})
        config["too long"] = ["y" * 60000] * 5
        """)
    stored = db.value("select config from runs_overview")
    assert len(warnings_of(log)) == 1 and "'too long'" in log
    assert [stored.pop(f"huge{i}") for i in range(10)] == ["x" * 60000] * 10
    deep = stored.pop("loop")
    for _ in range(20):
        deep = deep["again"]
    assert stored.pop("big").startswith("0x")
    assert stored == {
        "np": 0.5, "array": [0, 1, 2], "path": "/a", "nan": "NaN", "set": [1], "tuple": [1, "a"],
        "bad": "a\ufffdb?", "3": "int key", "none": None, "model": {"width": 3},
        "library": {"_name_or_path": "m", "dtype": "<class 'numpy.float32'>"}, "args": {"lr": 0.1},
        "later": 1, "_private": 2, "model/num_parameters": 7, "piped": True, "default": "d"}


def test_where_alerts_are_posted(db, scripts):
    """At the run's URL from its least level on; the alert's own goes before it."""
    log = scripts.run("""
        import tocsin
        tocsin.init(webhook_url="https://run.example/a", webhook_min_level=" Warn ")
        tocsin.alert("info", level="info"); tocsin.alert("warn")
        tocsin.alert("own", level=tocsin.AlertLevel.ERROR, webhook_url="https://own.example/b")
        tocsin.alert("own but info", level="INFO", webhook_url="https://own.example/b")
        tocsin.alert("long", webhook_url="https://own.example/" + "x" * 3000)
        tocsin.finish()
        tocsin.init()
        tocsin.alert("by variable", level="error")
        """, TRACKIO_WEBHOOK_URL="https://variable.example/c", TOCSIN_WEBHOOK_MIN_LEVEL="error")
    assert dict(db.query("select a.title, e.url from alerts a left join endpoints e using (endpoint_id)")) == {
        "info": None, "warn": "https://run.example/a", "own": "https://own.example/b",
        "own but info": None, "long": "https://run.example/a", "by variable": "https://variable.example/c"}
    assert len(warnings_of(log)) == 1 and "2048 bytes" in log
