# SPDX-License-Identifier: Apache-2.0
"""The shim `trackio`: scripts and frameworks written for Trackio log to tocsin unchanged."""

import math

import pytest

from rig import tfevents
from rig.python import warnings_of
from rig.wait import wait_for
from standins_for import framework, with_gpus

PUBLIC = """init log log_system log_gpu log_artifact use_artifact log_cpu finish alert AlertLevel show sync freeze
    delete_project import_csv import_tf_events save Artifact ReferenceHandler ResolvedReference
    register_reference_handler Image Video Audio Html Object3D Table Trace Histogram Markdown Api
    TRACKIO_LOGO_DIR""".split()


@pytest.fixture
def trackio(scripts):
    scripts.add_path("emitter/trackio")
    return scripts


def stored(db, run):
    return db.query("select name, step, value from metrics where run = %s order by step, name", run)


def test_what_can_be_imported(trackio):
    trackio.run(f"""
        import trackio, trackio.run, inspect
        assert set({PUBLIC}) == set(trackio.__all__)
        for name in {PUBLIC} + ["__version__", "config", "context_vars", "Run", "Registry", "Collection",
                                "TRACKIO_DIR"]:
            assert hasattr(trackio, name), name
        assert trackio.config == {{}} and trackio.run.Run is trackio.Run
        assert list(inspect.signature(trackio.init).parameters)[:-1] == (
            "project name group space_id server_url space_storage dataset_id bucket_id config resume settings "
            "private embed auto_log_gpu gpu_log_interval auto_log_cpu cpu_log_interval webhook_url "
            "webhook_min_level").split()
        """)


def test_a_script_for_trackio(db, trackio):
    log = trackio.run("""
        import trackio as wandb
        run = wandb.init(project="old", name="r", config={"lr": 0.1}, group="g", embed=False, tags=["x"])
        assert wandb.config["lr"] == 0.1 and run.config is wandb.config and len(run.id) == 32
        assert wandb.context_vars.current_run.get() is run
        assert wandb.context_vars.current_project.get() == "old"
        for i in range(3):
            wandb.log({"loss": 1.0 / (i + 1), "nan": float("nan")})
        wandb.log({"loss": 9.0}, step=10)
        wandb.log_system({"gpu/0/power": 5})
        wandb.alert("t", text="x", level="error"); wandb.alert(title="u", level=wandb.AlertLevel.INFO)
        wandb.finish()
        assert wandb.context_vars.current_run.get() is None
        """)
    assert warnings_of(log) == []
    rows = stored(db, "r")
    assert [row for row in rows if row[0] == "loss"] == [
        ("loss", 0, 1), ("loss", 1, 0.5), ("loss", 2, 1 / 3), ("loss", 10, 9)]
    assert sum(math.isnan(value) for _, _, value in rows) == 3
    assert db.query("select project, group_name, state, config from runs_overview") == [
        ("old", "g", "finished", {"lr": 0.1})]
    assert db.query("select title, text, level, step from alerts_feed order by title") == [
        ("t", "x", "error", 10), ("u", None, "info", 10)]
    assert db.query("select value from system_metrics where name = 'gpu/0/power'") == [(5,)]
    assert [line for line in log.splitlines() if line.startswith("* ")] == [
        "* Trackio project initialized: old", "* Created new run: r"]


