// Each rank as it stands.
import { useMemo } from "preact/hooks";
import { useUrl } from "../core/url.js";
import { formatNumber, formatSeconds, formatTime } from "../core/format.js";
import { State } from "../parts/badge.jsx";
import { sortRows, Table } from "../parts/table.jsx";

const number = (id, title, more = {}) => ({
  id, title, align: "end", width: "90px", value: (row) => row[id], render: (row) => formatNumber(row[id]), ...more,
});

const seconds = (id, title) => number(id, title, { render: (row) => formatSeconds(row[id]) });

const COLUMNS = [
  number("rank", "Rank", { width: "64px" }),
  { id: "host", title: "Host", width: "minmax(110px, 1fr)", value: (row) => row.host, text: (row) => row.host, render: (row) => row.host },
  { id: "state", title: "State", width: "100px", value: (row) => row.state, render: (row) => <State state={row.state} /> },
  number("last_step", "Step"),
  number("behind", "Behind", { render: (row) => (row.behind > 0 ? <b>{formatNumber(row.behind)}</b> : formatNumber(row.behind)) }),
  seconds("step_time_s", "Step time"),
  seconds("silent_s", "Silent"),
  number("dropped", "Dropped", { render: (row) => (row.dropped > 0 ? <b class="bad">{formatNumber(row.dropped)}</b> : formatNumber(row.dropped)) }),
  number("on_node", "On node"),
  number("attempt", "Start", { width: "64px" }),
  { id: "started", title: "Started", width: "150px", value: (row) => row.started, render: (row) => <span class="muted">{formatTime(row.started)}</span> },
];

export function RanksTable({ ranks }) {
  const [text, setText] = useUrl("sort");
  const desc = text.startsWith("-");
  const id = desc ? text.slice(1) : text;
  const column = COLUMNS.find((one) => one.id === id);
  const rows = useMemo(() => (column ? sortRows(ranks.ranks, column.value, desc) : ranks.ranks), [ranks, column, desc]);
  return (
    <section class="card table-card" style={{ height: `${Math.min(420, 32 + 30 * rows.length + 2)}px` }}>
      <Table label="Ranks" columns={COLUMNS} rows={rows} rowKey={(row) => row.rank} sort={column && { id, desc }}
        onSort={(sort) => setText(`${sort.desc ? "-" : ""}${sort.id}`)} />
    </section>
  );
}
