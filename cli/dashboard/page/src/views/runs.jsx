// The runs of a project as a table. In the address besides what choice.js names: sort, columns (chosen ones).
import { useMemo, useState } from "preact/hooks";
import { setUrl, useUrl, useUrlList } from "../core/url.js";
import { formatAgo, formatNumber, formatTime, formatValue, plural } from "../core/format.js";
import { groupOf, useChoice } from "../data/choice.js";
import { configKeys, configValue, useRuns } from "../data/runs.js";
import { useMetricValues } from "../data/metric_values.js";
import { State } from "../parts/badge.jsx";
import { Filters, Search } from "../parts/filter_bar.jsx";
import { GroupChoice } from "../parts/group_choice.jsx";
import { grouped } from "../parts/grouping.js";
import { Empty, Failure, Loading } from "../parts/states.jsx";
import { sortRows, Table } from "../parts/table.jsx";
import { ColumnsDialog } from "./runs_columns.jsx";

const CONFIG_COLUMNS = 4;

const FIXED = [
  { id: "state", title: "State", width: "100px", value: (row) => row.state, render: (row) => <State state={row.state} /> },
  { id: "created", title: "Created", width: "90px", value: (row) => row.created_at, text: (row) => formatTime(row.created_at),
    render: (row) => <span class="muted">{formatAgo(row.created_at)}</span> },
  { id: "seen", title: "Seen", width: "90px", value: (row) => row.last_seen, text: (row) => formatTime(row.last_seen),
    render: (row) => <span class="muted">{formatAgo(row.last_seen)}</span> },
  { id: "step", title: "Step", width: "90px", align: "end", value: (row) => row.last_step,
    render: (row) => formatNumber(row.last_step) },
  { id: "ranks", title: "Ranks", width: "64px", align: "end", value: (row) => row.world_size,
    render: (row) => (row.ranks === row.world_size ? row.ranks : `${row.ranks ?? 0}/${row.world_size ?? "?"}`) },
  { id: "alerts", title: "Alerts", width: "70px", align: "end", value: (row) => row.alerts,
    render: (row) => (row.alerts > 0 ? <b class="alert-count">{row.alerts}</b> : <span class="muted">0</span>) },
  { id: "group", title: "Group", width: "minmax(80px, 140px)", value: (row) => row.group, render: (row) => row.group },
];

const configColumn = (key) => ({
  id: `config.${key}`, title: key, width: "minmax(80px, 140px)", align: "end", class: "num",
  value: (row) => configValue(row.config, key),
  text: (row) => formatValue(configValue(row.config, key)),
  render: (row) => formatValue(configValue(row.config, key)),
});

const metricColumn = (name, values) => ({
  id: `metric:${name}`, title: name, width: "minmax(90px, 150px)", align: "end", class: "num", hint: `Latest value of ${name}`,
  value: (row) => values.get(row.id)?.[name]?.last,
  text: (row) => {
    const { min, max } = values.get(row.id)?.[name] ?? {};
    return min === undefined ? "" : `least ${formatNumber(min)}, greatest ${formatNumber(max)}`;
  },
  render: (row) => {
    const found = values.get(row.id)?.[name];
    return found?.nonfinite?.last ?? formatNumber(found?.last);
  },
});

const nameColumn = ({ colours, checked, check }) => ({
  id: "name", title: "Run", width: "minmax(190px, 2fr)", value: (row) => row.name, text: (row) => row.name, class: "first",
  render: (row) => (
    <span class="run-name">
      <input type="checkbox" class="run-check" aria-label={`Choose ${row.name}`} checked={checked.has(row.id)}
        onClick={(event) => event.stopPropagation()} onChange={() => check([row.id])} />
      <i class="dot" style={{ background: colours.get(row.id) }} />{row.name}
    </span>
  ),
});

// Configuration that differs is what a run is looked up by.
function differingKeys(rows) {
  return configKeys(rows).filter((key) => new Set(rows.map((row) => formatValue(configValue(row.config, key)))).size > 1);
}

