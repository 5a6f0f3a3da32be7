# SPDX-License-Identifier: Apache-2.0
"""Stand-in for Hugging Face Transformers (version 5.12): TrainerCallback and what it is called with."""

import dataclasses


class TrainerCallback:
    def on_init_end(self, args, state, control, **kwargs): pass
    def on_train_begin(self, args, state, control, **kwargs): pass
    def on_train_end(self, args, state, control, **kwargs): pass
    def on_epoch_begin(self, args, state, control, **kwargs): pass
    def on_epoch_end(self, args, state, control, **kwargs): pass
    def on_step_begin(self, args, state, control, **kwargs): pass
    def on_step_end(self, args, state, control, **kwargs): pass
    def on_evaluate(self, args, state, control, **kwargs): pass
    def on_predict(self, args, state, control, metrics, **kwargs): pass
    def on_save(self, args, state, control, **kwargs): pass
    def on_log(self, args, state, control, **kwargs): pass


@dataclasses.dataclass
class TrainerState:
    global_step: int = 0
    is_world_process_zero: bool = True


@dataclasses.dataclass
class TrainerControl:
    should_training_stop: bool = False


@dataclasses.dataclass
class TrainingArguments:
    output_dir: str = "out"
    run_name: str = None
    project: str = "huggingface"
    learning_rate: float = 5e-5
    trackio_space_id: str = None
    trackio_bucket_id: str = None
    trackio_static_space_id: str = None
    hub_private_repo: bool = None

    def to_dict(self):
        return dataclasses.asdict(self)
