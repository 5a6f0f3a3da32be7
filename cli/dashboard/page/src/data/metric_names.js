// The names of all metrics of a project. A run that logs more calls of late may bring new ones: they are
// asked for again when a run appears, or has grown for the first time.
import { useEffect } from "preact/hooks";
import { useApi } from "../core/use_api.js";
import { onRunsChanged, runs } from "./runs.js";

export function useMetricNames(project) {
  const answer = useApi("list/metrics", { project });
  useEffect(() => {
    const known = new Set(runs.get().rows.filter((row) => row.num_logs > 0).map((row) => row.id));
    return onRunsChanged((ids) => {
      const fresh = ids.filter((id) => !known.has(id) && runs.get().byId.get(id)?.num_logs > 0);
      fresh.forEach((id) => known.add(id));
      if (fresh.length > 0) answer.reload();
    });
  }, [project]);
  return answer;
}
