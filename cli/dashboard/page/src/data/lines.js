// Series as curves of a chart: x, smoothing, colour, name.
import { smoothed } from "./smooth.js";

// A metric that goes back and forth makes no curve over x: its points are put in order.
function inOrder(curve) {
  const order = curve.x.map((_, i) => i).filter((i) => curve.x[i] !== null).sort((a, b) => curve.x[a] - curve.x[b]);
  const pick = (list) => list && order.map((i) => list[i]);
  return { ...curve, x: pick(curve.x), y: pick(curve.y), low: pick(curve.low), high: pick(curve.high), odd: pick(curve.odd) };
}

const isFlat = (series) => series.min.every((low, i) => low === series.max[i]);

// other: the series of the metric that is x, if it is one
export function lineOf(series, { axis, other, smooth, colour, label }) {
  const flat = isFlat(series) && smooth <= 0;
  const curve = {
    id: series.id, label, colour,
    x: axis.of(series, other),
    y: smoothed(series.mean, smooth),
    low: flat ? undefined : series.min,
    high: flat ? undefined : series.max,
    odd: series.odd.some((n) => n > 0) ? series.odd : undefined,
  };
  return axis.metric ? inOrder(curve) : curve;
}
