// Parallel coordinates: an axis for each key of the configuration, the result at the right; a line is a run. Dragging along
// an axis keeps the lines that go through there.
import { useMemo, useRef, useState } from "preact/hooks";
import { gradient } from "../core/colours.js";
import { formatNumber } from "../core/format.js";
import { useWidth } from "../core/width.js";
import { configValue } from "../data/runs.js";
import { scaleOf } from "../parts/scale.js";

const HEIGHT = 300;
const TOP = 34;
const BOTTOM = 14;
const SIDE = 60;

const yOf = (at) => HEIGHT - BOTTOM - at * (HEIGHT - TOP - BOTTOM);
const atOf = (y) => (HEIGHT - BOTTOM - y) / (HEIGHT - TOP - BOTTOM);

function axesOf(results, sweep) {
  const axes = sweep.keys.map((key) => ({ id: key, title: key, of: ({ row }) => configValue(row.config, key) }));
  axes.push({ id: sweep.metric, title: sweep.metric, of: ({ value }) => value });
  return axes.map((axis) => ({ ...axis, scale: scaleOf(results.map(axis.of)) }));
}

// Share of the way from the worst to the best, for the colour.
function goodness(results, { goal }) {
  const values = results.map((one) => one.value);
  const [low, high] = [Math.min(...values), Math.max(...values)];
  return (value) => (high === low ? 1 : goal === "min" ? (high - value) / (high - low) : (value - low) / (high - low));
}

const pathOf = (places, xs) => places
  .map((at, i) => (at === null ? null : `${xs[i]},${yOf(at).toFixed(1)}`))
  .filter((part) => part !== null)
  .map((part, i) => `${i === 0 ? "M" : "L"}${part}`).join("");

// Kept: the stretches of axes that lines must go through; a Map, because an axis may be called "constructor".
function useBrush() {
  const [kept, setKept] = useState(new Map());
  const drag = useRef(null);
  const place = (event) => Math.min(1, Math.max(0, atOf(event.clientY - event.currentTarget.closest("svg").getBoundingClientRect().top)));
  return {
    kept,
    handlers: (id) => ({
      onPointerDown: (event) => {
        event.currentTarget.setPointerCapture(event.pointerId);
        drag.current = place(event);
        setKept((old) => new Map(old).set(id, undefined));
      },
      onPointerMove: (event) => {
        if (drag.current === null) return;
        const ends = [drag.current, place(event)].sort((a, b) => a - b);
        if (ends[1] - ends[0] > 0.015) setKept((old) => new Map(old).set(id, ends));
      },
      onPointerUp: () => {
        drag.current = null;
      },
    }),
  };
}

const isWithin = (range, at) => range === undefined || (at !== null && at >= range[0] && at <= range[1]);

function Axis({ axis, x, kept, handlers, last }) {
  const range = kept.get(axis.id);
  return (
    <g class="axis">
      <text class="axis-title" x={x} y={14} text-anchor={last ? "end" : "middle"}>{axis.title.length > 22 ? `…${axis.title.slice(-21)}` : axis.title}{axis.scale.log ? " (log)" : ""}</text>
      <line x1={x} x2={x} y1={TOP} y2={HEIGHT - BOTTOM} />
      {axis.scale.ticks.map(({ at, label }) => (
        <text key={label} class="axis-tick" x={last ? x + 6 : x - 6} y={yOf(at) + 3.5} text-anchor={last ? "start" : "end"}>{label.length > 9 ? `${label.slice(0, 8)}…` : label}</text>
      ))}
      {range && <rect class="kept" x={x - 5} width={10} y={yOf(range[1])} height={yOf(range[0]) - yOf(range[1])} />}
      <rect class="brush" x={x - 12} width={24} y={TOP - 8} height={HEIGHT - TOP - BOTTOM + 16} {...handlers}>
        <title>Drag to keep a part, click to end that</title>
      </rect>
    </g>
  );
}

export function SweepsParallel({ results, sweep, over, setOver, open }) {
  const box = useRef(null);
  const width = useWidth(box);
  const { kept, handlers } = useBrush();
  const axes = useMemo(() => axesOf(results, sweep), [results, sweep.keys.join("\n"), sweep.metric]);
  const good = useMemo(() => goodness(results, sweep), [results, sweep.goal]);
  const inner = Math.max(width, 90 * axes.length) - 2 * SIDE;
  const xs = axes.map((_, i) => SIDE + (axes.length === 1 ? 0.5 : i / (axes.length - 1)) * inner);
  const lines = results.map((one) => {
    const places = axes.map((axis) => axis.scale.at(axis.of(one)));
    const isKept = axes.every((axis, i) => isWithin(kept.get(axis.id), places[i]));
    return { ...one, places, isKept };
  });
  const lit = lines.find(({ row }) => row.id === over);
  return (
    <section class="card">
      <h3>Parallel coordinates <span class="muted">{lit ? `${lit.row.name}: ${formatNumber(lit.value)}` : `a line is a run; bright is good`}</span></h3>
      <div class="parallel" ref={box}>
        <svg width={inner + 2 * SIDE} height={HEIGHT} role="img" aria-label="Parallel coordinates">
          {lines.toReversed().map(({ row, value, places, isKept }) => (
            <path key={row.id} d={pathOf(places, xs)} class={`way ${isKept ? "" : "away"} ${row.id === over ? "over" : ""}`} stroke={gradient(0.1 + 0.9 * good(value))}
              onMouseEnter={() => setOver(row.id)} onMouseLeave={() => setOver(null)} onClick={() => open(row)} />
          ))}
          {lit && <path d={pathOf(lit.places, xs)} class="way over" stroke={gradient(0.1 + 0.9 * good(lit.value))} pointer-events="none" />}
          {axes.map((axis, i) => <Axis key={axis.id} axis={axis} x={xs[i]} kept={kept} handlers={handlers(axis.id)} last={i === axes.length - 1} />)}
        </svg>
      </div>
    </section>
  );
}
