# SPDX-License-Identifier: Apache-2.0
"""System metrics of the Python package: the options of init(), log_gpu() and log_cpu(). The GPUs are those
of a stand-in for NVML, which can hang; the machine is the one that the test runs on."""

import json
import math

import pytest

from rig.python import warnings_of
from standins_for import with_gpus

TWO_GPUS = 2 * 22 - 1 + 4  # each has 22 metrics, one of which the second does not know, and there are 4 sums


@pytest.fixture
def gpus(scripts):
    return with_gpus(scripts)


def stored(db, run):
    """{name: [values]} of a run's system metrics."""
    found = {}
    for name, value in db.query("select name, value from system_metrics where run = %s order by time", run):
        found.setdefault(name, []).append(value)
    return found


def test_the_options_turn_on_what_is_sampled_and_say_how_often(db, gpus):
    """Every ten seconds, which is the default, ten calls of each would take longer than is waited."""
    log = gpus.run("""
        import tocsin
        from gpus import wait_until
        for name, options in (("gpu", {"auto_log_gpu": True, "gpu_log_interval": 0.1}),
                              ("cpu", {"auto_log_cpu": True, "cpu_log_interval": 0.1})):
            run = tocsin.init(name=name, **options)
            wait_until(lambda: run.stats()["emitted"] >= 10)
        """)
    assert warnings_of(log) == []
    of_gpus, of_machine = stored(db, "gpu"), stored(db, "cpu")
    assert len(of_gpus) == TWO_GPUS and len(of_gpus["gpu/0/utilization"]) >= 10
    assert set(of_gpus["gpu/1/utilization"]) == {11} and set(of_gpus["gpu/total_power"]) == {701}
    assert {"cpu/utilization", "memory/used", "memory/percent"} <= set(of_machine)
    assert not any(name.startswith("gpu/") for name in of_machine)


@pytest.mark.parametrize("options, expected", [
    ("", {"tocsin-cpu"}), ("auto_log_cpu=False", set()),
    ("auto_log_gpu=True, auto_log_cpu=None", {"tocsin-cpu", "tocsin-gpu"})])
def test_what_is_not_given_comes_from_the_environment(gpus, options, expected):
    gpus.run(f"""
        import tocsin
        from gpus import come_to_rest, gpus, NONE, PCIE, threads, wait_until
        gpus.hangs = PCIE  # its thread stays where it is
        run = tocsin.init({options})
        expected = {expected}
        come_to_rest(run)
        wait_until(lambda: threads() & {{"tocsin-cpu", "tocsin-gpu"}} == expected)
        gpus.hangs = NONE
        """, TOCSIN_AUTO_LOG_CPU="1", TOCSIN_AUTO_LOG_GPU="0")


def test_once_by_request(db, gpus):
    """What it returns is what was logged, but for what could not be read."""
    log = gpus.run("""
        import json, tocsin
        from gpus import gpus, POWER
        run = tocsin.init(name="r")
        print("first", json.dumps(tocsin.log_gpu()))
        gpus.broken = POWER
        print("second", json.dumps(run.log_gpu()))
        print("machine", json.dumps(tocsin.log_cpu()))
        """)
    assert warnings_of(log) == []
    first, second, machine = (json.loads(line.split(" ", 1)[1]) for line in log.splitlines()
                              if line.startswith(("first", "second", "machine")))
    found = stored(db, "r")
    assert len(first) == TWO_GPUS and first["gpu/0/power"] == 350 and first["gpu/mean_utilization"] == 10.5
    assert {name: found[name][0] for name in first} == first
    gone = {"gpu/0/power", "gpu/1/power", "gpu/0/power_percent", "gpu/1/power_percent", "gpu/total_power"}
    assert set(first) - set(second) == gone and all(math.isnan(found[name][1]) for name in gone)
    assert {name: found[name][1] for name in second} == second
    assert machine["memory/total"] > 0 and {name: found[name][0] for name in machine} == machine


