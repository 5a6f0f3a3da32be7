// Series as curves of a chart: x, smoothing, colour, name.
import { lostOn } from "./lost.js";
import { smoothed } from "./smooth.js";

// What goes back and forth over x makes no curve: a metric, or the clocks of several ranks. Its points are put in order.
function inOrder(curve) {
  const order = curve.x.map((_, i) => i).filter((i) => curve.x[i] !== null).sort((a, b) => curve.x[a] - curve.x[b]);
  const pick = (list) => list && order.map((i) => list[i]);
  return { ...curve, x: pick(curve.x), y: pick(curve.y), low: pick(curve.low), high: pick(curve.high), odd: pick(curve.odd) };
}

const isFlat = (series) => series.min.every((low, i) => low === series.max[i]);

// other: the series of the metric that is x, if it is one; gaps: of its run
export function lineOf(series, { axis, other, smooth, colour, label, gaps }) {
  const flat = isFlat(series) && smooth <= 0;
  const curve = {
    id: series.id, label, colour,
    x: axis.of(series, other),
    y: smoothed(series.mean, smooth),
    low: flat ? undefined : series.min,
    high: flat ? undefined : series.max,
    odd: series.odd.some((n) => n > 0) ? series.odd : undefined,
    lost: lostOn(axis, series, gaps),
  };
  return curve.x.every((x, i) => x !== null && (i === 0 || x >= curve.x[i - 1])) ? curve : inOrder(curve);
}
