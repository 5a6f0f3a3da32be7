// All metrics around an alert. In the address: snapshot (run:alert, ids).
import { useCallback, useMemo } from "preact/hooks";
import { setUrl, useUrl } from "../core/url.js";
import { useApi } from "../core/use_api.js";
import { formatNumber, formatTime } from "../core/format.js";
import { useAlertsByRun } from "../data/alert_marks.js";
import { useRuns } from "../data/runs.js";
import { Dialog } from "../parts/dialog.jsx";
import { Answer, Empty } from "../parts/states.jsx";

const WINDOW = 4; // steps to both sides
const VALUES_MAX = 20_000;

// {steps, rows: [{name, values: Map of step to what is shown}]}
function tableOf(metrics) {
  const steps = new Set();
  const rows = Object.entries(metrics).map(([name, values]) => {
    values.forEach((one) => steps.add(one.step));
    return { name, values: new Map(values.map((one) => [one.step, one.nonfinite ?? formatNumber(one.value)])) };
  });
  return { steps: [...steps].sort((a, b) => a - b), rows };
}

function Values({ metrics, step }) {
  const { steps, rows } = useMemo(() => tableOf(metrics), [metrics]);
  if (steps.length === 0) return <Empty title="No value around it">Nothing was logged within {WINDOW} steps.</Empty>;
  return (
    <div class="snapshot">
      <table>
        <thead><tr><th scope="col">Step</th>{steps.map((one) => <th key={one} class={one === step ? "at" : ""} scope="col">{one}</th>)}</tr></thead>
        <tbody>
          {rows.map(({ name, values }) => (
            <tr key={name}><th scope="row" title={name}>{name}</th>{steps.map((one) => <td key={one} class={one === step ? "at" : ""}>{values.get(one)}</td>)}</tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

// An alert without a step is looked for by its time.
const around = (alert) => (alert.step === null ? { "at-time": alert.timestamp } : { around: alert.step });

function Around({ project, alert }) {
  const answer = useApi("get/snapshot", { project, run: alert.run_id, ...around(alert), window: WINDOW, agg: "mean", limit: VALUES_MAX });
  return <Answer of={answer}>{({ metrics }) => <Values metrics={metrics} step={alert.step} />}</Answer>;
}

function Open({ project, text }) {
  const close = useCallback(() => setUrl({ snapshot: null }), []);
  const [runId, alertId] = text.split(":");
  const alert = useAlertsByRun(project).get(runId)?.find((one) => one.id === alertId);
  const run = useRuns().byId.get(runId);
  return (
    <Dialog title={alert?.title ?? "Alert"} onClose={close} wide>
      {alert && (
        <>
          <p><span class={`level level-${alert.level}`}>{alert.level}</span> {run?.name} · {alert.step !== null && `step ${formatNumber(alert.step)} · `}
            rank {alert.rank} · {formatTime(alert.timestamp)}</p>
          {alert.text && <p class="alert-text">{alert.text}</p>}
          <Around project={project} alert={alert} />
        </>
      )}
    </Dialog>
  );
}

export function MetricsSnapshot({ project }) {
  const [text] = useUrl("snapshot");
  return text === "" ? null : <Open project={project} text={text} />;
}
