// The result against one key of the configuration; a dot is a run.
import { useMemo, useRef } from "preact/hooks";
import { setUrl } from "../core/url.js";
import { formatNumber, formatValue } from "../core/format.js";
import { useWidth } from "../core/width.js";
import { configValue } from "../data/runs.js";
import { scaleOf } from "../parts/scale.js";

const HEIGHT = 240;
const [LEFT, RIGHT, TOP, BOTTOM] = [56, 10, 8, 26];

const xOf = (at, width) => LEFT + at * (width - LEFT - RIGHT);
const yOf = (at) => HEIGHT - BOTTOM - at * (HEIGHT - TOP - BOTTOM);

function Ticks({ x, y, width }) {
  return (
    <g class="axis">
      {y.ticks.map(({ at, label }) => (
        <g key={label}>
          <line class="rule" x1={LEFT} x2={width - RIGHT} y1={yOf(at)} y2={yOf(at)} />
          <text class="axis-tick" x={LEFT - 7} y={yOf(at) + 3.5} text-anchor="end">{label}</text>
        </g>
      ))}
      {x.ticks.map(({ at, label }) => <text key={label} class="axis-tick" x={xOf(at, width)} y={HEIGHT - 8} text-anchor="middle">{label}</text>)}
    </g>
  );
}

export function SweepsScatter({ results, sweep, colours, over, setOver, open }) {
  const box = useRef(null);
  const width = useWidth(box);
  const key = sweep.across;
  const of = ({ row }) => configValue(row.config, key);
  const x = useMemo(() => scaleOf(results.map(of)), [results, key]);
  const y = useMemo(() => scaleOf(results.map((one) => one.value)), [results]);
  const lit = results.find(({ row }) => row.id === over);
  const dots = results.map((one) => ({ ...one, x: x.at(of(one)), y: y.at(one.value) })).filter((one) => one.x !== null && one.y !== null);
  return (
    <section class="card scatter-card">
      <h3 class="scatter-head">{sweep.metric} against
        <select aria-label="Key of the configuration" value={key} onChange={(event) => setUrl({ across: event.target.value })}>
          {sweep.keys.map((one) => <option key={one}>{one}</option>)}
        </select>
        <span class="muted">{lit ? `${lit.row.name}: ${formatValue(of(lit))}, ${formatNumber(lit.value)}` : x.log ? "log" : ""}</span>
      </h3>
      <div class="scatter" ref={box}><svg width={width} height={HEIGHT} role="img" aria-label={`${sweep.metric} against ${key}`}>
        <Ticks x={x} y={y} width={width} />
        {dots.map(({ row, value, ...at }) => (
          <circle key={row.id} cx={xOf(at.x, width)} cy={yOf(at.y)} r={row.id === over ? 7 : 4.5} fill={colours.get(row.id)} class="spot"
            onMouseEnter={() => setOver(row.id)} onMouseLeave={() => setOver(null)} onClick={() => open(row)}>
            <title>{row.name}: {formatNumber(value)}</title>
          </circle>
        ))}
      </svg></div>
    </section>
  );
}
