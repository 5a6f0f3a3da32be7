// What became of an alert at its endpoints, in one word and in full.
import { formatTime } from "../core/format.js";

// The gravest first: one that failed matters more than ten that arrived.
const WORDS = [
  ["failed", "bad", "not sent"], ["abandoned", "bad", "not sent"], ["waiting", "warn", "waiting"], ["delivered", "good", "sent"],
  ["silenced", "none", "silenced"], ["acknowledged", "none", "kept back"],
];

const wordOf = (rows) => WORDS.find(([state]) => rows.some((row) => row.state === state));

const said = ({ endpoint, url, state, status, answer }) =>
  `${endpoint ?? url}: ${state}${status ? ` (${status})` : ""}${answer ? ` ${answer}` : ""}`;

// text and render of a column of the table of alerts.
export const sentOf = (deliveries) => ({
  text: (row) => deliveries.get(row.id)?.map(said).join("\n") ?? "No endpoint takes it: tocsin endpoint list",
  render: (row) => {
    const rows = deliveries.get(row.id) ?? [];
    const found = wordOf(rows);
    if (found === undefined) return <span class="muted">–</span>;
    const [, kind, word] = found;
    return <span class={`badge sent-${kind}`}><i />{word}{rows.length > 1 ? ` (${rows.length})` : ""}</span>;
  },
});

export function Sent({ deliveries }) {
  if (deliveries.length === 0) {
    return <p class="muted">It was sent nowhere: no endpoint takes it. <code>tocsin endpoint add</code> adds one.</p>;
  }
  return (
    <dl class="facts">
      {deliveries.map((row) => [
        <dt key={row.endpoint}>{row.url ?? row.endpoint}</dt>,
        <dd>
          {row.state}{row.status ? `, status ${row.status}` : ""}{row.attempts > 1 ? `, ${row.attempts} attempts` : ""}
          {row.next_try && <span class="muted"> next try {formatTime(row.next_try)}</span>}
          {row.settled && <span class="muted"> {formatTime(row.settled)}</span>}
          {row.answer && <p class="muted">{row.answer}</p>}
        </dd>,
      ])}
    </dl>
  );
}
