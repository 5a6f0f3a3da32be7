# SPDX-License-Identifier: Apache-2.0
"""What report_to="trackio" does: the calls of `trackio` in their order."""

from transformers import TrainerCallback


def rewrite_logs(logs):
    renamed = {}
    for name, value in logs.items():
        for kind in ("eval", "test"):
            if name.startswith(kind + "_"):
                renamed[f"{kind}/{name[len(kind) + 1:]}"] = value
                break
        else:
            renamed[f"train/{name}"] = value
    return renamed


class TrackioCallback(TrainerCallback):
    """What report_to="trackio" does."""

    SINGLE_VALUES = ("train_runtime", "train_samples_per_second", "train_steps_per_second", "train_loss",
                     "total_flos")

    def __init__(self):
        import trackio
        self._trackio = trackio
        self._initialized = False

    def setup(self, args, state, model):
        if not state.is_world_process_zero:
            return
        self._trackio.init(project=args.project, name=args.run_name, space_id=args.trackio_space_id,
                           resume="allow", private=args.hub_private_repo,
                           bucket_id=args.trackio_bucket_id)
        self._trackio.context_vars.current_space_id.get()
        config = {**model.config.to_dict(), **args.to_dict()}
        self._trackio.config.update(config, allow_val_change=True)
        self._trackio.config["model/num_parameters"] = model.num_parameters()
        self._initialized = True

    def on_log(self, args, state, control, model=None, logs=None, **kwargs):
        if not self._initialized:
            self.setup(args, state, model)
        if state.is_world_process_zero:
            kept = {k: v for k, v in logs.items() if k not in self.SINGLE_VALUES}
            self._trackio.log({**rewrite_logs(kept), "train/global_step": state.global_step})

    def on_predict(self, args, state, control, metrics, model=None, **kwargs):
        if not self._initialized:
            self.setup(args, state, model)
        self._trackio.log(rewrite_logs(metrics))

    def on_train_end(self, args, state, control, **kwargs):
        if state.is_world_process_zero and self._initialized:
            self._trackio.finish()
            self._initialized = False

    def on_push_begin(self, args, state, control, **kwargs):
        project = self._trackio.context_vars.current_project.get()
        if self._trackio.context_vars.current_space_id.get() is None:
            return self._trackio.sync(project=project, sdk="static", space_id=args.trackio_static_space_id,
                                      private=args.hub_private_repo, bucket_id=args.trackio_bucket_id,
                                      force=True)