def test_what_has_no_place_is_taken_and_said_once(db, trackio):
    log = trackio.run("""
        import trackio
        trackio.init("p", space_id="me/space", settings={"a": 1}, future_argument=1)
        for step in range(2):
            trackio.log({"a": step, "image": trackio.Image([[1]], caption="c"), "list": [trackio.Image("f.png")],
                         "table": trackio.Table(columns=["a"], data=[[1]], optional=False),
                         "video": trackio.Video("v.mp4", fps=3), "html": trackio.Html("<p>"),
                         "trace": trackio.Trace([{"role": "user", "content": "x"}])})
        trackio.log({"completions": trackio.Table(dataframe=object())})  # as TRL does: no step of its own
        trackio.log({"a": 2})
        for i in range(2):
            assert trackio.sync(project="p", sdk="static", force=True) is None
            assert trackio.save("*.py") == ""
            artifact = trackio.log_artifact("file", name="n")
            artifact.add_file("x"); artifact.link("y")
            trackio.use_artifact("n:latest"); trackio.freeze("s", "p"); trackio.delete_project("p")
            app, url, share, full = trackio.show(block_thread=False)
            app.close()
        """, TRACKIO_SERVER_URL="http://localhost:7860", TRACKIO_STORAGE_MODE="jsonl")
    said = warnings_of(log)
    assert len(said) == len(set(said)) and "Traceback" not in log
    for text in ("init() ignored space_id, settings", "does not use TRACKIO_SERVER_URL, TRACKIO_STORAGE_MODE",
                 "'image' was left out: tocsin keeps no Image",
                 "'list' was left out", "tocsin keeps no Trace", "trackio.sync() did nothing"):
        assert text in log, text
    assert db.query("select step, name, value from metrics order by step") == [
        (0, "a", 0), (1, "a", 1), (2, "a", 2)]


def test_reports_and_histograms_are_kept_in_tocsins_way(db, trackio):
    trackio.run("""
        import numpy
        import trackio
        trackio.init("p")
        trackio.log({"weights": trackio.Histogram([1, 2, 3, 4]), "a": 1,
                     "numpy": trackio.Histogram(np_histogram=numpy.histogram([0.0, 1.0], bins=2)),
                     "summary": trackio.Markdown("# all well")}, step=4)
        """)
    got = {name: value for name, _, value in db.query("select name, step, value from metrics")}
    assert got["a"] == 1 and got["weights/count"] == 4 and got["numpy/count"] == 2
    assert (got["weights/min"], got["weights/max"]) == (1, 4) and abs(got["weights/mean"] - 2.5) < 0.05
    assert db.query("select title, text, level, step from alerts_feed") == [
        ("report: summary", "# all well", "info", 4)]


def test_usage_errors_are_those_of_trackio(trackio):
    log = trackio.run("""
        import trackio
        def says(error, text, call):
            try:
                call()
            except error as e:
                assert text in str(e), e
            else:
                raise SystemExit("no error: " + text)
        for name, call in [("log", lambda: trackio.log({})), ("finish", lambda: trackio.finish()),
                           ("alert", lambda: trackio.alert("x")), ("log_system", lambda: trackio.log_system({})),
                           ("log_gpu", trackio.log_gpu), ("log_cpu", trackio.log_cpu)]:
            says(RuntimeError, f"Call trackio.init() before trackio.{name}().", call)
        says(ValueError, "resume must be one of: 'must', 'allow', or 'never'", lambda: trackio.init("p", resume="x"))
        says(ValueError, "Must provide a run name when resume='must'", lambda: trackio.init("p", resume="must"))
        says(ValueError, "Config key '_x' is reserved", lambda: trackio.init("p", config={"_x": 1}))
        says(ValueError, "Invalid alert level 'fatal'", lambda: trackio.init("p", webhook_min_level="fatal"))
        says(ValueError, "Must provide a `space_id`", lambda: trackio.init("p", dataset_id="d"))
        says(ValueError, "Cannot provide both", lambda: trackio.init("p", "n", None, "s", dataset_id="d", bucket_id="b"))
        says(ValueError, "reserved", lambda: trackio.init("registry-x"))
        run = trackio.init("")
        assert run.project == "default"
        run.finish(); run.finish()  # and again at exit
        """)
    assert "Traceback" not in log


