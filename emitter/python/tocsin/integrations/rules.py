# SPDX-License-Identifier: Apache-2.0
"""Rules that turn logged values into alerts. A rule is raised once when it begins to be broken, and again
only after it was kept in between: a loss that stays NaN is one alert, not a thousand."""

import collections
import fnmatch
import math
import statistics


class Rule:
    """metrics: pattern of the names it looks at, as in a shell. check() says what is wrong, the
    same each time, and the figures behind it; or None."""

    def __init__(self, metrics="*", level="warn"):
        self.metrics = metrics
        self.level = level

    def new(self):
        """The state of one metric."""
        return None

    def check(self, state, value):
        raise NotImplementedError


class NotANumber(Rule):
    """NaN or an infinity."""

    def __init__(self, metrics="*", level="error"):
        super().__init__(metrics, level)

    def check(self, state, value):
        return None if math.isfinite(value) else ("is not a number", f"it is {value}")


class Threshold(Rule):
    """Above or below a limit."""

    def __init__(self, metrics, above=None, below=None, level="warn"):
        super().__init__(metrics, level)
        self.above, self.below = above, below

    def check(self, state, value):
        if self.above is not None and value > self.above:
            return f"is above {self.above:.6g}", f"it is {value:.6g}"
        if self.below is not None and value < self.below:
            return f"is below {self.below:.6g}", f"it is {value:.6g}"
        return None


class Spike(Rule):
    """More than `factor` times the median of the last `window` values, once there are `least` of them.
    A value that is a spike does not enter the median. For metrics that are positive, as losses and
    norms are."""

    def __init__(self, metrics="*loss*", factor=3.0, window=50, least=10, level="warn"):
        super().__init__(metrics, level)
        self.factor, self.window, self.least = factor, window, least

    def new(self):
        return collections.deque(maxlen=self.window)

    def check(self, state, value):
        if not math.isfinite(value):
            return None
        if len(state) >= self.least:
            median = statistics.median(state)
            if median > 0 and value > self.factor * median:
                return "spikes", f"{value:.6g} is {value / median:.1f} times the median {median:.6g}"
        state.append(value)
        return None


class Plateau(Rule):
    """No new best by at least `least_change` within `patience` values. mode: "min" or "max" is best."""

    def __init__(self, metrics="*loss*", patience=100, least_change=0.0, mode="min", level="info"):
        super().__init__(metrics, level)
        if mode not in ("min", "max"):
            raise ValueError("mode is min or max")
        self.patience, self.least_change, self.sign = patience, least_change, 1 if mode == "min" else -1

    def new(self):
        return {"best": math.inf, "since": 0}

    def check(self, state, value):
        signed = self.sign * value
        if signed < state["best"] - self.least_change:
            state.update(best=signed, since=0)
            return None
        state["since"] += 1
        if state["since"] < self.patience:
            return None
        return "does not improve", (f"the best is {self.sign * state['best']:.6g}, "
                                    f"{state['since']} values ago")


class Watch:
    """Some rules over all metrics of a run."""

    def __init__(self, rules):
        self.rules = list(rules)
        self._states = {}
        self._broken = set()

    def check(self, values):
        """Looks at a dict of values: [(level, title, text)] of what begins to be wrong."""
        found = []
        for name, value in values.items():
            if isinstance(value, str) or not hasattr(value, "__float__"):
                continue
            for i, rule in enumerate(self.rules):
                if fnmatch.fnmatchcase(name, rule.metrics):
                    found += self._check_one(i, rule, name, float(value))
        return found

    def _check_one(self, i, rule, name, value):
        key = i, name
        if key not in self._states:
            self._states[key] = rule.new()
        wrong = rule.check(self._states[key], value)
        if wrong is None:
            self._broken.discard(key)
            return []
        if key in self._broken:
            return []
        self._broken.add(key)
        return [(rule.level, f"{name} {wrong[0]}", wrong[1])]
