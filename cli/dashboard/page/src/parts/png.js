// A chart as a picture that can be put into a report: title, plot, and what the colours mean.
import { cssColour } from "../core/theme.js";

const LEGEND_ROWS_MAX = 12;
const ROW_PX = 18;

function legend(ctx, curves, top, width, ratio) {
  const columns = Math.max(1, Math.floor(width / (220 * ratio)));
  ctx.font = `${12 * ratio}px system-ui, sans-serif`;
  curves.slice(0, LEGEND_ROWS_MAX * columns).forEach((curve, i) => {
    const x = (10 + (i % columns) * 220) * ratio;
    const y = top + (Math.floor(i / columns) + 0.7) * ROW_PX * ratio;
    ctx.fillStyle = curve.colour;
    ctx.fillRect(x, y - 7 * ratio, 10 * ratio, 4 * ratio);
    ctx.fillStyle = cssColour("--text");
    ctx.fillText(curve.label, x + 16 * ratio, y, 195 * ratio);
  });
}

export function pngOf(u, title, curves) {
  const ratio = devicePixelRatio;
  const source = u.ctx.canvas;
  const head = 30 * ratio;
  const columns = Math.max(1, Math.floor(source.width / (220 * ratio)));
  const rows = Math.min(LEGEND_ROWS_MAX, Math.ceil(curves.length / columns));
  const canvas = document.createElement("canvas");
  canvas.width = source.width;
  canvas.height = head + source.height + (rows + 0.6) * ROW_PX * ratio;
  const ctx = canvas.getContext("2d");
  ctx.fillStyle = cssColour("--surface");
  ctx.fillRect(0, 0, canvas.width, canvas.height);
  ctx.fillStyle = cssColour("--text");
  ctx.font = `600 ${14 * ratio}px system-ui, sans-serif`;
  ctx.fillText(title, 10 * ratio, 20 * ratio, canvas.width - 20 * ratio);
  ctx.drawImage(source, 0, head);
  legend(ctx, curves, head + source.height, canvas.width, ratio);
  return new Promise((resolve) => canvas.toBlob(resolve, "image/png"));
}