def test_transformers_report_to_trackio(db, trackio):
    """Also evaluate() after train(), which opens the run again, and goes on after its steps."""
    trackio.paths += framework("transformers")
    log = trackio.run("""
        from trainer import Model, Trainer
        from transformers import TrainingArguments
        from transformers.integrations import TrackioCallback
        trainer = Trainer(Model(), TrainingArguments("out", run_name="hf"), [TrackioCallback()])
        trainer.train([3.0, 2.0, 1.0])
        trainer.call("on_push_begin")
        trainer.evaluate(0.5)
        trainer.predict(0.25)
        """)
    assert set(warnings_of(log)) == {
        "trackio.sync() did nothing: tocsin has no Spaces; its data is in PostgreSQL"}
    rows = stored(db, "hf")
    assert [(step, value) for name, step, value in rows if name == "train/loss"] == [(0, 3), (1, 2), (2, 1)]
    assert ("train/global_step", 2, 3) in rows
    assert ("eval/loss", 4, 0.5) in rows and ("test/loss", 5, 0.25) in rows
    ((state, config),) = db.query("select state, config from runs_overview")
    assert state == "finished" and config["hidden_size"] == 4 and config["_name_or_path"] == "tiny"
    assert config["model/num_parameters"] == 1234 and "allow_val_change" not in config


def test_accelerate_with_trackio(db, trackio):
    trackio.paths += framework("accelerate")
    log = trackio.run("""
        from accelerate import Accelerator
        accelerator = Accelerator(log_with="trackio")
        accelerator.init_trackers("acc", config={"lr": 0.1}, init_kwargs={"trackio": {"name": "r"}})
        accelerator.log({"loss": 1.5}, step=3)
        accelerator.log({"loss": 1.25})
        accelerator.end_training()
        """)
    assert warnings_of(log) == []
    assert stored(db, "r") == [("loss", 3, 1.5), ("loss", 4, 1.25)]
    assert db.query("select project, state, config from runs_overview") == [("acc", "finished", {"lr": 0.1})]


def test_reading_and_the_command(db, trackio):
    log = trackio.run("""
        import subprocess, sys
        import trackio
        for name in ("one", "two"):
            trackio.init("p", name=name, config={"n": name})
            trackio.log({"a": 1})
            trackio.alert("from " + name, level="error")
            trackio.finish()
        api = trackio.Api()
        runs = api.runs("p")
        assert [run.name for run in runs] == ["one", "two"] and len(runs) == 2 and runs[1].config["n"] == "two"
        assert [a["title"] for a in api.alerts("p")] == ["from two", "from one"]
        assert [a["title"] for a in runs[0].alerts(level="error")] == ["from one"]
        assert list(api.alerts("p")[0]) == ["timestamp", "run", "title", "text", "level", "step"]
        assert runs[0].delete() is False and runs[0].rename("x").name == "one"
        try:
            api.runs("nobody")
        except ValueError as e:
            assert str(e) == "Project 'nobody' does not exist"
        else:
            raise SystemExit("no error")
        sys.stdout.flush()
        subprocess.run([sys.executable, "-m", "trackio", "list", "runs", "--project", "p", "--json"], check=True)
        """)
    assert '"runs": [\n    "one",\n    "two"\n  ]' in log


def test_a_run_that_nobody_finished(db, trackio):
    """A run that nobody finished is finished at exit."""
    process = trackio.start("""
        import trackio
        trackio.init("p", name="r")
        trackio.log({"a": 1})
        raise ValueError("mine")
        """)
    wait_for(lambda: process.code is not None, 60, lambda: process.log)
    assert db.query("select state, last_step from runs_overview") == [("failed", 0)]


# System metrics


def names_of(db, run):
    return {name for (name,) in db.query("select name from system_metrics where run = %s", run)}


