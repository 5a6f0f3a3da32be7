// The alerts of each run, for the curves they belong to: read once, then told.
import { useEffect, useMemo, useState } from "preact/hooks";
import { onEvent } from "../core/events.js";
import { useApi } from "../core/use_api.js";

const ALERTS_MAX = 1000;

// Map of run id to its alerts.
export function useAlertsByRun(project) {
  const { data } = useApi("list/alerts", { project, limit: ALERTS_MAX });
  const [told, setTold] = useState([]);
  useEffect(() => {
    setTold([]);
    return onEvent("alerts", ({ alerts }) => setTold((old) => [...old, ...alerts]));
  }, [project]);
  return useMemo(() => {
    const known = new Map([...(data?.alerts ?? []), ...told].map((alert) => [alert.id, alert]));
    return Map.groupBy(known.values(), (alert) => alert.run_id);
  }, [data, told]);
}
