# SPDX-License-Identifier: Apache-2.0
"""What goes wrong in scripts: a warning or a clear error, never a crash, never a hang, and what stands
beside it is stored."""

import re

from rig.python import warnings_of
from rig.wait import wait_for


def stored(db):
    return dict(db.query("select name, value from metrics"))


def test_values_that_are_no_numbers_are_left_out_with_one_warning_each(db, scripts):
    log = scripts.run("""
        import tocsin

        class Angry:
            def __float__(self):
                raise RuntimeError("not me")
            __repr__ = __str__ = None

        tocsin.init()
        for i in range(3):
            tocsin.log({"a": i, "text": "x", "none": None, "list": [1, 2], "complex": 1j,
                        "huge": 10**400, "angry": Angry(), "bytes": b"1", "z": i})
        """)
    assert sorted(warnings_of(log)) == [
        "'angry' was left out: a Angry is not a number",
        "'bytes' was left out: a bytes is not a number",
        "'complex' was left out: a complex is not a number",
        "'huge' was left out: a int is not a number",
        "'list' was left out: a list is not a number",
        "'none' was left out: a NoneType is not a number",
        "'text' was left out: a str is not a number"]
    assert db.query("select step, name, value from metrics order by step, name") == [
        (i, name, i) for i in range(3) for name in ("a", "z")]


def test_keys_that_are_no_names_are_left_out(db, scripts):
    log = scripts.run("""
        import tocsin
        tocsin.init()
        loop = {"inner": 5}
        loop["loop"] = loop
        for i in range(2):
            tocsin.log({"a": 1, "nul\\0": 2, "\\ud800": 3, "": 4, None: 5, (1, 2): 6, "x" * 256: 7,
                        "\\u00fc" * 128: 8, "z": 9})
        tocsin.log({"b/c": 1, "b": {"c": 2, "d": 3}, 1: 1, "1": 2})
        tocsin.log({"loop": loop})
        """)
    assert len(warnings_of(log)) == 10, log
    for said in ("'nul\\x00' cannot be the name of a metric: it contains a NUL",
                 "'\\ud800' cannot be the name of a metric: it is not valid Unicode",
                 "'' cannot be the name of a metric: it is empty", "longer than 255 bytes",
                 "its key None is neither str nor int", "its key (1, 2) is neither str nor int",
                 "'b/c' cannot be the name of a metric: the name is there twice",
                 "nested deeper than 16 dicts"):
        assert said in log
    got = stored(db)
    nested = {name: got.pop(name) for name in list(got) if name.startswith("loop")}
    assert got == {"a": 1, "z": 9, "b/c": 1, "b/d": 3, "1": 1}
    assert set(nested.values()) == {5} and len(nested) == 16


def test_calls_that_make_no_sense(db, scripts):
    log = scripts.run("""
        import tocsin
        tocsin.init()
        for wrong in (None, [1], "text", 7, {"only": "text"}, {}):
            tocsin.log(wrong)
        for step in ("7", 1.5, 2**70, -2**63, object, float("nan")):
            tocsin.log({"a": 1}, step=step)
        tocsin.log({"b": 2}, commit=True, sync=False)
        tocsin.log_system(None)
        for call in (lambda: tocsin.log(), lambda: tocsin.log(step=3), lambda: tocsin.alert()):
            try:
                call()
            except TypeError:
                continue
            raise SystemExit("no TypeError")
        """)
    said = warnings_of(log)
    assert len(said) == 4 + 1 + 6 + 2, log
    assert "a call was left out: log() takes a dict, not a NoneType" in said
    assert "log() does not know commit=" in said
    assert db.query("select step, name, value from metrics order by step") == [
        (i, "a", 1) for i in range(6)] + [(6, "b", 2)]


def test_alerts_that_make_no_sense_are_raised_all_the_same(db, scripts):
    log = scripts.run("""
        import tocsin

        class Mute:
            def __str__(self):
                raise RuntimeError

        tocsin.init()
        tocsin.alert("bad level", level="fatal"); tocsin.alert("number", level=3)
        tocsin.alert("shouted", level=" ERROR ")
        tocsin.alert(42); tocsin.alert(Mute()); tocsin.alert(""); tocsin.alert(None, text={"a": 1})
        tocsin.alert("nul\\0 and \\ud800", "text\\0")
        tocsin.alert("long", "\\u00e9" * 5_000_000); tocsin.alert("t" * 10_000_000)
        tocsin.alert("bad step", step="x")
        """)
    assert len(warnings_of(log)) == 3, log
    got = {title: (level, text) for title, level, text in
           db.query("select title, level, text from alerts_feed")}
    long = got.pop("long")[1]
    assert len(long.encode()) <= 32 * 1024 and long.endswith("\u00e9...")
    (cut,) = [title for title in got if title.startswith("ttt")]
    assert len(cut) == 1024 and cut.endswith("t...") and got.pop(cut)
    assert got == {"bad level": ("warn", None), "number": ("warn", None), "shouted": ("error", None),
                   "42": ("warn", None), "<Mute>": ("warn", None), "(no title)": ("warn", None),
                   "None": ("warn", "{'a': 1}"), "nul\ufffd and ?": ("warn", "text\ufffd"),
                   "bad step": ("warn", None)}


