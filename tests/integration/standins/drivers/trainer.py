# SPDX-License-Identifier: Apache-2.0
"""Calls what a Trainer calls, in its order. The losses are given: nothing is trained."""

from transformers import TrainerControl, TrainerState


class PretrainedConfig:
    def to_dict(self):
        return {"_name_or_path": "tiny", "hidden_size": 4, "id2label": {0: "LABEL_0"}}


class Model:
    config = PretrainedConfig()

    def num_parameters(self):
        return 1234


class Trainer:
    def __init__(self, model, args, callbacks):
        self.model, self.args, self.callbacks = model, args, callbacks
        self.state, self.control = TrainerState(), TrainerControl()
        self.call("on_init_end")

    def call(self, event, **kwargs):
        for callback in self.callbacks:
            getattr(callback, event)(self.args, self.state, self.control, model=self.model, **kwargs)

    def train(self, losses):
        self.call("on_train_begin")
        for loss in losses:
            self.call("on_step_begin")
            self.state.global_step += 1
            self.call("on_step_end")
            self.call("on_log", logs={"loss": loss, "learning_rate": 0.1, "epoch": 0.5})
            if self.control.should_training_stop:
                break
        self.call("on_log", logs={"train_runtime": 1.0, "train_loss": 2.0, "total_flos": 3.0,
                                  "epoch": 1.0})
        self.call("on_train_end")

    def evaluate(self, loss):
        metrics = {"eval_loss": loss, "epoch": 1.0}
        self.call("on_log", logs=metrics)
        self.call("on_evaluate", metrics=metrics)

    def predict(self, loss):
        self.call("on_predict", metrics={"test_loss": loss})