function columnsOf(choice, all, wanted, values) {
  const chosen = wanted.length > 0 ? wanted : differingKeys(all).slice(0, CONFIG_COLUMNS).map((key) => `config.${key}`);
  const fixed = FIXED.filter(({ id }) => id !== "group" || all.some((row) => row.group));
  return [nameColumn(choice), ...fixed, ...chosen.map((id) => id.startsWith("metric:")
    ? metricColumn(id.slice(7), values)
    : configColumn(id.slice(7)))];
}

function useSort(columns) {
  const [text, setText] = useUrl("sort");
  const desc = text.startsWith("-");
  const id = desc ? text.slice(1) : text;
  const column = columns.find((one) => one.id === id);
  return [column && { id, desc, value: column.value }, (sort) => setText(`${sort.desc ? "-" : ""}${sort.id}`)];
}

const Nothing = ({ all }) => (all === 0
  ? <Empty title="No run yet"><p>Runs appear here with the first value that they log.</p></Empty>
  : (
    <Empty title="No run matches">
      <p>Take a condition away, or search for another name.</p>
      <button class="button" onClick={() => setUrl({ q: null, filter: null })}>Show all runs</button>
    </Empty>
  ));

function Bar({ choice, all, onColumns }) {
  const { rows, checked, only } = choice;
  return (
    <div class="bar">
      <Search />
      <Filters rows={all} problem={choice.filterProblem} />
      <span class="bar-end">
        {checked.size > 0 && (
          <>
            <button class="button strong" onClick={() => setUrl({ view: "metrics" }, { push: true })}>Draw {checked.size}</button>
            <button class="text-button" onClick={() => only(null)}>Clear</button>
          </>
        )}
        <span class="muted count">{rows.length === choice.all ? plural(rows.length, "run") : `${rows.length} of ${plural(choice.all, "run")}`}</span>
        <GroupChoice rows={all} />
        <button class="button" onClick={onColumns}>Columns</button>
      </span>
    </div>
  );
}

export function RunsView({ project }) {
  const choice = useChoice();
  const { rows: all } = useRuns();
  const [wanted] = useUrlList("columns");
  const [choosing, setChoosing] = useState(false);
  const values = useMetricValues(project, wanted.filter((id) => id.startsWith("metric:")).map((id) => id.slice(7)));
  const columns = useMemo(() => columnsOf(choice, all, wanted, values), [choice.colours, choice.checked, all, wanted.join("\n"), values]);
  const [sort, setSort] = useSort(columns);
  const lines = useMemo(() => {
    const sorted = sort ? sortRows(choice.rows, sort.value, sort.desc) : choice.rows;
    return grouped(sorted, choice.group, groupOf);
  }, [choice.rows, choice.group, sort?.id, sort?.desc, values]);
  if (choice.problem) return <Failure problem={choice.problem} />;
  if (choice.loading) return <Loading />;
  return (
    <div class="fill">
      <Bar choice={choice} all={all} onColumns={() => setChoosing(true)} />
      {choice.rows.length === 0 ? <Nothing all={choice.all} /> : (
        <Table label="Runs" columns={columns} rows={lines} rowKey={(row) => row.id} sort={sort} onSort={setSort}
          onRow={(row) => setUrl({ run: row.id })} onMark={(row) => choice.check([row.id])}
          rowClass={(row) => (choice.checked.has(row.id) ? "on" : "")}
          renderWide={(line) => (
            <button class="group-line" title="Choose this group" onClick={() => choice.check(line.ids)}>
              <i class="dot" style={{ background: choice.colours.get(line.ids[0]) }} />{line.title}<span class="muted">{plural(line.ids.length, "run")}</span>
            </button>
          )} />
      )}
      {choosing && <ColumnsDialog project={project} rows={all} wanted={wanted} onClose={() => setChoosing(false)} />}
    </div>
  );
}