def test_a_hundred_thousand_keys(db, scripts):
    log = scripts.run("""
        import tocsin
        tocsin.init()
        tocsin.log({f"k{i}": i for i in range(100_000)}, step=3)
        tocsin.log({"n" * 200 + str(i): i for i in range(20_000)})
        tocsin.log({"a": 1})
        """)
    assert len(warnings_of(log)) == 1 and "too many columns or too many bytes" in log
    assert db.query("""select count(*), sum(value), min(step), max(step) from metrics
                       where name like 'k%%'""") == [(100_000, 4999950000, 3, 3)]
    assert stored(db)["a"] == 1


def test_usage_errors(scripts):
    log = scripts.run("""
        import os
        import tocsin
        os.environ.pop("TOCSIN_PROJECT")
        def says(error, call):
            try:
                call()
            except error as e:
                print("said", e)
            else:
                raise SystemExit("no error")
        says(RuntimeError, lambda: tocsin.log({"a": 1}))
        says(RuntimeError, lambda: tocsin.alert("a"))
        says(RuntimeError, lambda: tocsin.log_system({"a": 1}))
        tocsin.finish()
        says(ValueError, lambda: tocsin.init())
        says(ValueError, lambda: tocsin.init("p", resume="maybe"))
        says(ValueError, lambda: tocsin.init("p", resume="must"))
        says(ValueError, lambda: tocsin.init("p", webhook_min_level="fatal"))
        says(TypeError, lambda: tocsin.init("p", config=[1]))
        says(TypeError, lambda: tocsin.init("p", bucket=1))
        says(ValueError, lambda: tocsin.init("p\\0"))
        says(ValueError, lambda: tocsin.init("p\\ud800"))
        tocsin.init("p").finish()
        says(RuntimeError, lambda: tocsin.log({"a": 1}))
        """)
    assert log.count("said") == 12
    assert "Call tocsin.init() before tocsin.log()." in log
    assert "Invalid alert level 'fatal'. Expected one of: info, warn, error." in log


def test_a_run_that_cannot_start_does_not_stop_training(scripts):
    log = scripts.run("""
        import tocsin
        run = tocsin.init("p" * 300)
        tocsin.log({"a": 1}); tocsin.alert("x"); tocsin.config["a"] = 1; tocsin.log_system({"a": 1})
        assert not run.active and run.stats() == {}
        tocsin.finish()
        print("trained")
        """)
    assert "not started, training goes on without it: the project is longer than 255 bytes" in log
    assert warnings_of(log) == [] and log.endswith("trained\n")


def test_after_finish(db, scripts):
    log = scripts.run("""
        import tocsin
        run = tocsin.init()
        run.log({"a": 1})
        run.finish()
        run.log({"a": 2}); run.log({"a": 3}); run.alert("late"); run.config["late"] = 1
        run.log_system({"a": 1})
        """)
    assert warnings_of(log) == ["the run is finished: what is logged now is lost"]
    assert stored(db) == {"a": 1}


def test_warnings_that_are_errors_do_not_reach_training(db, scripts):
    log = scripts.run("""
        import tocsin
        tocsin.init()
        tocsin.log({"a": 1, "text": "x"})
        tocsin.alert("t", level="fatal")
        """, flags=["-W", "error"])
    assert log.count("tocsin: ") == 3 and "Traceback" not in log  # two warnings and the run's own line
    assert stored(db) == {"a": 1}


def test_an_interrupt_is_not_swallowed(db, scripts):
    scripts.run("""
        import tocsin

        class Interrupted:
            def __float__(self):
                raise KeyboardInterrupt

        tocsin.init()
        try:
            tocsin.log({"a": 1, "b": Interrupted()})
        except KeyboardInterrupt:
            tocsin.log({"after": 1})
        """)
    assert stored(db) == {"after": 1}


def test_values_that_change_what_is_logged_or_end_the_run(db, scripts):
    scripts.run("""
        import tocsin

        class Growing:
            def __float__(self):
                metrics[f"new{len(metrics)}"] = Growing()
                return 1.0

        class Clearing:
            def __float__(self):
                metrics.clear()
                return 2.0

        class Nested:
            def __float__(self):
                tocsin.log({"from inside": 3.0})
                return 4.0

        class Ending:
            def __float__(self):
                tocsin.finish()
                return 5.0

        tocsin.init()
        metrics = {"growing": Growing(), "a": 1.0}
        tocsin.log(metrics)
        metrics = {"clearing": Clearing(), "never seen": 1.0}
        tocsin.log(metrics)
        tocsin.log({"nested": Nested()})
        tocsin.log({"ending": Ending()})
        """)
    got = stored(db)
    assert "never seen" not in got and "ending" not in got
    assert {k: got[k] for k in ("growing", "a", "clearing", "from inside", "nested")} == {
        "growing": 1, "a": 1, "clearing": 2, "from inside": 3, "nested": 4}


