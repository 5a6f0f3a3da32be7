// What was to become good, and what was varied.
import { useUrl, setUrl } from "../core/url.js";

const VALUES = [["last", "latest"], ["min", "least"], ["max", "greatest"]];
const GOALS = [["min", "low"], ["max", "high"]];

function Choice({ label, name, value, options }) {
  return (
    <label class="choice">{label}
      <select aria-label={label} value={value} onChange={(event) => setUrl({ [name]: event.target.value })}>
        {options.map(([id, title]) => <option key={id} value={id}>{title}</option>)}
      </select>
    </label>
  );
}

export function SweepsBar({ names, sweep }) {
  const [value] = useUrl("value", "last");
  const toggle = (key) => {
    const next = sweep.keys.includes(key) ? sweep.keys.filter((one) => one !== key) : [...sweep.keys, key];
    setUrl({ by: next });
  };
  return (
    <div class="bar">
      <Choice label="Metric" name="metric" value={sweep.metric} options={names.map((name) => [name, name])} />
      <Choice label="Value" name="value" value={value} options={VALUES} />
      <Choice label="Good is" name="goal" value={sweep.goal} options={GOALS} />
      <span class="key-chips">
        {sweep.varied.map((key) => (
          <button key={key} class="chip" aria-pressed={sweep.keys.includes(key)} onClick={() => toggle(key)}>{key}</button>
        ))}
      </span>
    </div>
  );
}
