// Whether everything runs: collector, database, training processes, what was lost, where alerts go.
import { setUrl } from "../core/url.js";
import { formatAgo, formatBytes, formatNumber, formatSeconds, formatTime, plural } from "../core/format.js";
import { useLooked, useProducers } from "../data/health.js";
import { Answer } from "../parts/states.jsx";
import { Table } from "../parts/table.jsx";

const ROW_PX = 30;
const ROWS_SEEN = 9;
const LIMIT = 200;

const Mark = ({ kind, children }) => <span class={`badge health-${kind}`}><i />{children}</span>;

const runColumn = {
  id: "run", title: "Run", width: "minmax(140px, 1.5fr)", sortable: false, class: "first", text: (row) => row.run,
  render: (row) => <button class="text-button" onClick={() => setUrl({ run: row.run_id })}>{row.run}</button>,
};

// columns as tuples: id, title, width, render(row), "end" for numbers.
const columns = (...list) => list.map((one) => (Array.isArray(one)
  ? { id: one[0], title: one[1], width: one[2], render: one[3], align: one[4], text: (row) => String(one[3](row) ?? ""), sortable: false }
  : one));

const RANKS = columns(
  runColumn,
  ["rank", "Rank", "60px", (row) => row.rank, "end"],
  ["host", "Host", "minmax(90px, 1fr)", (row) => row.host],
  { id: "trouble", title: "State", width: "minmax(120px, 1fr)", sortable: false,
    render: (row) => <Mark kind={row.trouble.length > 0 ? "bad" : "good"}>{row.trouble.join(", ") || row.state}</Mark> },
  ["silent", "Silent for", "92px", (row) => formatSeconds(row.silent_s), "end"],
  ["behind", "Behind", "78px", (row) => formatNumber(row.behind), "end"],
  ["dropped", "Dropped", "84px", (row) => formatNumber(row.dropped), "end"],
  ["node", "On its node", "104px", (row) => formatNumber(row.on_node), "end"],
  ["step", "Step time", "96px", (row) => formatSeconds(row.step_time_s), "end"],
);

const GAPS = columns(
  runColumn,
  ["rank", "Rank", "60px", (row) => row.rank, "end"],
  ["calls", "Calls", "80px", (row) => formatNumber(row.calls), "end"],
  ["steps", "Steps", "minmax(120px, 1fr)", (row) => (row.first_step === null ? "" : `${formatNumber(row.first_step)} – ${formatNumber(row.last_step)}`), "end"],
  ["from", "From", "164px", (row) => formatTime(row.first_time)],
  ["to", "To", "164px", (row) => formatTime(row.last_time)],
);

const QUARANTINE = columns(
  runColumn,
  ["rank", "Rank", "60px", (row) => row.rank, "end"],
  ["time", "Time", "164px", (row) => formatTime(row.timestamp)],
  ["lane", "Lane", "70px", (row) => row.lane],
  ["calls", "Calls", "70px", (row) => formatNumber(row.calls), "end"],
  ["bytes", "Size", "80px", (row) => formatBytes(row.bytes), "end"],
  ["reason", "Reason", "minmax(200px, 3fr)", (row) => row.reason],
);

const endpointKind = (row) => (!row.enabled || row.failures > 0 ? "bad" : row.waiting > 0 ? "warn" : "good");
const endpointWord = (row) => (!row.enabled ? "disabled" : row.failures > 0 ? `${row.failures} failed` : row.waiting > 0 ? `${row.waiting} waiting` : "good");

const ENDPOINTS = columns(
  ["url", "Where", "minmax(170px, 2fr)", (row) => row.url],
  ["kind", "Kind", "76px", (row) => row.kind],
  ["level", "From level", "94px", (row) => row.min_level],
  ["project", "Project", "minmax(70px, 1fr)", (row) => row.project ?? "all"],
  { id: "state", title: "State", width: "110px", sortable: false, text: (row) => row.why_disabled ?? row.last_answer ?? "",
    render: (row) => <Mark kind={endpointKind(row)}>{endpointWord(row)}</Mark> },
  ["last", "Last message", "110px", (row) => formatAgo(row.last_message)],
  ["answer", "Answer", "minmax(90px, 1fr)", (row) => [row.last_status || "", row.last_answer ?? ""].join(" ").trim()],
);

