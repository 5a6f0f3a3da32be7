// What made a metric good: the configurations of runs beside their results. In the address: metric, goal (min, max), value (last,
// min, max), by (keys of the configuration; none: those that differ), across (the key of the scatter).
import { useMemo, useState } from "preact/hooks";
import { useUrl, useUrlList, setUrl } from "../core/url.js";
import { formatNumber, formatValue, plural } from "../core/format.js";
import { useChoice } from "../data/choice.js";
import { useMetricNames } from "../data/metric_names.js";
import { useMetricValues } from "../data/metric_values.js";
import { configKeys, configValue, useRuns } from "../data/runs.js";
import { Answer, Empty } from "../parts/states.jsx";
import { SweepsBar } from "./sweeps_bar.jsx";
import { SweepsParallel } from "./sweeps_parallel.jsx";
import { SweepsScatter } from "./sweeps_scatter.jsx";
import { SweepsTable } from "./sweeps_table.jsx";

const KEYS_MAX = 8; // axes beside each other
const GROUPED = 2; // keys of the table at first

// Keys that were varied, those with few values first: what differs in each run is a seed.
function variedKeys(rows) {
  return configKeys(rows)
    .map((key) => ({ key, kinds: new Set(rows.map((row) => formatValue(configValue(row.config, key)))).size }))
    .filter(({ kinds }) => kinds > 1)
    .sort((a, b) => (a.kinds >= rows.length) - (b.kinds >= rows.length) || a.key.localeCompare(b.key))
    .map(({ key }) => key);
}

export function useSweep(names, rows) {
  const [named] = useUrl("metric");
  const [goal, setGoal] = useUrl("goal", "min");
  const [value] = useUrl("value", "last");
  const [by] = useUrlList("by");
  const [across] = useUrl("across");
  const varied = useMemo(() => variedKeys(rows), [rows]);
  const metric = names.includes(named) ? named : names.find((name) => /val.*loss/.test(name)) ?? names.find((name) => name.includes("loss")) ?? names[0];
  const shown = by.length > 0 ? by : varied.slice(0, KEYS_MAX);
  return { metric, goal: goal === "max" ? "max" : "min", setGoal, value, varied, keys: shown, by, across: shown.includes(across) ? across : shown[0] };
}

// [{row, value}] of the runs that have one, best first.
function resultsOf(rows, values, { metric, goal, value }) {
  const sign = goal === "max" ? -1 : 1;
  return rows
    .map((row) => ({ row, value: values.get(row.id)?.[metric]?.[value] }))
    .filter((one) => Number.isFinite(one.value))
    .sort((a, b) => sign * (a.value - b.value));
}

function Best({ result, sweep, results }) {
  const { row, value } = result;
  return (
    <section class="card best">
      <h3>Best run</h3>
      <button class="text-button best-name" onClick={() => setUrl({ run: row.id })}>{row.name}</button>
      <p><span class="muted">{sweep.metric} </span><b>{formatNumber(value)}</b></p>
      <dl class="facts config">
        {sweep.keys.map((key) => [<dt key={key}>{key}</dt>, <dd>{formatValue(configValue(row.config, key))}</dd>])}
      </dl>
      <p class="muted">of {plural(results.length, "run")} with a value</p>
    </section>
  );
}

function Results({ project, choice, sweep }) {
  const [over, setOver] = useState(null);
  const metrics = useMemo(() => [sweep.metric], [sweep.metric]);
  const values = useMetricValues(project, metrics);
  const results = useMemo(() => resultsOf(choice.chosen, values, sweep), [choice.chosen, values, sweep.metric, sweep.goal, sweep.value]);
  const open = (row) => setUrl({ run: row.id });
  if (sweep.varied.length === 0) {
    return <Empty title="Nothing was varied">These runs have the same configuration. A sweep is several runs whose <code>config</code> differs.</Empty>;
  }
  const rest = { results, sweep, colours: choice.colours, over, setOver, open };
  return (
    <div class="page">
      {results.length > 0 && (
        <>
          <div class="sweep-top">
            <Best result={results[0]} sweep={sweep} results={results} />
            <SweepsScatter {...rest} />
          </div>
          <SweepsParallel {...rest} />
        </>
      )}
      <SweepsTable project={project} sweep={sweep} by={sweep.by.length > 0 ? sweep.by : sweep.varied.slice(0, GROUPED)} />
    </div>
  );
}

function Found({ project, names }) {
  const choice = useChoice();
  const { rows } = useRuns();
  const sweep = useSweep(names, rows);
  if (names.length === 0) return <Empty title="No metric yet"><p>Results appear when runs log something.</p></Empty>;
  return (
    <>
      <SweepsBar names={names} sweep={sweep} />
      <Results project={project} choice={choice} sweep={sweep} />
    </>
  );
}

export function SweepsView({ project }) {
  const names = useMetricNames(project);
  return <div class="fill"><Answer of={names}>{({ metrics }) => <Found project={project} names={metrics} />}</Answer></div>;
}
