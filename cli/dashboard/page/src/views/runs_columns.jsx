// Which configuration and metrics stand in the table of runs.
import { useState } from "preact/hooks";
import { setUrl } from "../core/url.js";
import { configKeys } from "../data/runs.js";
import { useMetricNames } from "../data/metric_names.js";
import { Dialog } from "../parts/dialog.jsx";
import { Answer } from "../parts/states.jsx";

function Choices({ title, ids, wanted, part }) {
  const shown = ids.filter((id) => id.toLowerCase().includes(part));
  const toggle = (id) => setUrl({ columns: wanted.includes(id) ? wanted.filter((one) => one !== id) : [...wanted, id] });
  return (
    <section class="choices">
      <h3>{title} <span class="muted">{ids.length}</span></h3>
      {shown.map((id) => (
        <label key={id} class="check-line">
          <input type="checkbox" checked={wanted.includes(id)} onChange={() => toggle(id)} />
          {id.slice(7)}
        </label>
      ))}
    </section>
  );
}

export function ColumnsDialog({ project, rows, wanted, onClose }) {
  const [part, setPart] = useState("");
  const names = useMetricNames(project);
  return (
    <Dialog title="Columns" onClose={onClose} wide>
      <div class="picker-row">
        <input type="search" placeholder="Search" aria-label="Search columns" value={part}
          onInput={(event) => setPart(event.target.value.toLowerCase())} />
        <button class="text-button" onClick={() => setUrl({ columns: null })}>As at first</button>
      </div>
      <div class="choices-columns">
        <Answer of={names}>{({ metrics }) => <Choices title="Metrics" ids={metrics.map((name) => `metric:${name}`)} wanted={wanted} part={part} />}</Answer>
        <Choices title="Configuration" ids={configKeys(rows).map((key) => `config.${key}`)} wanted={wanted} part={part} />
      </div>
    </Dialog>
  );
}