def test_without_a_gpu_there_is_nothing_and_nothing_is_said(db, scripts):
    log = scripts.run("""
        import tocsin
        run = tocsin.init(auto_log_gpu=True, gpu_log_interval=0.1)
        assert tocsin.log_gpu() == {} and run.log_gpu() == {}
        assert run.stats()["emitted"] == 0
        """)
    assert warnings_of(log) == []
    assert db.value("select count(*) from system_metrics") == 0


def test_options_that_make_no_sense(scripts):
    log = scripts.run("""
        import decimal, numpy, tocsin
        for name in ("auto_log_gpu", "auto_log_cpu"):
            for value in ("yes", "", 2, -1, 0.5, [], object()):
                try:
                    tocsin.init(**{name: value})
                except TypeError as error:
                    assert str(error) == f"{name} must be True, False or None, not {value!r}", error
                else:
                    raise SystemExit(f"{name}={value!r} was taken")
        for name in ("gpu_log_interval", "cpu_log_interval"):
            for value in (0, -1, 0.0999, 86401, float("nan"), float("inf"), 10**400, "10", b"1", True, [1], 1j):
                try:
                    tocsin.init(**{name: value})
                except (TypeError, ValueError) as error:
                    wrong_kind = isinstance(value, (str, bytes, bool, list, complex))
                    assert type(error) is (TypeError if wrong_kind else ValueError), error
                    assert str(error).startswith(name) and str(error).endswith(f"not {value!r}"), error
                else:
                    raise SystemExit(f"{name}={value!r} was taken")
            for value in (None, 0.1, 86400, numpy.float32(0.5), decimal.Decimal("1.5")):
                assert tocsin.init(**{name: value}).active
        for value in (numpy.bool_(False), 0, 1.0):
            assert tocsin.init(auto_log_gpu=value).active
        """)
    assert "not started" not in log and warnings_of(log) == []


def test_calls_at_the_wrong_time(db, gpus):
    """Before init(), after finish(), in a forked child, on a run that did not start."""
    log = gpus.run("""
        import os, tocsin
        from gpus import come_to_rest
        for name in ("log_gpu", "log_cpu"):
            try:
                getattr(tocsin, name)()
            except RuntimeError as error:
                assert str(error) == f"Call tocsin.init() before tocsin.{name}().", error
            else:
                raise SystemExit("no error")
        assert tocsin.Run("p" * 300).log_cpu() == {}
        run = tocsin.init(name="r")
        come_to_rest(run)
        pid = os.fork()
        if pid == 0:
            assert run.log_gpu() == {} and tocsin.log_cpu() == {}
            tocsin.init(name="child")
            assert len(tocsin.log_gpu()) > 40
            raise SystemExit(0)
        assert os.waitpid(pid, 0)[1] == 0
        assert len(run.log_gpu()) > 40
        run.finish()
        assert run.log_gpu() == {} and run.log_cpu() == {}
        """)
    said = warnings_of(log)
    assert len(said) == 3 and said[2] == "the run is finished: what is logged now is lost", log
    assert all("this is a forked child and the run is its parent's" in text for text in said[:2])
    assert stored(db, "r")["gpu/0/utilization"] == stored(db, "child")["gpu/0/utilization"] == [10]


def test_a_driver_that_hangs_keeps_its_caller_for_a_moment_and_nobody_else(db, gpus):
    log = gpus.run("""
        import threading, time, tocsin
        from gpus import gpus, NONE, PCIE, wait_until
        run = tocsin.init(name="r")
        gpus.hangs = PCIE
        answers = []
        began = time.monotonic()
        asking = threading.Thread(target=lambda: answers.append(tocsin.log_gpu()))
        asking.start()
        wait_until(lambda: gpus.inside > 0)
        for step in range(100):  # with the GIL that the other does not have
            tocsin.log({"a": step})
        assert not answers
        assert len(tocsin.log_cpu()) > 5
        asking.join()
        assert answers == [{}] and 2.5 < time.monotonic() - began < 20
        gpus.hangs = NONE
        wait_until(lambda: run.stats()["emitted"] == 102)  # it is logged when it comes
        """)
    assert warnings_of(log) == ["log_gpu: there was no answer within 3 s; it is logged when it comes"]
    assert db.value("select count(*) from metrics where name = 'a'") == 100
    assert stored(db, "r")["gpu/0/utilization"] == [10]


