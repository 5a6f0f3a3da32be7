// How the panels are drawn: which metrics, x, smoothing, logarithms.
import { useCallback } from "preact/hooks";
import { useKey } from "../core/keys.js";
import { setUrl, useUrl } from "../core/url.js";

const AXES = [["step", "step"], ["time", "time"], ["relative", "time since start"]];
const COLS = ["auto", "1", "2", "3", "4", "6"];

function Toggle({ name, title, letter, label, disabled }) {
  const [value, set] = useUrl(name);
  const flip = useCallback(() => set(value === "1" ? "" : "1"), [value, set]);
  useKey(letter, title, flip);
  return <button class="button toggle" aria-pressed={value === "1" && !disabled} disabled={disabled} title={`${title} (${letter})`} onClick={flip}>{label}</button>;
}

function Smoothing({ value }) {
  return (
    <label class="choice" title="Exponential moving average; the band stays as it was logged">Smooth
      <input type="range" min="0" max="0.99" step="0.01" value={value} aria-label="Smoothing"
        onInput={(event) => setUrl({ smooth: event.target.value === "0" ? null : event.target.value })} />
      <output class="num">{value.toFixed(2)}</output>
    </label>
  );
}

// A stretch of steps means nothing in time: the zoom ends with its axis.
function AxisChoice({ names, id }) {
  return (
    <label class="choice">x
      <select aria-label="Horizontal axis" value={id} onChange={(event) => setUrl({ x: event.target.value, zoom: null })}>
        {AXES.map(([value, title]) => <option key={value} value={value}>{title}</option>)}
        <optgroup label="Metric">{names.map((name) => <option key={name} value={name}>{name}</option>)}</optgroup>
      </select>
    </label>
  );
}

export function MetricsBar({ names, drawing, onZoom }) {
  const [part, setPart] = useUrl("metrics");
  const [cols, setCols] = useUrl("cols", "auto");
  const [group] = useUrl("group");
  const unzoom = useCallback(() => onZoom(null), [onZoom]);
  useKey("r", "All of x again", unzoom);
  return (
    <div class="bar metrics-bar">
      <input type="search" placeholder="Search metrics" aria-label="Search metrics" value={part} onInput={(event) => setPart(event.target.value)} />
      <AxisChoice names={names} id={drawing.axis.id} />
      <Smoothing value={drawing.smooth} />
      <span class="buttons">
        <Toggle name="logx" letter="x" title="Logarithmic x" label="log x" disabled={Boolean(drawing.axis.time)} />
        <Toggle name="logy" letter="y" title="Logarithmic y" label="log y" />
        {group !== "" && <Toggle name="mean" letter="m" title="The mean of each group, least to greatest as band" label="mean" />}
      </span>
      {drawing.zoom && <button class="button strong" title="All of it again (r, or double click)" onClick={unzoom}>Reset zoom</button>}
      <span class="bar-end cols-choice">
        <label class="choice">Columns
          <select value={cols} onChange={(event) => setCols(event.target.value)}>{COLS.map((n) => <option key={n}>{n}</option>)}</select>
        </label>
      </span>
    </div>
  );
}
