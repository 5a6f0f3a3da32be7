// What x may be: step, time, time since a run's beginning, or another metric. In the address: x.
import { formatNumber, formatSeconds, formatTime } from "../core/format.js";

const SECONDS = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 10800, 21600, 43200, 86400, 172800, 604800];

const start = (series) => series.first_time[0] ?? 0;

// Value of the x-metric at a step: between the two nearest buckets.
function at(other, step) {
  const steps = other.last_steps;
  let [low, high] = [0, steps.length - 1];
  if (high < 0 || step < other.first_step[0] || step > steps[high]) return null;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (steps[middle] < step) low = middle + 1;
    else high = middle;
  }
  const before = Math.max(0, low - 1);
  const [a, b] = [other.mean[before], other.mean[low]];
  if (a === null || b === null || steps[low] === steps[before]) return b;
  return a + ((b - a) * (step - steps[before])) / (steps[low] - steps[before]);
}

const AXES = {
  step: { label: "step", of: (s) => s.last_steps },
  time: { label: "time", time: true, of: (s) => s.last_time, format: formatTime },
  relative: {
    label: "since the start", incrs: SECONDS, of: (s) => s.last_time.map((time) => (time - start(s)) / 1000),
    format: formatSeconds, ticks: (u, values) => values.map((v) => (v === null ? "" : formatSeconds(v))),
  },
};

// of(series, the x-metric's series of the same run) -> x of each bucket; metric: which one is needed.
export function axisOf(x) {
  if (Object.hasOwn(AXES, x)) return { id: x, ...AXES[x] };
  return {
    id: x, metric: x, label: x, format: (value) => `${x} ${formatNumber(value)}`,
    of: (series, other) => (other === undefined ? [] : series.last_steps.map((step) => at(other, step))),
  };
}

// Which steps lie between two x, over all series; null: nobody knows.
export function stepsBetween(axis, range, all) {
  if (range === null || axis.metric) return null;
  const [from, to] = range;
  if (axis.id === "step") return [Math.floor(from), Math.ceil(to)];
  let [low, high] = [Infinity, -Infinity];
  for (const series of all) {
    axis.of(series).forEach((x, i) => {
      if (x < from || x > to) return;
      low = Math.min(low, series.first_step[i]);
      high = Math.max(high, series.last_steps[i]);
    });
  }
  return low > high ? null : [low, high];
}
