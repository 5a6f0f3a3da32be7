# SPDX-License-Identifier: Apache-2.0
"""Trackio's typed values. A Markdown report becomes an alert of level info, a Histogram the figures
that describe it; what else there is has no place in tocsin and is left out with one warning."""

import math

from trackio.utils import warn_once

REPORT_TITLE = "report"
BINS_MAX = 512


class Typed:
    """A value that is no number."""


class Markdown(Typed):
    def __init__(self, text=""):
        self.text = str(text)
        self._value = self.text


class Histogram(Typed):
    def __init__(self, sequence=None, np_histogram=None, num_bins=64):
        if (sequence is None) == (np_histogram is None):
            raise ValueError("Provide exactly one of `sequence` or `np_histogram`")
        if np_histogram is not None:
            self.values, self.bins = ([float(v) for v in part] for part in np_histogram[:2])
        else:
            self.values, self.bins = _histogram(sequence, num_bins)
        if len(self.values) > BINS_MAX:
            raise ValueError(f"A histogram has at most {BINS_MAX} bins")

    def figures(self):
        """Count, mean, standard deviation, minimum and maximum, as far as the bins tell."""
        middles = [(a + b) / 2 for a, b in zip(self.bins, self.bins[1:])]
        count = sum(self.values)
        if not count:
            return {"count": 0.0}
        mean = sum(m * v for m, v in zip(middles, self.values)) / count
        spread = sum(v * (m - mean) ** 2 for m, v in zip(middles, self.values)) / count
        return {"count": count, "mean": mean, "std": math.sqrt(spread), "min": self.bins[0],
                "max": self.bins[-1]}


def _histogram(sequence, num_bins):
    numbers = [float(v) for v in _flat(sequence)]
    numbers = [v for v in numbers if math.isfinite(v)]
    if not numbers:
        return [], []
    low, high = min(numbers), max(numbers)
    width = (high - low) / num_bins
    values = [0.0] * num_bins
    for v in numbers:
        values[min(num_bins - 1, int((v - low) / width)) if width else 0] += 1
    return values, [low + i * width for i in range(num_bins)] + [high]


def _flat(sequence):
    """tolist(): of arrays and tensors."""
    for v in sequence.tolist() if hasattr(sequence, "tolist") else sequence:
        if isinstance(v, (list, tuple)):
            yield from _flat(v)
        else:
            yield v


class _LeftOut(Typed):
    """Takes whatever the class of that name takes in Trackio."""

    def __init__(self, *args, caption=None, **kwargs):
        self.caption = caption
        self._value = args[0] if args else kwargs.get("value")


class Image(_LeftOut):
    pass


class Video(_LeftOut):
    pass


class Audio(_LeftOut):
    pass


class Html(_LeftOut):
    pass


class Object3D(_LeftOut):
    pass


class Table(_LeftOut):
    def __init__(self, columns=None, data=None, dataframe=None, rows=None, **ignored):
        super().__init__(data if data is not None else dataframe)
        self.columns = columns


class Trace(_LeftOut):
    def __init__(self, messages=None, metadata=None):
        super().__init__(messages)
        self.messages = messages
        self.metadata = metadata


def storable(run, metrics, step):
    """The numbers of a call; reports in it become alerts."""
    kept = {}
    for name, value in metrics.items():
        if isinstance(value, Markdown):
            run.alert(f"{REPORT_TITLE}: {name}", value.text, "info", step=step)
        elif isinstance(value, Histogram):
            kept[name] = value.figures()
        elif isinstance(value, Typed) or _is_list_of_typed(value):
            kind = type(value[0] if isinstance(value, list) else value).__name__
            warn_once(f"{name!r} was left out: tocsin keeps no {kind}; see docs/trackio.md")
        else:
            kept[name] = value
    return kept


def _is_list_of_typed(value):
    return isinstance(value, list) and bool(value) and all(isinstance(v, Typed) for v in value)
