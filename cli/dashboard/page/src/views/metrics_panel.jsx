// One metric of the chosen runs: its curves, the alerts on them, and what can be taken along.
import { useMemo, useRef } from "preact/hooks";
import { csvOf, download } from "../core/download.js";
import { setUrl } from "../core/url.js";
import { useVisible } from "../core/visible.js";
import { stepsBetween } from "../data/axes.js";
import { groupOf } from "../data/choice.js";
import { meansOfGroups } from "../data/group_lines.js";
import { lineOf } from "../data/lines.js";
import { lit } from "../data/lit.js";
import { runs } from "../data/runs.js";
import { useCurves } from "../data/use_curves.js";
import { Chart } from "../parts/chart.jsx";
import { Icon } from "../parts/icons.jsx";
import { marksOf } from "./metrics_marks.js";

// Buckets of a curve: about one for each pixel of a small panel, fewer where there are more curves; in few sizes, so that a
// run more or less changes nothing.
const SIZES = [[30, 250], [60, 150], [120, 100], [Infinity, 50]];
const pointsFor = (runs, full) => SIZES.find(([most]) => runs <= most)[1] * (full ? 3 : 1);

const nameOf = (id) => runs.get().byId.get(id)?.name ?? id;

// The whole of the curves, and while zoomed a finer part of them.
function usePanelCurves({ project, metric, choice, drawing, full }, visible) {
  const { ids } = choice;
  const points = pointsFor(ids.length, full);
  const whole = useCurves({ project, metric, points }, ids, visible);
  const needs = drawing.axis.metric;
  const others = useCurves(needs ? { project, metric: needs, points } : null, ids, visible);
  const steps = useMemo(
    () => whole.curves && stepsBetween(drawing.axis, drawing.zoom, [...whole.curves.series.values()]),
    [drawing.axis, drawing.zoom, whole.curves, drawing.zoom && whole.version],
  );
  const fine = useCurves(steps ? { project, metric, points, from: steps[0], to: steps[1] } : null, ids, visible);
  return { ids, whole, others, fine };
}

// Curves of runs that have not changed are kept as they were.
function useLines({ whole, others, fine, ids }, { choice, drawing, gaps }) {
  const cache = useRef(new WeakMap()).current;
  return useMemo(() => ids.flatMap((id) => (whole.curves?.ofRun.get(id) ?? []).map((key) => {
    const series = fine.curves?.series.get(key) ?? whole.curves.series.get(key);
    const how = [drawing.axis, drawing.smooth, others.curves?.series.get(key), choice.colours.get(id), gaps.get(id)];
    const kept = cache.get(series);
    if (kept?.how.every((one, i) => one === how[i])) return kept.curve;
    const [axis, smooth, other, colour, lost] = how;
    const curve = lineOf(series, { axis, smooth, other, colour, label: nameOf(id), gaps: lost });
    cache.set(series, { how, curve });
    return curve;
  })).filter((curve) => curve.x.length > 0), [ids, whole.version, whole.curves, others.version, fine.version, fine.curves, drawing, choice.colours, gaps]);
}

// With `mean` the runs of a group are one curve.
function useShown(lines, { choice, drawing }) {
  const { group } = choice;
  return useMemo(() => (group !== "" && drawing.mean
    ? meansOfGroups(lines, ({ id }) => groupOf(runs.get().byId.get(id.split("/")[0]) ?? {}, group))
    : lines), [lines, group, drawing.mean]);
}

const CSV_HEAD = ["run", "run_id", "first_step", "last_step", "first_time", "last_time", "min", "max", "mean", "last", "values", "nonfinite"];

function exportCsv(metric, { whole, fine, ids }) {
  const rows = ids.flatMap((id) => (whole.curves.ofRun.get(id) ?? []).flatMap((key) => {
    const s = fine.curves?.series.get(key) ?? whole.curves.series.get(key);
    return s.n.map((n, i) => [
      nameOf(id), id, s.first_step[i], s.last_steps[i], new Date(s.first_time[i]).toISOString(),
      new Date(s.last_time[i]).toISOString(), s.min[i], s.max[i], s.mean[i], s.last[i], n, s.odd[i],
    ]);
  }));
  download(`${metric}.csv`, csvOf(CSV_HEAD, rows));
}

async function exportPng(metric, handle) {
  const blob = await handle.current?.png(metric);
  if (blob) download(`${metric}.png`, blob);
}

function Head({ metric, full, onCsv, onPng }) {
  const slash = metric.indexOf("/");
  return (
    <header class="panel-head">
      <h3 class="panel-title" title={metric}>
        {slash >= 0 && <span class="muted">{metric.slice(0, slash + 1)}</span>}{metric.slice(slash + 1)}
      </h3>
      <span class="panel-tools">
        <button class="tool" title="What is drawn, as CSV" onClick={onCsv}>CSV</button>
        <button class="tool" title="The picture, as PNG" onClick={onPng}>PNG</button>
        <button class="icon-button" title={full ? "Back to all panels (Esc)" : "Only this panel"} aria-label={full ? "Close" : "Enlarge"}
          onClick={() => setUrl({ full: full ? null : metric }, { push: !full })}>
          <Icon name={full ? "close" : "expand"} />
        </button>
      </span>
    </header>
  );
}

// Over or instead of the chart: why it is empty.
function Note({ found, lines }) {
  const problem = found.whole.problem ?? found.fine.problem;
  if (problem) return <p class="panel-note bad">{problem.message}</p>;
  if (lines.length > 0) return null;
  if (found.ids.length === 0) return <p class="panel-note">No run is chosen.</p>;
  return found.whole.ready ? <p class="panel-note">None of these runs has logged it.</p> : <p class="panel-note wait"><span class="pulse" /></p>;
}

export function MetricsPanel(props) {
  const { metric, choice, drawing, alerts, onZoom, full } = props;
  const box = useRef(null);
  const handle = useRef(null);
  const visible = useVisible(box);
  const found = usePanelCurves(props, visible);
  const lines = useShown(useLines(found, props), props);
  const marks = useMemo(() => marksOf(alerts, choice.ids, lines, drawing.axis, found.whole.curves), [alerts, choice.ids, lines]);
  const { axis, zoom, logx, logy } = drawing;
  const x = useMemo(() => ({ ...axis, log: logx && !axis.time, range: zoom }), [axis, zoom, logx]);
  const y = useMemo(() => ({ log: logy }), [logy]);
  return (
    <article class="panel" aria-label={metric} ref={box}>
      <Head metric={metric} full={full} onCsv={() => exportCsv(metric, found)} onPng={() => exportPng(metric, handle)} />
      <div class="panel-body">
        {visible && lines.length > 0 && (
          <Chart curves={lines} x={x} y={y} sync="metrics" lit={lit} onZoom={onZoom} marks={marks} handle={handle} />
        )}
        {visible && <Note found={found} lines={lines} />}
      </div>
    </article>
  );
}
