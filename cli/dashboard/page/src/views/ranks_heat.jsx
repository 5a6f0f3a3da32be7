// A strip for each rank, coloured by how long its steps took beside the median of all ranks at that step.
import { useLayoutEffect, useRef, useState } from "preact/hooks";
import { gradient } from "../core/colours.js";
import { formatNumber, formatSeconds } from "../core/format.js";

const ROW_PX_MAX = 14;
const HEIGHT_PX = 320;
const SLOW = 2; // this many times the median is the far end of the scale

const shareOf = (seconds, median) => (seconds / median - 0.8) / (SLOW - 0.8);

function paint(canvas, { rows, median }, rowPx) {
  canvas.width = rows[0].length;
  canvas.height = rows.length;
  const ctx = canvas.getContext("2d");
  rows.forEach((row, y) => row.forEach((seconds, x) => {
    if (seconds === null || median[x] === null || median[x] === 0) return;
    ctx.fillStyle = gradient(shareOf(seconds, median[x]));
    ctx.fillRect(x, y, 1, 1);
  }));
  canvas.style.height = `${rows.length * rowPx}px`;
}

function placeOf(event, { rows, grid }) {
  const box = event.currentTarget.getBoundingClientRect();
  const x = Math.floor(((event.clientX - box.left) / box.width) * grid.length);
  const y = Math.floor(((event.clientY - box.top) / box.height) * rows.length);
  return rows[y]?.[x] === undefined ? null : { x, y };
}

export function RanksHeat({ all, pace, hosts }) {
  const canvas = useRef(null);
  const [at, setAt] = useState(null);
  const rowPx = Math.max(2, Math.min(ROW_PX_MAX, Math.floor(HEIGHT_PX / all.length)));
  const every = Math.max(1, Math.ceil(14 / rowPx));
  useLayoutEffect(() => paint(canvas.current, pace, rowPx), [pace, rowPx]);
  const place = at !== null && pace.rows[at.y] !== undefined ? at : null;
  return (
    <div class="heat">
      <div class="heat-ranks" style={{ height: `${all.length * rowPx}px` }}>
        {all.map((series, i) => i % every === 0 && <span key={series.id} style={{ top: `${(i + 0.5) * rowPx}px` }}>{series.rank}</span>)}
      </div>
      <canvas ref={canvas} role="img" aria-label="Step time by rank and step" onMouseMove={(event) => setAt(placeOf(event, pace))} onMouseLeave={() => setAt(null)} />
      <p class="heat-foot muted">
        {place === null || pace.rows[place.y][place.x] === null
          ? <>as the median <span class="heat-scale" style={{ background: `linear-gradient(90deg, ${[0.17, 0.4, 0.6, 0.8, 1].map(gradient).join(", ")})` }} /> {SLOW}× and slower</>
          : `rank ${all[place.y].rank} on ${hosts.get(all[place.y].rank) ?? "?"}, step ${formatNumber(pace.grid[place.x])}: ${formatSeconds(pace.rows[place.y][place.x])} a step, median ${formatSeconds(pace.median[place.x])}`}
      </p>
    </div>
  );
}
