# SPDX-License-Identifier: Apache-2.0
"""What Trackio's users reach into, and one way to say a thing once."""

import os
import pathlib
import warnings

TRACKIO_DIR = pathlib.Path(os.environ.get("TRACKIO_DIR") or
                           pathlib.Path(os.environ.get("HF_HOME")
                                        or pathlib.Path.home() / ".cache/huggingface") / "trackio")
TRACKIO_LOGO_DIR = pathlib.Path(__file__).parent / "assets"
_said = set()


def warn_once(text):
    if text in _said:
        return
    _said.add(text)
    try:
        warnings.warn(text, UserWarning, stacklevel=3)
    except Exception:  # warnings may be errors here
        print(f"* Trackio warning: {text}")