def test_gpus_and_machine_are_sampled_unless_it_is_said_no(db, trackio):
    """None, which is what frameworks leave it at, is yes; a variable is asked before that, and an argument
    before the variable."""
    with_gpus(trackio)
    script = """
        import sys, trackio
        from gpus import come_to_rest, threads, wait_until
        options = eval(sys.argv[1])
        run = trackio.init("p", name=sys.argv[2], gpu_log_interval=0.1, cpu_log_interval=0.1, **options)
        come_to_rest(run)
        expected = set(sys.argv[3:])
        assert threads() & {"tocsin-cpu", "tocsin-gpu"} == expected, threads()
        if expected:
            wait_until(lambda: run.stats()["emitted"] >= 1 + 10 * len(expected))
        """
    no = {"TOCSIN_AUTO_LOG_GPU": "0", "TOCSIN_AUTO_LOG_CPU": "0"}
    logs = [trackio.run(script, "{}", "all", "tocsin-cpu", "tocsin-gpu"),
            trackio.run(script, "{}", "variables", **no),
            trackio.run(script, "{'auto_log_gpu': True}", "argument", "tocsin-gpu", **no),
            trackio.run(script, "{'auto_log_gpu': False, 'auto_log_cpu': 0}", "no")]
    assert warnings_of("".join(logs)) == []
    assert {"cpu/utilization", "memory/used", "gpu/0/utilization", "gpu/1/temp"} <= names_of(db, "all")
    assert names_of(db, "variables") == names_of(db, "no") == set()
    assert {name.split("/")[0] for name in names_of(db, "argument")} == {"gpu"}


def test_intervals_that_make_no_sense_are_the_usual_ones(trackio):
    log = trackio.run("""
        import trackio
        for turn in range(2):
            assert trackio.init("p", gpu_log_interval=0, cpu_log_interval="soon", auto_log_gpu="yes").active
        """)
    assert warnings_of(log) == ["gpu_log_interval must be from 0.1 to 86400 seconds, not 0: every 10 s",
                                "cpu_log_interval must be a number of seconds, not 'soon': every 10 s"]


def test_log_gpu_and_log_cpu(db, trackio):
    with_gpus(trackio)
    log = trackio.run("""
        import trackio
        one = trackio.init("p", name="one", auto_log_gpu=False, auto_log_cpu=False)
        other = trackio.Run("p", name="other")
        all = trackio.log_gpu()
        assert all["gpu/0/utilization"] == 10 and all["gpu/max_temp"] == 61
        second = trackio.log_gpu(other, device=1)
        assert second["gpu/1/utilization"] == 11 and {name[:6] for name in second} == {"gpu/1/"}
        assert trackio.log_gpu(device=7) == {}
        assert trackio.log_cpu()["memory/total"] > 0 and trackio.log_cpu(run=other)["cpu/utilization"] >= 0
        """)
    assert warnings_of(log) == []
    assert db.query("select run, count(*) from system_metrics where name = 'gpu/0/utilization' group by run "
                    "order by run") == [("one", 2), ("other", 1)]
    assert db.query("select run, count(*) from system_metrics where name = 'memory/total' group by run "
                    "order by run") == [("one", 1), ("other", 1)]


def test_without_a_gpu_one_warning(trackio):
    """When it is asked for, that is: that nothing is sampled by itself is not worth a word."""
    log = trackio.run("""
        import trackio
        trackio.init("p", auto_log_gpu=True)
        assert trackio.log_gpu() == {} and trackio.log_gpu(device=0) == {}
        """)
    assert warnings_of(log) == ["trackio.log_gpu() logged nothing: there is no GPU, or it does not answer"]


# Variables


def test_webhooks_of_the_environment(db, trackio):
    """An argument comes before Trackio's variable, and tocsin's variable too."""
    variables = {"TRACKIO_WEBHOOK_URL": "https://variable.example/v", "TRACKIO_WEBHOOK_MIN_LEVEL": " Error "}
    script = """
        import sys, trackio
        trackio.init("p", **eval(sys.argv[1]))
        trackio.alert(sys.argv[2] + " warn")
        trackio.alert(sys.argv[2] + " error", level="error")
        """
    trackio.run(script, "{}", "trackio's", **variables)
    trackio.run(script, "{}", "tocsin's", TOCSIN_WEBHOOK_MIN_LEVEL="warn", **variables)
    trackio.run(script, "{'webhook_url': 'https://own.example/o', 'webhook_min_level': trackio.AlertLevel.INFO}",
                "argument", **variables)
    assert dict(db.query("select a.title, e.url from alerts a left join endpoints e using (endpoint_id)")) == {
        "trackio's warn": None, "trackio's error": "https://variable.example/v",
        "tocsin's warn": "https://variable.example/v", "tocsin's error": "https://variable.example/v",
        "argument warn": "https://own.example/o", "argument error": "https://own.example/o"}


