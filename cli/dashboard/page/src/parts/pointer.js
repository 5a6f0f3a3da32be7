// What the pointer is at: the values of all curves at its x, and the nearest curve.

// Index of the last element that is not greater, -1: none.
function lastNotAbove(list, value) {
  let [low, high] = [0, list.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (list[middle] <= value) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}

export function nearestIndex(curve, x) {
  const before = lastNotAbove(curve.x, x);
  const after = before + 1;
  const pick = before < 0 || (after < curve.x.length && curve.x[after] - x < x - curve.x[before]) ? after : before;
  return curve.x.length === 0 || curve.y[pick] === null ? -1 : pick;
}

// [{curve, i}] in the order of their distance from the pointer; only of curves that are near in x.
export function curvesAt(u, curves, left, top) {
  const x = u.posToVal(left, "x");
  const reach = (u.scales.x.max - u.scales.x.min) * 0.04;
  const found = [];
  for (const curve of curves) {
    const i = nearestIndex(curve, x);
    if (i < 0 || Math.abs(curve.x[i] - x) > reach) continue;
    found.push({ curve, i, away: Math.abs(u.valToPos(curve.y[i], "y") - top) });
  }
  return found.sort((a, b) => a.away - b.away);
}
