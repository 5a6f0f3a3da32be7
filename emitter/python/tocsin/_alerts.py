# SPDX-License-Identifier: Apache-2.0
"""Levels of alerts, and texts as libtocsin takes them."""

import enum

# What libtocsin keeps of a title and a text, in bytes, and a little more, so that it can show that
# it cut them.
TITLE_CHARACTERS_MAX = 1024 + 8
TEXT_CHARACTERS_MAX = 32 * 1024 + 8
URL_BYTES_MAX = 2048


class AlertLevel(str, enum.Enum):
    INFO = "info"
    WARN = "warn"
    ERROR = "error"


LEVELS = [AlertLevel.INFO, AlertLevel.WARN, AlertLevel.ERROR]


def level_of(level):
    """The AlertLevel that a level or its name means. ValueError: none."""
    text = level.value if isinstance(level, AlertLevel) else level
    try:
        return AlertLevel(text.lower().strip())
    except (AttributeError, ValueError):
        pass
    raise ValueError(f"Invalid alert level {level!r}. Expected one of: info, warn, error.")


def order_of(level):
    return LEVELS.index(level)


def text_of(value, characters_max):
    """Any object as text that libtocsin takes: UTF-8 without NUL."""
    try:
        text = value if isinstance(value, str) else str(value)
    except Exception:  # whatever somebody's __str__ raises, the alert is more important
        text = f"<{type(value).__name__}>"
    text = text[:characters_max].replace("\0", "\N{REPLACEMENT CHARACTER}")
    return text.encode("utf-8", "replace").decode("utf-8")
