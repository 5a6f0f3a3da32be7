// The names of all metrics of a project. Nobody tells that a run has begun to log another one, such as what is
// measured at the end of an epoch: they are asked for again when runs grow, now and then.
import { useEffect } from "preact/hooks";
import { useApi } from "../core/use_api.js";
import { onRunsChanged, runs } from "./runs.js";

const AGAIN_MS = 5000;

export function useMetricNames(project) {
  const answer = useApi("list/metrics", { project });
  useEffect(() => {
    let timer = null;
    const known = new Set(runs.get().rows.filter((row) => row.num_logs > 0).map((row) => row.id));
    const ask = () => {
      clearTimeout(timer);
      timer = null;
      answer.reload();
    };
    const end = onRunsChanged((ids) => {
      const first = ids.filter((id) => !known.has(id) && runs.get().byId.get(id)?.num_logs > 0);
      first.forEach((id) => known.add(id));
      if (first.length > 0) ask();
      else timer ??= setTimeout(ask, AGAIN_MS);
    });
    return () => {
      end();
      clearTimeout(timer);
    };
  }, [project]);
  return answer;
}
