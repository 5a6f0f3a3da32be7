// The latest, least and greatest values of some metrics in all runs: read once, then again for the runs that
// are running, because only those change.
import { useEffect, useState } from "preact/hooks";
import { get } from "../core/api.js";
import { onRunsChanged } from "./runs.js";

const REFRESH_MS = 2500;

const valuesOf = (details) => details.map((row) => [row.id, row.metrics]);

// Map of id to {name: {last, min, max, nonfinite}}.
export function useMetricValues(project, names) {
  const [values, setValues] = useState(new Map());
  const key = names.join("\n");
  useEffect(() => {
    if (names.length === 0) return undefined;
    const abort = new AbortController();
    const ask = (more) => get("list/runs", { project, metric: names, fields: "id", limit: 0, ...more }, abort.signal).then(
      ({ details }) => setValues((old) => new Map([...old, ...valuesOf(details)])),
      () => {}, // the table shows what it has; the list of runs says what is wrong
    );
    ask({});
    let timer = null;
    const end = onRunsChanged(() => {
      timer ??= setTimeout(() => {
        timer = null;
        ask({ filter: `silent<${(3 * REFRESH_MS) / 1000}` });
      }, REFRESH_MS);
    });
    return () => {
      end();
      clearTimeout(timer);
      abort.abort();
    };
  }, [project, key]);
  return values;
}
