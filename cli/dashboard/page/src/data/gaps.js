// Stretches of each run of which calls were lost, as `tocsin list gaps` tells them. They are rare: read once.
import { useMemo } from "preact/hooks";
import { useApi } from "../core/use_api.js";

const GAPS_MAX = 1000;
const known = ({ first_step: step, first_time: time }) => step !== null && time !== null;

// Map of run id to its gaps.
export function useGapsByRun(project) {
  const { data } = useApi("list/gaps", { project, limit: GAPS_MAX });
  return useMemo(() => Map.groupBy((data?.gaps ?? []).filter(known), (gap) => gap.run_id), [data]);
}
