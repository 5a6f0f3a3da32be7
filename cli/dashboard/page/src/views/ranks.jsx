// The ranks of one run beside each other. In the address: of (the run), metric.
import { useEffect, useMemo, useRef } from "preact/hooks";
import { useUrl } from "../core/url.js";
import { useApi } from "../core/use_api.js";
import { colourOf } from "../core/colours.js";
import { formatNumber, formatSeconds } from "../core/format.js";
import { useStore } from "../core/store.js";
import { cssColour, theme } from "../core/theme.js";
import { onRunsChanged, useRuns } from "../data/runs.js";
import { paceOf, spreadOf } from "../data/spread.js";
import { useCurves } from "../data/use_curves.js";
import { Chart } from "../parts/chart.jsx";
import { Answer, Empty, Failure, Loading } from "../parts/states.jsx";
import { RanksHeat } from "./ranks_heat.jsx";
import { RanksTable } from "./ranks_table.jsx";

const BUCKETS = 12_000;
const REFRESH_MS = 2000;

// The newest run of several ranks, else the newest.
const firstOf = (rows) => rows.findLast((row) => row.world_size > 1) ?? rows.at(-1);

// As useApi, and again when the run has changed.
function useRanks(project, run) {
  const answer = useApi("ranks", { project, run, limit: 0 });
  useEffect(() => {
    let timer = null;
    const end = onRunsChanged((ids) => {
      if (!ids.includes(run)) return;
      timer ??= setTimeout(() => {
        timer = null;
        answer.reload();
      }, REFRESH_MS);
    });
    return () => {
      end();
      clearTimeout(timer);
    };
  }, [project, run]);
  return answer;
}

function Choice({ label, value, options, onChange }) {
  return (
    <label class="choice">{label}
      <select aria-label={label} value={value} onChange={(event) => onChange(event.target.value)}>
        {options.map(([id, title]) => <option key={id} value={id}>{title}</option>)}
      </select>
    </label>
  );
}

const Tile = ({ title, value, bad }) => <div class="tile"><span class="muted">{title}</span><b class={bad ? "bad" : ""}>{value}</b></div>;

function Tiles({ ranks }) {
  const { world_size, here, missing, step_time_s: pace, last_step: step } = ranks;
  const silent = ranks.ranks.filter((row) => row.silent_s > 60).length;
  return (
    <div class="tiles">
      <Tile title="Ranks here" value={`${here} of ${world_size}`} bad={here < world_size} />
      <Tile title="Never came" value={missing.length === 0 ? "none" : missing.slice(0, 8).join(", ") + (missing.length > 8 ? " …" : "")} bad={missing.length > 0} />
      <Tile title="Step spread" value={step.max === null ? "" : formatNumber(step.max - step.min)} />
      <Tile title="Step time" value={pace.p50 === null ? "" : `${formatSeconds(pace.p50)} (slowest ${formatSeconds(pace.max)})`} />
      <Tile title="Silent for a minute" value={silent === 0 ? "none" : silent} bad={silent > 0} />
    </div>
  );
}

// Least to greatest, the middle eight tenths darker, the median, and each rank that stands out.
function spreadCurves(spread, shade) {
  const accent = cssColour("--accent");
  const { grid, median, low, high, p10, p90, outliers } = spread;
  return [
    { id: "all", label: "median, least to greatest", colour: accent, x: grid, y: median, low, high },
    { id: "most", label: "median, 10 % to 90 %", colour: accent, x: grid, y: median, low: p10, high: p90 },
    ...outliers.map(({ series, row }, i) => ({
      id: series.id, label: `rank ${series.rank}`, colour: colourOf(1 + i * 2, shade), x: grid, y: row,
    })),
  ];
}

function Outliers({ outliers, shade, hosts }) {
  if (outliers.length === 0) return <p class="muted">No rank stands out.</p>;
  return (
    <p class="outliers">Standing out:{" "}
      {outliers.map(({ series, mads }, i) => (
        <span key={series.id}><i class="dot" style={{ background: colourOf(1 + i * 2, shade) }} /> rank {series.rank} on {hosts.get(series.rank) ?? "?"}
          <span class="muted"> {formatNumber(Number(mads.toPrecision(2)))}× the usual distance</span></span>
      ))}
    </p>
  );
}

function Curves({ project, run, metric, ranks }) {
  const shade = useStore(theme);
  const points = Math.round(Math.min(200, Math.max(40, BUCKETS / Math.max(1, ranks.here))) / 10) * 10;
  const ids = useMemo(() => [run], [run]);
  const { curves, version, problem, ready } = useCurves({ project, metric, by: "rank", points }, ids, true);
  const all = useMemo(
    () => [...(curves?.series.values() ?? [])].filter((series) => series.n.length > 0).sort((a, b) => a.rank - b.rank),
    [curves, version],
  );
  const spread = useMemo(() => (all.length === 0 ? null : spreadOf(all)), [all]);
  const pace = useMemo(() => (all.length === 0 ? null : paceOf(all)), [all]);
  const lines = useMemo(() => spread && spreadCurves(spread, shade), [spread, shade]);
  const hosts = useMemo(() => new Map(ranks.ranks.map((row) => [row.rank, row.host])), [ranks]);
  const x = useMemo(() => ({ label: "step" }), []);
  if (problem) return <Failure problem={problem} />;
  if (spread === null) return ready ? <Empty title="Nothing logged">No rank of this run has logged this metric.</Empty> : <Loading />;
  return (
    <>
      <section class="card">
        <h3>{metric}, across ranks</h3>
        <div class="ranks-chart"><Chart curves={lines} x={x} /></div>
        <Outliers outliers={spread.outliers} shade={shade} hosts={hosts} />
      </section>
      <section class="card">
        <h3>Step time by rank</h3>
        <RanksHeat all={all} pace={pace} hosts={hosts} />
      </section>
    </>
  );
}

function OfRun({ project, rows, run }) {
  const [, setRun] = useUrl("of");
  const [named, setMetric] = useUrl("metric");
  const names = useApi("list/metrics", { project, run: run.id });
  const answer = useRanks(project, run.id);
  const metrics = names.data?.metrics ?? [];
  const metric = metrics.includes(named) ? named : metrics.find((name) => name.includes("loss")) ?? metrics[0];
  const options = useMemo(() => rows.toReversed().map((row) => [row.id, `${row.name} (${row.world_size ?? "?"})`]), [rows]);
  return (
    <div class="fill">
      <div class="bar">
        <Choice label="Run" value={run.id} options={options} onChange={setRun} />
        <Choice label="Metric" value={metric} options={metrics.map((name) => [name, name])} onChange={setMetric} />
      </div>
      <div class="page">
        <Answer of={answer}>{(ranks) => (
          <>
            <Tiles ranks={ranks} />
            {metric && <Curves key={`${run.id} ${metric}`} project={project} run={run.id} metric={metric} ranks={ranks} />}
            <RanksTable ranks={ranks} />
          </>
        )}</Answer>
      </div>
    </div>
  );
}

export function RanksView({ project }) {
  const { rows, byId, loading, problem } = useRuns();
  const [id] = useUrl("of");
  const first = useRef(null);
  if (problem) return <Failure problem={problem} />;
  if (loading) return <Loading />;
  first.current ??= firstOf(rows); // a run that begins meanwhile does not push away what is looked at
  const run = byId.get(id) ?? first.current;
  return run ? <OfRun project={project} rows={rows} run={run} /> : <Empty title="No run yet"><p>Ranks appear when a run logs something.</p></Empty>;
}
