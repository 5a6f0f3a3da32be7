# SPDX-License-Identifier: Apache-2.0
"""The configuration of a run: a dict whose changes reach the database."""

import math

from tocsin._alerts import text_of

DEPTH_MAX = 32
TEXT_CHARACTERS_MAX = 64 * 1024
NUMBER_BITS_MAX = 1024
MESSAGE_BYTES_MAX = 256 * 1024  # as docs/wire.md says


def _text(value):
    return text_of(value, TEXT_CHARACTERS_MAX)


def _number(value):
    if isinstance(value, int):
        return value if value.bit_length() <= NUMBER_BITS_MAX else hex(value)[:NUMBER_BITS_MAX]
    if math.isfinite(value):
        return float(value)
    return "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"


def _parts(value):
    """What an object without a JSON form is made of, or None: numpy and torch scalars say item(),
    configurations of libraries to_dict(), others have attributes."""
    for name in ("item", "tolist", "to_dict"):
        method = getattr(value, name, None)
        if callable(method) and not isinstance(value, type):
            try:
                return method()
            except Exception:  # an array of many has no item(); anything may have a strange to_dict()
                continue
    attributes = getattr(value, "__dict__", None)
    if isinstance(attributes, dict) and not isinstance(value, type) and not callable(value):
        return {k: v for k, v in attributes.items() if not str(k).startswith("_")} or None
    return None


def plain(value, depth=0):
    """The value as JSON knows it. Never raises: what has no better form is its str()."""
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, str):
        return _text(value)
    if isinstance(value, (int, float)):
        return _number(value)
    if depth < DEPTH_MAX:
        if isinstance(value, dict):
            return {_text(k): plain(v, depth + 1) for k, v in list(value.items())}
        if isinstance(value, (list, tuple, set, frozenset)):
            return [plain(v, depth + 1) for v in list(value)]
        parts = _parts(value)
        if parts is not None:
            return plain(parts, depth + 1)
    return _text(value)


def to_json(values):
    import json  # late: half of what importing tocsin would take
    return json.dumps(values, ensure_ascii=False, allow_nan=False, separators=(",", ":"))


def messages(values):
    """JSON objects that together hold all values, each short enough to be sent; and the keys of values
    that are too long for any."""
    whole = to_json(values)
    if len(whole.encode()) <= MESSAGE_BYTES_MAX:
        return [whole], []
    texts, long = [], []
    part, used = {}, 2
    for key, value in values.items():
        size = len(to_json({key: value}).encode())
        if size > MESSAGE_BYTES_MAX:
            long.append(key)
            continue
        if used + size > MESSAGE_BYTES_MAX:
            texts.append(to_json(part))
            part, used = {}, 2
        part[key] = value
        used += size
    return texts + ([to_json(part)] if part else []), long


class Config(dict):
    """Changes are merged into the configuration that is stored with the run. What is deleted here stays
    there."""

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self._send = None

    def attach(self, values, send):
        """From now on this is the configuration of a run, which takes changes by send(dict)."""
        super().clear()
        super().update(values)
        self._send = send

    def _changed(self, values):
        if self._send is not None and values:
            self._send(values)

    def __setitem__(self, key, value):
        super().__setitem__(key, value)
        self._changed({key: value})

    def setdefault(self, key, default=None):
        if key not in self:
            self[key] = default
        return self[key]

    def update(self, *args, allow_val_change=None, **kwargs):
        """allow_val_change: for callers written for another logger; values may always change."""
        values = dict(*args, **kwargs)
        super().update(values)
        self._changed(values)

    def __ior__(self, other):
        self.update(other)
        return self