// A heading that says how it stands, and a table of what there is. good: what an empty one means.
function Section({ title, of, rows, columns: list, rowKey, good, mark }) {
  return (
    <section class="health" aria-label={title}>
      <Answer of={of}>{(data) => {
        const found = rows(data);
        const [kind, word] = mark(found, data);
        return (
          <>
            <h2>{title} <Mark kind={kind}>{word}</Mark></h2>
            {found.length === 0 ? <p class="muted">{good}</p> : (
              <div class="health-table" style={{ height: `${(Math.min(found.length, ROWS_SEEN) + 1) * ROW_PX + 12}px` }}>
                <Table label={title} columns={list} rows={found} rowKey={rowKey} />
              </div>
            )}
          </>
        );
      }}</Answer>
    </section>
  );
}

const Database = ({ database, projects, runs }) => (
  <>
    <dt>Database</dt>
    <dd>
      <Mark kind={database.answers ? "good" : "bad"}>{database.answers ? "answers" : "does not answer"}</Mark>
      <p class="muted">{database.answers
        ? `${database.dsn} · schema ${database.schema_version} · ${plural(projects, "project")}, ${plural(runs, "run")}`
        : database.error}</p>
    </dd>
  </>
);

const Collector = ({ tocsind }) => (
  <>
    <dt>Collector</dt>
    <dd>
      <Mark kind={tocsind.pid > 0 ? "good" : "none"}>{tocsind.pid > 0 ? `runs, pid ${tocsind.pid}` : "none of this user on this machine"}</Mark>
      <p class="muted">{tocsind.pid > 0
        ? `trainers log to ${tocsind.endpoint}${tocsind.health ? ` · figures at http://${tocsind.health}/metrics` : ""}`
        : <>One may run on another machine: the training processes below say whether something is stored. <code>tocsin up</code> starts one here.</>}</p>
    </dd>
  </>
);

function Running() {
  const answer = useLooked("status", {});
  return (
    <section class="health" aria-label="Collector">
      <h2>Collector</h2>
      <Answer of={answer}>{(data) => <dl class="facts"><Database {...data} /><Collector {...data} /></dl>}</Answer>
    </section>
  );
}

const inTrouble = (rows) => rows.filter((row) => row.trouble.length > 0);
const grave = (title) => (rows) => (rows.length === 0 ? ["good", "none"] : ["bad", plural(rows.length, title)]);

function Producers({ project }) {
  const answer = useProducers(project);
  return (
    <Section title="Training processes" of={answer} columns={RANKS} rowKey={(row) => `${row.run_id}/${row.rank}`}
      rows={({ rows }) => [...inTrouble(rows), ...rows.filter((row) => row.trouble.length === 0)]}
      good="No run is running now."
      mark={(rows, { of }) => {
        const bad = inTrouble(rows).length;
        return bad > 0 ? ["bad", `${bad} of ${plural(rows.length, "rank")} in trouble`]
          : [of > 0 ? "good" : "none", `${plural(rows.length, "rank")} of ${plural(of, "run")}`];
      }} />
  );
}

export function StatusView({ project }) {
  const gaps = useLooked("list/gaps", { project, limit: LIMIT });
  const quarantine = useLooked("list/quarantine", { project, limit: LIMIT });
  const endpoints = useLooked("endpoint/list", { project });
  return (
    <div class="status">
      <Running />
      <Producers project={project} />
      <Section title="Dropped calls" of={gaps} columns={GAPS} rowKey={(row) => row.gap_id} rows={(data) => data.gaps}
        good="Everything that was logged is stored or on its way." mark={grave("gap")} />
      <Section title="Quarantine" of={quarantine} columns={QUARANTINE} rowKey={(row) => row.quarantine_id}
        rows={(data) => data.quarantine} good="PostgreSQL has refused no batch." mark={grave("batch")} />
      <Section title="Endpoints" of={endpoints} columns={ENDPOINTS} rowKey={(row) => row.id} rows={(data) => data.endpoints}
        good={<>Alerts are stored and sent nowhere. <code>tocsin endpoint add URL</code> has them sent.</>}
        mark={(rows) => (rows.length === 0 ? ["none", "none"]
          : rows.some((row) => endpointKind(row) === "bad") ? ["bad", "some fail"] : ["good", plural(rows.length, "endpoint")])} />
    </div>
  );
}
