// Draws curves into the plot of a chart: band, line, gaps, and marks where a value was NaN or infinite.
//   curve  {id, label, colour, x: [number], y: [number or null], low?, high?: the same, odd?: [number],
//           lost?: [[from, to]], stretches of x of which something was lost}

const BAND_ALPHA = 0.16;
const LINE_PX = 1.4;
const GAP_FACTOR = 8;

// Pixel of a value, without a call into uPlot for each.
function scaler(u, key) {
  const scale = u.scales[key];
  const log = scale.distr === 3;
  const of = log ? Math.log10 : (v) => v;
  const [a, b] = [of(scale.min), of(scale.max)];
  const { left, top, width, height } = u.bbox;
  const span = b - a || 1;
  if (key === "x") return (v) => left + ((of(v) - a) / span) * width;
  return log
    ? (v) => (v > 0 ? top + height - ((of(v) - a) / span) * height : top + height)
    : (v) => top + height - ((v - a) / span) * height;
}

const within = (curve, i) => curve.y[i] !== null && curve.y[i] !== undefined && Number.isFinite(curve.x[i]);

// A stretch many times as long as usual is a gap: nothing was logged, or it was lost.
function gapOf(curve) {
  if (curve.gap !== undefined) return curve.gap;
  const steps = [];
  for (let i = 1; i < curve.x.length; i++) steps.push(curve.x[i] - curve.x[i - 1]);
  steps.sort((p, q) => p - q);
  curve.gap = steps.length < 8 ? Infinity : steps[Math.floor(steps.length * 0.9)] * GAP_FACTOR || Infinity;
  return curve.gap;
}

// [from, to) of the pieces of a curve between its gaps.
function piecesOf(curve) {
  if (curve.pieces !== undefined) return curve.pieces;
  const pieces = [];
  const gap = gapOf(curve);
  let from = -1;
  for (let i = 0; i <= curve.x.length; i++) {
    const ends = i === curve.x.length || !within(curve, i) || (from >= 0 && i > from && curve.x[i] - curve.x[i - 1] > gap);
    if (ends && from >= 0) {
      pieces.push([from, i]);
      from = -1;
    }
    if (i < curve.x.length && within(curve, i) && from < 0) from = i;
  }
  curve.pieces = pieces;
  return pieces;
}

function addBand(path, curve, pieces, px, py) {
  for (const [from, to] of pieces) {
    for (let i = from; i < to; i++) path[i === from ? "moveTo" : "lineTo"](px(curve.x[i]), py(curve.high[i] ?? curve.y[i]));
    for (let i = to - 1; i >= from; i--) path.lineTo(px(curve.x[i]), py(curve.low[i] ?? curve.y[i]));
    path.closePath();
  }
}

// A value that stands alone is a dot.
function addLine(line, dots, curve, pieces, px, py, ratio) {
  for (const [from, to] of pieces) {
    if (to - from === 1) {
      dots.rect(px(curve.x[from]) - 1.5 * ratio, py(curve.y[from]) - 1.5 * ratio, 3 * ratio, 3 * ratio);
      continue;
    }
    line.moveTo(px(curve.x[from]), py(curve.y[from]));
    for (let i = from + 1; i < to; i++) line.lineTo(px(curve.x[i]), py(curve.y[i]));
  }
}

// NaN and infinities: a cross at the lower edge, for they have no height.
function addCrosses(path, curve, px, bottom, ratio) {
  const r = 3 * ratio;
  curve.odd?.forEach((n, i) => {
    if (n === 0) return;
    const [x, y] = [px(curve.x[i]), bottom - r - ratio];
    path.moveTo(x - r, y - r);
    path.lineTo(x + r, y + r);
    path.moveTo(x + r, y - r);
    path.lineTo(x - r, y + r);
  });
}

// What was lost: a bar at the lower edge.
function addLost(path, curve, px, bottom, ratio) {
  for (const [from, to] of curve.lost ?? []) {
    const left = px(from);
    path.rect(left, bottom - 3 * ratio, Math.max(4 * ratio, px(to) - left), 3 * ratio);
  }
}

function clip(u, ctx, draw) {
  const { left, top, width, height } = u.bbox;
  ctx.save();
  ctx.beginPath();
  ctx.rect(left, top, width, height);
  ctx.clip();
  draw();
  ctx.restore();
}

// One path for all curves of a colour: hundreds of curves are a few strokes.
function byColour(curves, n) {
  const paths = new Map();
  for (const curve of curves) {
    if (!paths.has(curve.colour)) paths.set(curve.colour, Array.from({ length: n }, () => new Path2D()));
  }
  return paths;
}

function paintBands(ctx, curves, px, py) {
  ctx.globalAlpha = BAND_ALPHA / Math.max(1, Math.sqrt(curves.length / 8));
  const banded = curves.filter((curve) => curve.high);
  const paths = byColour(banded, 1);
  banded.forEach((curve) => addBand(paths.get(curve.colour)[0], curve, piecesOf(curve), px, py));
  paths.forEach(([band], colour) => {
    ctx.fillStyle = colour;
    ctx.fill(band);
  });
  ctx.globalAlpha = 1;
}

function paintLines(ctx, curves, px, py, bottom) {
  const ratio = devicePixelRatio;
  const paths = byColour(curves, 2);
  for (const curve of curves) {
    const [line, dots] = paths.get(curve.colour);
    addLine(line, dots, curve, piecesOf(curve), px, py, ratio);
    addCrosses(line, curve, px, bottom, ratio);
    addLost(dots, curve, px, bottom, ratio);
  }
  ctx.lineWidth = (curves.length > 60 ? 1 : LINE_PX) * ratio;
  ctx.lineJoin = curves.length > 60 ? "bevel" : "round";
  paths.forEach(([line, dots], colour) => {
    ctx.strokeStyle = ctx.fillStyle = colour;
    ctx.stroke(line);
    ctx.fill(dots);
  });
}

export function paintCurves(u, curves) {
  const [px, py] = [scaler(u, "x"), scaler(u, "y")];
  clip(u, u.ctx, () => {
    paintBands(u.ctx, curves, px, py);
    paintLines(u.ctx, curves, px, py, u.bbox.top + u.bbox.height);
  });
}

// One curve over the others, on a canvas of its own: what the pointer is at.
export function paintLit(u, canvas, curve) {
  const ctx = canvas.getContext("2d");
  const ratio = devicePixelRatio;
  const { left, top, width, height } = u.bbox;
  if (canvas.width !== Math.round(width) || canvas.height !== Math.round(height)) {
    canvas.width = Math.round(width);
    canvas.height = Math.round(height);
  }
  ctx.clearRect(0, 0, canvas.width, canvas.height);
  if (curve === null) return;
  ctx.save();
  ctx.translate(-left, -top);
  const [line, dots] = [new Path2D(), new Path2D()];
  addLine(line, dots, curve, piecesOf(curve), scaler(u, "x"), scaler(u, "y"), ratio);
  ctx.strokeStyle = ctx.fillStyle = curve.colour;
  ctx.lineWidth = 3 * ratio;
  ctx.lineJoin = "round";
  ctx.stroke(line);
  ctx.fill(dots);
  ctx.restore();
}