def test_a_bad_level_in_the_environment_is_said_as_trackio_says_it(trackio):
    trackio.run("""
        import trackio
        try:
            trackio.init("p")
        except ValueError as error:
            assert str(error) == "Invalid alert level 'fatal'. Expected one of: info, warn, error.", error
        else:
            raise SystemExit("no error")
        assert trackio.init("p", webhook_min_level="warn").active
        """, TRACKIO_WEBHOOK_MIN_LEVEL="fatal")


def test_variables_that_mean_nothing_here(trackio, place):
    """One line for all those of storage and Spaces; none for those of dashboard and database."""
    ignored = {f"TRACKIO_{name}": "x" for name in ("SPACE_ID", "SERVER_URL", "BUCKET_ID", "DATASET_ID",
                                                   "WRITE_TOKEN", "STORAGE_MODE")}
    silent = {f"TRACKIO_{name}": "x" for name in ("PLOT_ORDER", "THEME", "SQLITE_JOURNAL_MODE", "FRONTEND_DIR",
                                                  "TABLE_TRUNCATE_LENGTH", "INBOX_POLL_INTERVAL")}
    log = trackio.run("""
        import sys, trackio
        assert str(trackio.TRACKIO_DIR) == sys.argv[1], trackio.TRACKIO_DIR
        for project in ("p", "p", "q"):
            assert trackio.init(project).active
            trackio.finish()
        """, place / "old", TRACKIO_DIR=str(place / "old"), **ignored, **silent)
    assert warnings_of(log) == [f"tocsin does not use {', '.join([*ignored, 'TRACKIO_DIR'])}; see docs/trackio.md"]
    assert [line for line in log.splitlines() if "initialized" in line] == [
        "* Trackio project initialized: p", "* Trackio project initialized: q"]
    assert not (place / "old").exists()
    where = "import sys, trackio; assert str(trackio.TRACKIO_DIR) == sys.argv[1], trackio.TRACKIO_DIR"
    trackio.run(where, "/hub/trackio", HF_HOME="/hub")
    trackio.run(where, str(place / ".cache/huggingface/trackio"))


def test_tables_and_event_files_are_brought_in(place, db, trackio):
    (place / "table.csv").write_text("step,loss\n0,1.5\n1,nan\n")
    events = place / "logs" / "train" / "events.out.tfevents.1.h"
    events.parent.mkdir(parents=True)
    events.write_bytes(tfevents.begin() + tfevents.event(7, tfevents.scalar("acc", 0.5)))
    log = trackio.run(f"""
        import pytest, trackio
        assert trackio.import_csv("{place}/table.csv", "t", name="r") is None
        trackio.import_csv("{place}/table.csv", project="t", name="r")
        trackio.import_tf_events("{place}/logs", "t", name="tf")
        with pytest.raises(FileNotFoundError):
            trackio.import_csv("{place}/none.csv", "t")
        with pytest.raises(ValueError, match="no event file"):
            trackio.import_tf_events("{place}/bin", "t")
        """)
    assert warnings_of(log) == []
    assert "* Imported: 2 rows from" in log and "* Already imported: 2 rows from" in log
    assert [(*row[:2], repr(row[2])) for row in stored(db, "r")] == [("loss", 0, "1.5"), ("loss", 1, "nan")]
    assert db.query("select run, name, step, value from metrics where name = 'acc'") == [("tf", "acc", 7, 0.5)]
