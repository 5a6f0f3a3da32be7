# SPDX-License-Identifier: Apache-2.0
"""Callbacks and loggers for training frameworks, and the rules of AlertCallback."""

import importlib.util

import pytest

from rig.python import TOP, warnings_of
from standins_for import framework


@pytest.fixture(scope="module")
def rules():
    """The module of the rules, which needs nothing of tocsin's extension."""
    path = TOP / "emitter/python/tocsin/integrations/rules.py"
    spec = importlib.util.spec_from_file_location("rules", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def raised(watch, name, values):
    """[(at which value, level, title)]"""
    return [(i, level, title) for i, value in enumerate(values)
            for level, title, _ in watch.check({name: value})]


def test_not_a_number(rules):
    watch = rules.Watch([rules.NotANumber()])
    values = [1.0, float("nan"), float("nan"), 2.0, float("inf"), 3.0, "text", None, True]
    assert raised(watch, "loss", values) == [
        (1, "error", "loss is not a number"), (4, "error", "loss is not a number")]


def test_threshold(rules):
    watch = rules.Watch([rules.Threshold("grad*", above=10.0, below=0.1, level="info")])
    assert raised(watch, "grad_norm", [1, 11, 12, 5, 10, 0.05, 50]) == [
        (1, "info", "grad_norm is above 10"), (5, "info", "grad_norm is below 0.1")]
    assert raised(watch, "loss", [100]) == []


def test_spike(rules):
    watch = rules.Watch([rules.Spike(factor=3, window=20, least=5)])
    steady = [2.0, 1.9, 2.1, 2.0, 2.05]
    assert raised(watch, "loss", [*steady, 6.5, 100.0, 2.0, float("nan"), 6.9]) == [
        (5, "warn", "loss spikes"), (9, "warn", "loss spikes")]
    assert raised(watch, "eval_loss", [1.0, 50.0]) == []  # too few to have a median
    assert raised(watch, "eval_loss", [-1.0] * 10 + [5.0]) == []


def test_plateau(rules):
    watch = rules.Watch([rules.Plateau("loss", patience=3, least_change=0.1),
                         rules.Plateau("acc", patience=2, mode="max")])
    assert raised(watch, "loss", [3.0, 2.0, 1.95, 1.95, 1.92, 1.91, 1.0, 1.0]) == [
        (4, "info", "loss does not improve")]
    assert raised(watch, "acc", [0.1, 0.2, 0.2, 0.2, 0.2, 0.3]) == [(3, "info", "acc does not improve")]
    with pytest.raises(ValueError):
        rules.Plateau(mode="least")


@pytest.fixture
def transformers(scripts):
    scripts.paths += framework("transformers")
    return scripts


def test_transformers(db, transformers):
    log = transformers.run("""
        import tocsin
        from tocsin.integrations.rules import NotANumber, Threshold
        from tocsin.integrations.transformers import AlertCallback, TocsinCallback
        from trainer import Model, Trainer
        from transformers import TrainingArguments
        rules = [NotANumber(), Threshold("eval_loss", above=0.4)]
        trainer = Trainer(Model(), TrainingArguments("out", run_name="r", learning_rate=0.25),
                          [TocsinCallback("p", group="g"), AlertCallback(rules)])
        trainer.train([3.0, 2.0, float("nan"), float("nan"), 1.0])
        trainer.evaluate(0.5)
        trainer.predict(0.25)
        """)
    assert warnings_of(log) == []
    assert db.query("select step, value from metrics where name = 'train/loss' and value <> 'nan' "
                    "order by step") == [(1, 3), (2, 2), (5, 1)]
    assert db.query("select name, step, value from metrics where name like '%%/loss' and name not like 'tr%%' "
                    "order by name") == [("eval/loss", 5, 0.5), ("test/loss", 5, 0.25)]
    assert db.value("select count(*) from metrics where name like '%%runtime' or name = 'train/train_loss'") == 0
    ((run, group, state, config),) = db.query(
        "select run, group_name, state, config from runs_overview")
    assert (run, group, state) == ("r", "g", "finished")
    assert config["hidden_size"] == 4 and config["learning_rate"] == 0.25
    assert db.query("select title, level, step from alerts_feed order by time") == [
        ("loss is not a number", "error", 3), ("eval_loss is above 0.4", "warn", 5)]


def test_transformers_stops_at_an_alert_and_logs_on_the_first_process_only(db, transformers):
    transformers.run("""
        import tocsin
        from tocsin.integrations.transformers import AlertCallback, TocsinCallback
        from trainer import Model, Trainer
        from transformers import TrainingArguments

        def train(name, zero, **options):
            callbacks = [TocsinCallback("p", name=name, **options), AlertCallback(stop_on="error", **options)]
            trainer = Trainer(Model(), TrainingArguments("out"), callbacks)
            trainer.state.is_world_process_zero = zero
            trainer.train([1.0, float("nan"), 2.0, 3.0])
            tocsin.finish()
            return trainer.state.global_step

        assert train("first", True) == 2
        assert train("other", False) == 4
        assert train("every", False, all_ranks=True) == 2
        """)
    assert db.query("select run, num_alerts from (select run, count(*) as num_alerts from alerts_feed "
                    "group by run) a order by run") == [("every", 1), ("first", 1)]


def test_lightning(db, scripts):
    scripts.paths += framework("lightning")
    scripts.run("""
        import argparse
        from lightning.pytorch.loggers.logger import Logger
        from lightning.pytorch.utilities import rank_zero_only
        from tocsin.integrations.lightning import TocsinLogger
        logger = TocsinLogger("p", name="r", group="g")
        assert isinstance(logger, Logger) and logger.name == "p" and logger.version == "r"
        logger.log_hyperparams(argparse.Namespace(lr=0.1)); logger.log_hyperparams({"layers": 2})
        logger.log_metrics({"loss": 1.5, "epoch": 0}, step=7)
        logger.log_metrics({"loss": 1.0})
        logger.save()
        logger.finalize("success"); logger.finalize("success")
        failing = TocsinLogger("p", name="bad")
        failing.log_metrics({"loss": 2.0}, step=1)
        failing.finalize("failed")
        rank_zero_only.rank = 1
        other = TocsinLogger("p", name="other")
        other.log_metrics({"loss": 3.0}, step=1); other.log_hyperparams({"a": 1}); other.finalize("success")
        TocsinLogger("p", name="every", all_ranks=True).log_metrics({"loss": 4.0}, step=1)
        """)
    assert db.query("select run, step, value from metrics where name = 'loss' order by run, step") == [
        ("bad", 1, 2), ("every", 1, 4), ("r", 7, 1.5), ("r", 8, 1)]
    assert db.query("select run, state, config from runs_overview order by run") == [
        ("bad", "failed", {}), ("every", "finished", {}), ("r", "finished", {"lr": 0.1, "layers": 2})]


def test_accelerate(db, scripts):
    scripts.paths += framework("accelerate")
    scripts.run("""
        from accelerate import Accelerator
        from tocsin.integrations.accelerate import TocsinTracker
        tracker = TocsinTracker("p", name="r")
        accelerator = Accelerator(log_with=tracker)
        accelerator.init_trackers("p", config={"lr": 0.1})
        accelerator.log({"loss": 1.5}, step=3)
        assert tracker.tracker.name == "r" and tracker.main_process_only
        assert not TocsinTracker(all_ranks=True).main_process_only
        accelerator.end_training()
        """)
    assert db.query("select step, value from metrics") == [(3, 1.5)]
    assert db.query("select run, state, config from runs_overview") == [("r", "finished", {"lr": 0.1})]
