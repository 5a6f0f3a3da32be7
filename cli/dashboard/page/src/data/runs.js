// The runs of the open project: read once, then kept up to date by what the server tells.
import { createStore, useStore } from "../core/store.js";
import { get } from "../core/api.js";
import { onEvent } from "../core/events.js";

const RETRY_MS = 3000;

// {project, rows: oldest first, byId: Map, loading, problem}. A row is one of list/runs with config, and has
// its place in time, which decides its colour.
const nothing = { project: null, rows: [], byId: new Map(), loading: true };
export const runs = createStore(nothing);
export const useRuns = () => useStore(runs);

const watchers = new Set();

// listener(ids): these runs have changed. Gives what ends it.
export function onRunsChanged(listener) {
  watchers.add(listener);
  return () => watchers.delete(listener);
}

const inTime = (a, b) => a.created_at.localeCompare(b.created_at) || Number(a.id) - Number(b.id);

function setRows(rows, more = {}) {
  const sorted = [...rows].sort(inTime).map((row, place) => (row.place === place ? row : { ...row, place }));
  runs.set({ ...runs.get(), ...more, rows: sorted, byId: new Map(sorted.map((row) => [row.id, row])) });
}

const listRuns = (project) => get("list/runs", { project, limit: 0, config: true });

export async function loadRuns(project) {
  if (runs.get().project !== project) runs.set({ ...nothing, project });
  if (project === null) return;
  try {
    const { details } = await listRuns(project);
    if (runs.get().project === project) setRows(details, { loading: false, problem: undefined });
  } catch (problem) {
    if (runs.get().project !== project) return;
    runs.set({ ...runs.get(), loading: false, problem });
    if (problem.retryable || problem.code === "not_found") setTimeout(() => runs.get().project === project && loadRuns(project), RETRY_MS);
  }
}

// A run that was not there before comes without its configuration.
async function askConfig(project, id) {
  const { config } = await get("get/run", { project, run: id });
  const row = runs.get().byId.get(id);
  if (runs.get().project === project && row !== undefined) {
    setRows(runs.get().rows.map((one) => (one.id === id ? { ...one, config } : one)));
  }
}

// The server tells some runs again in which nothing is new.
const isNews = (row, known) => known === undefined || Object.entries(row).some(([name, value]) => known[name] !== value);

function take({ runs: told }) {
  const { project, byId, loading } = runs.get();
  if (loading) return;
  const changed = told.filter((row) => isNews(row, byId.get(row.id)));
  if (changed.length === 0) return;
  const merged = new Map(byId);
  for (const row of changed) merged.set(row.id, { ...merged.get(row.id), ...row });
  setRows(merged.values());
  changed.filter((row) => !byId.has(row.id)).forEach((row) => askConfig(project, row.id).catch(() => {}));
  watchers.forEach((watcher) => watcher(changed.map((row) => row.id)));
}

onEvent("runs", take);
onEvent("resync", async () => {
  const before = runs.get().byId;
  await loadRuns(runs.get().project);
  const ids = runs.get().rows.filter((row) => before.get(row.id)?.num_logs !== row.num_logs).map((row) => row.id);
  if (ids.length > 0) watchers.forEach((watcher) => watcher(ids));
});

// What the Python package keeps there for itself; the run has fields for them.
const RESERVED = ["_Created", "_Group", "_Username"];

// Keys of all configurations, nested ones with dots, as conditions name them.
export function configKeys(rows) {
  const keys = new Set();
  const walk = (value, path) => {
    for (const [key, inner] of Object.entries(value ?? {})) {
      if (path === "" && RESERVED.includes(key)) continue;
      if (inner !== null && typeof inner === "object" && !Array.isArray(inner)) walk(inner, `${path}${key}.`);
      else keys.add(path + key);
    }
  };
  rows.forEach((row) => walk(row.config, ""));
  return [...keys].sort();
}

export function configValue(config, key) {
  if (config === null || config === undefined) return undefined;
  if (Object.hasOwn(config, key)) return config[key];
  const dot = key.indexOf(".");
  return dot < 0 ? undefined : configValue(config[key.slice(0, dot)], key.slice(dot + 1));
}