def test_finish_waits_for_threads_that_sample(db, gpus):
    """Also for one that a driver keeps: the run is there until the last of them has left it."""
    log = gpus.run("""
        import threading, time, tocsin
        from gpus import gpus, PCIE, wait_until
        for turn in range(5):
            run = tocsin.init(name=f"r{turn}")
            stop = threading.Event()
            done = [0] * 8
            def work(i):
                while not stop.is_set():
                    (run.log_cpu if i % 2 else run.log_gpu)()
                    done[i] += 1
            threads = [threading.Thread(target=work, args=(i,)) for i in range(8)]
            for thread in threads: thread.start()
            wait_until(lambda: min(done) > 0)
            assert run.finish()
            stop.set()
            for thread in threads: thread.join()
        run = tocsin.init(name="kept")
        gpus.hangs = PCIE
        asking = threading.Thread(target=run.log_gpu)
        asking.start()
        wait_until(lambda: gpus.inside > 0)
        assert run.finish()
        assert run.log_gpu() == {}
        asking.join()
        """)
    assert "the run is finished: what is logged now is lost" in warnings_of(log)
    assert db.query("select distinct state from runs_overview") == [("finished",)]
    assert all(stored(db, f"r{turn}")["gpu/0/utilization"][0] == 10 for turn in range(5))


def test_a_child_forked_while_a_thread_samples_does_not_wait_for_it(db, gpus):
    gpus.run("""
        import os, threading, tocsin
        from gpus import come_to_rest, gpus, NONE, PCIE, wait_until
        run = tocsin.init(name="parent")
        come_to_rest(run)
        gpus.hangs = PCIE
        asking = threading.Thread(target=run.log_gpu)
        asking.start()
        wait_until(lambda: gpus.inside > 0)
        pid = os.fork()
        if pid == 0:
            gpus.hangs = NONE
            assert run.log_gpu() == {}
            run.finish()
            with tocsin.init(name="child"):
                assert len(tocsin.log_gpu()) > 40
            os._exit(0)
        assert os.waitpid(pid, 0)[1] == 0
        gpus.hangs = NONE
        asking.join()
        """)
    assert db.query("select run, state from runs_overview order by run") == [
        ("child", "finished"), ("parent", "finished")]


def test_at_interpreter_shutdown(db, gpus):
    """From atexit functions, destructors, and threads that are in the middle of it."""
    late = gpus.run("""
        import atexit, tocsin

        class Last:
            def __del__(self):
                print("last", run.log_cpu(), flush=True)

        run = tocsin.init(name="late")
        atexit.register(lambda: print("at exit", len(tocsin.log_cpu()) > 5, flush=True))
        keep = Last()
        """)
    assert "at exit True" in late and "last {}" in late
    log = gpus.run("""
        import threading, tocsin
        from gpus import gpus, PCIE, wait_until

        def sample():
            while True:
                run.log_cpu()

        run = tocsin.init(name="busy")
        gpus.hangs = PCIE
        for target in (sample, run.log_gpu):
            threading.Thread(target=target, daemon=True).start()
        wait_until(lambda: gpus.inside > 0 and run.stats()["emitted"] > 0)
        """)
    assert not any(word in late + log for word in ("Traceback", "Fatal")), log
    assert db.query("select run, state from runs_overview order by run") == [
        ("busy", "finished"), ("late", "finished")]
