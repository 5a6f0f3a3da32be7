# SPDX-License-Identifier: Apache-2.0
"""The interface of Trackio 0.36 over tocsin: `import trackio`, `import trackio as wandb`, Transformers'
report_to="trackio", TRL and Accelerate work unchanged, and what they log goes to tocsin's collector.

docs/trackio.md says what is kept, what is left out, and why."""

from tocsin import AlertLevel
from trackio import context_vars
from trackio._absent import (Artifact, Collection, ReferenceHandler, Registry, ResolvedReference,
                             delete_project, freeze, log_artifact, register_reference_handler, save,
                             show, sync, use_artifact)
from trackio._import import import_csv, import_tf_events
from trackio._module import alert, config, finish, init, log, log_cpu, log_gpu, log_system
from trackio._values import (Audio, Histogram, Html, Image, Markdown, Object3D, Table, Trace, Video)
from trackio.api import Api
from trackio.run import Run
from trackio.utils import TRACKIO_DIR, TRACKIO_LOGO_DIR

__version__ = "0.36.0"

__all__ = ["init", "log", "log_system", "log_gpu", "log_artifact", "use_artifact", "log_cpu", "finish",
           "alert", "AlertLevel", "show", "sync", "freeze", "delete_project", "import_csv",
           "import_tf_events", "save", "Artifact", "ReferenceHandler", "ResolvedReference",
           "register_reference_handler", "Image", "Video", "Audio", "Html", "Object3D", "Table", "Trace",
           "Histogram", "Markdown", "Api", "TRACKIO_LOGO_DIR"]
