// Whether everything runs, and what was lost. Nobody tells such news: they are asked for while somebody looks.
import { useEffect, useMemo, useState } from "preact/hooks";
import { get } from "../core/api.js";
import { useApi } from "../core/use_api.js";
import { useRuns } from "./runs.js";

const LOOK_MS = 5000;
const RUNS = 12; // that run, the newest of them, whose ranks are looked at
const SILENT_S = 30; // heartbeats come every two seconds
const BEHIND = 0.1; // of the steps of the foremost rank

// As useApi, asked again every few seconds while the page is seen.
export function useLooked(path, params) {
  const answer = useApi(path, params);
  useEffect(() => {
    const timer = setInterval(() => document.visibilityState === "visible" && answer.reload(), LOOK_MS);
    return () => clearInterval(timer);
  }, [answer.reload]);
  return answer;
}

function troubleOf(row, slowest) {
  const found = [];
  if (row.silent_s > SILENT_S) found.push("silent");
  if (row.behind > Math.max(10, BEHIND * slowest.last)) found.push("behind");
  if (row.dropped > 0) found.push("dropped");
  return found;
}

const absent = (run) => run.missing.map((rank) => ({ run: run.run, run_id: run.run_id, rank, trouble: ["missing"] }));

function ranksOf(answers) {
  return answers.flatMap((run) => [
    ...absent(run),
    ...run.ranks.map((row) => ({
      ...row, run: run.run, run_id: run.run_id, trouble: troubleOf(row, { last: run.last_step.max ?? 0 }),
    })),
  ]);
}

// {rows: of `tocsin ranks` of the runs that run, each with its run and its trouble: silent, behind, dropped, missing;
// runs: how many of these were looked at; of: how many run}
export function useProducers(project) {
  const { rows } = useRuns();
  const running = useMemo(() => rows.filter((row) => row.state === "running").map((row) => row.id), [rows]);
  const looked = running.slice(-RUNS);
  const key = looked.join();
  const [state, setState] = useState({ loading: true });
  useEffect(() => {
    const abort = new AbortController();
    const look = () => Promise.all(looked.map((run) => get("ranks", { project, run }, abort.signal))).then(
      (answers) => setState({ data: { rows: ranksOf(answers), runs: looked.length, of: running.length } }),
      (problem) => abort.signal.aborted || setState((old) => ({ ...old, problem, loading: false })),
    );
    look();
    const timer = setInterval(() => document.visibilityState === "visible" && look(), LOOK_MS);
    return () => {
      abort.abort();
      clearInterval(timer);
    };
  }, [project, key]);
  return state;
}