def test_forked_children(db, scripts):
    """A child's calls on its parent's run do nothing; it may have a run of its own."""
    log = scripts.run("""
        import os
        import tocsin
        run = tocsin.init(name="parent")
        tocsin.log({"a": 1})
        for own in (False, True):
            pid = os.fork()
            if pid == 0:
                tocsin.log({"a": 2}); tocsin.alert("child"); run.config["child"] = 1
                if own:
                    tocsin.init(name="child")
                    tocsin.log({"a": 3})
                raise SystemExit(0)
            assert os.waitpid(pid, 0)[1] == 0
        tocsin.log({"a": 4})
        """)
    assert db.query("select run, step, value from metrics order by run, step") == [
        ("child", 0, 3), ("parent", 0, 1), ("parent", 1, 4)]
    assert db.query("select run, state, config from runs_overview order by run") == [
        ("child", "finished", {}), ("parent", "finished", {})]
    assert "this is a forked child and the run is its parent's" in log


def test_thirty_two_threads(db, scripts):
    scripts.run("""
        import threading
        import tocsin
        tocsin.init()

        class Slow:
            def __init__(self, value):
                self.value = value
            def __float__(self):
                event.wait(0)  # lets other threads run
                return self.value

        event = threading.Event()
        def work(thread):
            for i in range(200):
                tocsin.log({f"t{thread}": float(i), "slow": Slow(1.0)}, step=i)
            tocsin.alert(f"thread {thread}")

        threads = [threading.Thread(target=work, args=(i,)) for i in range(32)]
        for thread in threads: thread.start()
        for thread in threads: thread.join()
        """)
    assert db.query("""select name, count(*), count(distinct step), sum(value) from metrics
                       where name like 't%%' group by name order by name""") == sorted(
        (f"t{i}", 200, 200, 19900.0) for i in range(32))
    assert db.value("select count(*) from metrics where name = 'slow'") == 32 * 200
    assert db.value("select count(*) from alerts_feed") == 32


def test_finish_while_threads_log(db, scripts):
    log = scripts.run("""
        import threading
        import tocsin
        run = tocsin.init()
        stop = threading.Event()
        logged = [0] * 8
        def work(thread):
            while not stop.is_set():
                run.log({"a": 1.0})
                logged[thread] += 1
        threads = [threading.Thread(target=work, args=(i,)) for i in range(8)]
        for thread in threads: thread.start()
        while min(logged) < 10: pass
        assert run.finish() and run.finish()
        stop.set()
        for thread in threads: thread.join()
        """)
    assert "the run is finished: what is logged now is lost" in warnings_of(log)
    assert db.value("select count(*) from metrics") >= 80


def test_at_interpreter_shutdown(db, scripts):
    """From destructors, atexit functions and threads that are still running."""
    log = scripts.run("""
        import atexit, threading, time
        import tocsin

        class Last:
            def __del__(self):
                run.log({"b": 1})
                run.alert("too late")

        def early():
            tocsin.log({"a": 2})

        def daemon():
            while True:
                run.log({"c": 1})
                time.sleep(0.0005)  # a full ring would drop the others' calls

        run = tocsin.init()
        tocsin.log({"a": 1})
        atexit.register(early)
        keep = Last()
        threading.Thread(target=daemon, daemon=True).start()
        """)
    assert re.search("Traceback|Fatal", log) is None, log
    assert db.query("select value from metrics where name = 'a' order by step") == [(1,), (2,)]
    assert db.value("select state from runs_overview") == "finished"


def test_children_of_multiprocessing_finish_their_runs(db, scripts):
    scripts.run("""
        import multiprocessing
        import tocsin

        def work(i):
            tocsin.init(name=f"child{i}")
            tocsin.log({"a": i})
            if i % 2:
                raise ValueError("mine")

        if __name__ == "__main__":
            for how in ("fork", "spawn"):
                context = multiprocessing.get_context(how)
                children = [context.Process(target=work, args=(i + 2 * (how == "spawn"),)) for i in range(2)]
                for child in children: child.start()
                for child in children: child.join()
                assert [child.exitcode for child in children] == [0, 1]
        """)
    wait_for(lambda: db.value("select count(*) from runs_overview where state <> 'running'") == 4)
    assert db.query("select run, state, last_step from runs_overview order by run") == [
        (f"child{i}", "failed" if i % 2 else "finished", 0) for i in range(4)]
