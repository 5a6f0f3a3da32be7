// One alert: all that it says, where it went, and what can be done about it.
import { useCallback, useState } from "preact/hooks";
import { post } from "../core/api.js";
import { useKey } from "../core/keys.js";
import { setUrl } from "../core/url.js";
import { formatNumber, formatTime } from "../core/format.js";
import { Dialog } from "../parts/dialog.jsx";
import { Level } from "../parts/level.jsx";
import { Sent } from "./alerts_sent.jsx";

const FACTS = [
  ["Time", (alert) => formatTime(alert.timestamp)],
  ["Run", (alert) => <button class="text-button" onClick={() => setUrl({ alert: null, run: alert.run_id })}>{alert.run}</button>],
  ["Rank", (alert) => `${alert.rank}${alert.host ? ` on ${alert.host}` : ""}${alert.attempt > 0 ? `, start ${alert.attempt + 1}` : ""}`],
  ["Step", (alert) => formatNumber(alert.step)],
  ["Acknowledged", (alert) => alert.acknowledged && `${formatTime(alert.acknowledged)} by ${alert.acknowledged_by ?? "somebody"}`],
  ["Id", (alert) => alert.id],
];

const HOURS = [["1h", "one hour"], ["8h", "eight hours"], ["1d", "a day"], ["7d", "a week"]];

// What a silence is for, as the body of POST /api/silence.
const SCOPES = [
  ["this title in this run", (alert) => ({ run: alert.run_id, title: alert.title })],
  ["this title in all runs", (alert) => ({ title: alert.title })],
  ["everything of this run", (alert) => ({ run: alert.run_id })],
];

const Facts = ({ alert }) => (
  <dl class="facts">
    {FACTS.map(([title, of]) => [title, of(alert)])
      .filter(([, value]) => value !== null && value !== undefined && value !== "")
      .map(([title, value]) => [<dt key={title}>{title}</dt>, <dd>{value}</dd>])}
  </dl>
);

function Acknowledge({ alert, acknowledge }) {
  const [comment, setComment] = useState("");
  const run = useCallback(() => acknowledge(alert.id, comment), [alert.id, comment]);
  useKey("a", "Acknowledge this alert", run);
  return (
    <form class="act" onSubmit={(event) => { event.preventDefault(); run(); }}>
      <input type="text" placeholder="Comment for colleagues" aria-label="Comment" value={comment} maxLength={500}
        onInput={(event) => setComment(event.target.value)} />
      <button class="button strong" title="Key a">Acknowledge</button>
    </form>
  );
}

function Silence({ project, alert }) {
  const [scope, setScope] = useState(0);
  const [hours, setHours] = useState("1h");
  const [said, setSaid] = useState(null);
  const silence = (event) => {
    event.preventDefault();
    post("silence", { project, for: hours, ...SCOPES[scope][1](alert) }).then(
      ({ ends }) => setSaid(`Silent until ${formatTime(ends)}.`),
      (problem) => setSaid(`${problem.message} ${problem.hint ?? ""}`),
    );
  };
  return (
    <form class="act" onSubmit={silence}>
      <select aria-label="What to silence" value={scope} onChange={(event) => setScope(Number(event.target.value))}>
        {SCOPES.map(([title], i) => <option key={title} value={i}>{title}</option>)}
      </select>
      <select aria-label="For how long" value={hours} onChange={(event) => setHours(event.target.value)}>
        {HOURS.map(([value, title]) => <option key={value} value={value}>{title}</option>)}
      </select>
      <button class="button">Silence</button>
      {said && <span role="status">{said}</span>}
    </form>
  );
}

const ReadOnly = ({ id }) => (
  <p class="muted">This page reads as a database user who may change nothing. From a shell: <code>tocsin ack {id}</code></p>
);

export function AlertDialog({ project, id, alert, deliveries, acknowledge, problem, onClose }) {
  if (alert === undefined) {
    return (
      <Dialog title="Alert" onClose={onClose}>
        <p>The alert {id} is not among those that are listed. Look at all levels, or show more of them.</p>
      </Dialog>
    );
  }
  return (
    <Dialog title={alert.title} onClose={onClose}>
      <p><Level level={alert.level} /></p>
      {alert.text && <p class="alert-text">{alert.text}</p>}
      <Facts alert={alert} />
      <h3>Sent</h3>
      <Sent deliveries={deliveries} />
      <h3>What to do</h3>
      {acknowledge === null ? <ReadOnly id={alert.id} /> : (
        <>
          {!alert.acknowledged && <Acknowledge alert={alert} acknowledge={acknowledge} />}
          {problem && <p class="filter-problem" role="alert">{problem.message} {problem.hint}</p>}
          <Silence project={project} alert={alert} />
        </>
      )}
    </Dialog>
  );
}
