// The alerts of a project as they come: how grave, of which run, who is on it, whether they were sent.
// In the address: level, the least that is shown; open=1, only those that nobody has acknowledged; find, a part of
// title or text; alert, the one that is looked at.
import { useEffect, useMemo, useState } from "preact/hooks";
import { post } from "../core/api.js";
import { useStore } from "../core/store.js";
import { setUrl, useUrl } from "../core/url.js";
import { formatNumber, formatTime, plural } from "../core/format.js";
import { LEVELS, unseen, useAlerts, useDeliveries } from "../data/alerts.js";
import { site } from "../data/project.js";
import { Icon } from "../parts/icons.jsx";
import { Level } from "../parts/level.jsx";
import { Answer, Empty } from "../parts/states.jsx";
import { Table } from "../parts/table.jsx";
import { AlertDialog } from "./alerts_one.jsx";
import { sentOf } from "./alerts_sent.jsx";
import { SilencesDialog, useSilences } from "./alerts_silences.jsx";

const NEWEST = 200;
const TITLES = { info: "All levels", warn: "Warnings and errors", error: "Errors only" };

const columnsOf = (deliveries, acknowledge) => [
  { id: "title", title: "Alert", width: "minmax(220px, 3fr)", sortable: false, class: "first", text: (row) => row.text ?? row.title,
    render: (row) => <span class="alert-line"><Level level={row.level} />{row.title}{row.text && <span class="muted">{row.text}</span>}</span> },
  { id: "time", title: "Time", width: "164px", sortable: false, render: (row) => formatTime(row.timestamp) },
  { id: "run", title: "Run", width: "minmax(110px, 1fr)", sortable: false, text: (row) => row.run, render: (row) => row.run },
  { id: "rank", title: "Rank", width: "56px", align: "end", sortable: false, text: (row) => row.host, render: (row) => row.rank },
  { id: "step", title: "Step", width: "84px", align: "end", sortable: false, render: (row) => formatNumber(row.step) },
  { id: "sent", title: "Sent", width: "104px", sortable: false, ...sentOf(deliveries) },
  { id: "who", title: "Who", width: "minmax(112px, 130px)", sortable: false, text: (row) => row.acknowledged && `Acknowledged ${formatTime(row.acknowledged)}`,
    render: (row) => (row.acknowledged
      ? <span class="muted">{row.acknowledged_by ?? "acknowledged"}</span>
      : acknowledge && <button class="text-button" onClick={(event) => { event.stopPropagation(); acknowledge(row.id); }}>Acknowledge</button>) },
];

const matches = (part, open) => (row) =>
  !(open && row.acknowledged) && `${row.title}\n${row.text ?? ""}\n${row.run}`.toLowerCase().includes(part.toLowerCase());

const Nothing = ({ any }) => (any
  ? (
    <Empty title="No alert matches">
      <p>Look for another word, or at all levels.</p>
      <button class="button" onClick={() => setUrl({ level: null, open: null, find: null })}>Show all alerts</button>
    </Empty>
  )
  : (
    <Empty title="No alert yet">
      <p>A training process raises one where it sees that something is wrong:</p>
      <pre>{'run.alert("Loss is NaN", text="Stopping.", level="error")'}</pre>
      <p>It appears here at once; <code>tocsin endpoint add</code> has it sent to Slack, Discord or any webhook.</p>
    </Empty>
  ));

function Bar({ count, of, silences, onSilences, problem }) {
  const [level, setLevel] = useUrl("level", "info");
  const [open, setOpen] = useUrl("open");
  const [find, setFind] = useUrl("find");
  return (
    <div class="bar">
      <span class="search"><Icon name="search" />
        <input type="search" placeholder="Search alerts" aria-label="Search alerts" value={find} onInput={(event) => setFind(event.target.value)} />
      </span>
      <select aria-label="Level" value={level} onChange={(event) => setLevel(event.target.value)}>
        {LEVELS.map((one) => <option key={one} value={one}>{TITLES[one]}</option>)}
      </select>
      <label class="choice"><input type="checkbox" checked={open !== ""} onChange={(event) => setOpen(event.target.checked ? "1" : "")} />Not acknowledged</label>
      {problem && <span class="filter-problem" role="alert">{problem.message} {problem.hint}</span>}
      <span class="bar-end">
        <span class="muted count">{count === of ? plural(of, "alert") : `${count} of ${plural(of, "alert")}`}</span>
        <button class="button" onClick={onSilences}>{silences > 0 ? plural(silences, "silence") : "Silences"}</button>
      </span>
    </div>
  );
}

// acknowledge(id, comment): null, where this database user may only read.
function useAcknowledge(reload) {
  const { writes } = useStore(site);
  const [problem, setProblem] = useState();
  const acknowledge = (id, comment) => post("ack", { ids: [id], ...(comment && { comment }) }).then(
    () => {
      setProblem(undefined);
      reload();
    },
    setProblem,
  );
  return [writes ? acknowledge : null, problem];
}

function List({ project, data, deliveries, acknowledge, problem, onMore }) {
  const [open] = useUrl("open");
  const [find] = useUrl("find");
  const [alert] = useUrl("alert");
  const [listing, setListing] = useState(false);
  const silences = useSilences(project, alert);
  const rows = useMemo(() => data.rows.filter(matches(find, open !== "")), [data.rows, find, open]);
  const columns = useMemo(() => columnsOf(deliveries, acknowledge), [deliveries, acknowledge !== null]);
  return (
    <>
      <Bar count={rows.length} of={data.rows.length} silences={silences.data?.silences.length ?? 0} problem={problem}
        onSilences={() => setListing(true)} />
      {rows.length === 0 ? <Nothing any={data.rows.length > 0} /> : (
        <Table label="Alerts" columns={columns} rows={rows} rowKey={(row) => row.id} onRow={(row) => setUrl({ alert: row.id })}
          rowClass={(row) => (row.acknowledged ? "settled" : "")} />
      )}
      {data.more && <p class="strip muted">There are older ones. <button class="text-button" onClick={onMore}>Show more</button></p>}
      {listing && <SilencesDialog answer={silences} onClose={() => setListing(false)} />}
    </>
  );
}

export function AlertsView({ project }) {
  const [level] = useUrl("level", "info");
  const [id] = useUrl("alert");
  const [limit, setLimit] = useState(NEWEST);
  const answer = useAlerts(project, LEVELS.includes(level) ? level : "info", limit);
  const deliveries = useDeliveries(project, answer.data?.rows.length);
  const [acknowledge, problem] = useAcknowledge(answer.reload);
  useEffect(() => unseen.set(0), []);
  return (
    <div class="fill">
      <Answer of={answer}>{(data) => (
        <>
          <List project={project} data={data} deliveries={deliveries} acknowledge={acknowledge} problem={problem}
            onMore={() => setLimit(limit * 5)} />
          {id !== "" && (
            <AlertDialog project={project} id={id} alert={data.rows.find((row) => row.id === id)} deliveries={deliveries.get(id) ?? []}
              acknowledge={acknowledge} problem={problem} onClose={() => setUrl({ alert: null })} />
          )}
        </>
      )}</Answer>
    </div>
  );
}
