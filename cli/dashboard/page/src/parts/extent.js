// What an axis must span.

const PAD = 0.06;

export function xExtent(curves) {
  let [low, high] = [Infinity, -Infinity];
  for (const { x } of curves) {
    if (x.length === 0) continue;
    low = Math.min(low, x[0]);
    high = Math.max(high, x[x.length - 1]);
  }
  return low > high ? null : [low, high];
}

// Of what lies between two x; with log only what is greater than zero.
export function yExtent(curves, [from, to], log) {
  let [low, high] = [Infinity, -Infinity];
  const take = (v) => {
    if (v === null || v === undefined || !Number.isFinite(v) || (log && v <= 0)) return;
    if (v < low) low = v;
    if (v > high) high = v;
  };
  for (const curve of curves) {
    for (let i = 0; i < curve.x.length; i++) {
      if (curve.x[i] < from || curve.x[i] > to) continue;
      take(curve.y[i]);
      if (curve.low) take(curve.low[i]);
      if (curve.high) take(curve.high[i]);
    }
  }
  return low > high ? null : [low, high];
}

// A little room above and below, and more than nothing where all values are equal.
export function padded(range, log) {
  if (range === null) return log ? [1, 10] : [0, 1];
  const [low, high] = range;
  if (log) return low === high ? [low / 2, high * 2] : [low / (high / low) ** PAD, high * (high / low) ** PAD];
  const room = low === high ? Math.abs(low) * 0.1 || 1 : (high - low) * PAD;
  return [low - room, high + room];
}

// The same for x: no room, unless there is a single place.
export function spanned(range, log) {
  if (range === null) return log ? [1, 10] : [0, 1];
  const low = log && range[0] <= 0 ? Math.min(1, range[1] > 0 ? range[1] : 1) : range[0];
  const high = Math.max(range[1], low);
  if (low < high) return [low, high];
  return log ? [low / 2, low * 2] : [low - 1, low + 1];
}
