// Which runs are looked at. In the address: q, a part of the name; filter, conditions as in
// `tocsin list runs --filter`, which the server decides; runs, ids that were checked one by one (none: all);
// group, what stands together in one colour.
import { useEffect, useMemo, useState } from "preact/hooks";
import { useStore } from "../core/store.js";
import { get } from "../core/api.js";
import { setUrl, useUrl, useUrlList } from "../core/url.js";
import { useSameList, useSameMap } from "../core/stable.js";
import { theme } from "../core/theme.js";
import { colourOf } from "../core/colours.js";
import { formatValue } from "../core/format.js";
import { configValue, onRunsChanged, useRuns } from "./runs.js";

const REFRESH_MS = 2000;

// Ids of the runs that meet the conditions; null: there are none. Asked again when runs change.
function useMatching(project, conditions) {
  const [state, setState] = useState({ ids: null });
  const [turn, setTurn] = useState(0);
  const key = conditions.join("\n");
  useEffect(() => {
    if (key === "" || project === null) {
      setState({ ids: null });
      return undefined;
    }
    const abort = new AbortController();
    get("list/runs", { project, filter: conditions, fields: "id", limit: 0 }, abort.signal).then(
      ({ details }) => setState({ ids: new Set(details.map((row) => row.id)) }),
      (problem) => abort.signal.aborted || setState((old) => ({ ...old, problem })),
    );
    return () => abort.abort();
  }, [project, key, turn]);
  useEffect(() => {
    if (key === "") return undefined;
    let timer = null;
    const later = () => {
      timer ??= setTimeout(() => {
        timer = null;
        setTurn((n) => n + 1);
      }, REFRESH_MS);
    };
    const end = onRunsChanged(later);
    return () => {
      end();
      clearTimeout(timer);
    };
  }, [key]);
  return state;
}

// What a group is called: group, state, or config.KEY.
export function groupOf(row, group) {
  if (group.startsWith("config.")) return formatValue(configValue(row.config, group.slice(7))) || "(none)";
  return String(row[group] ?? "(none)");
}

function colourRows(rows, group, shade) {
  const places = new Map();
  return new Map(rows.map((row) => {
    if (group === "") return [row.id, colourOf(row.place, shade)];
    const name = groupOf(row, group);
    if (!places.has(name)) places.set(name, places.size);
    return [row.id, colourOf(places.get(name), shade)];
  }));
}

function toggle(checked, ids) {
  const all = ids.every((id) => checked.has(id));
  const next = new Set(checked);
  ids.forEach((id) => (all ? next.delete(id) : next.add(id)));
  setUrl({ runs: next.size === 0 ? null : [...next].join(",") });
}

// {rows: those that match, newest first; chosen: those of them that are drawn; ids: theirs, the same list while they
// are the same; checked: Set of ids; colours: Map of id to colour, as lasting; group; loading; problem; filterProblem; check(ids), only(ids)}
export function useChoice() {
  const { project, rows, loading, problem } = useRuns();
  const [q] = useUrl("q");
  const [conditions] = useUrlList("filter");
  const [checkedText] = useUrl("runs");
  const [group] = useUrl("group");
  const shade = useStore(theme);
  const matching = useMatching(project, conditions);
  const matched = useMemo(() => {
    const part = q.toLowerCase();
    return rows
      .filter((row) => (matching.ids === null || matching.ids.has(row.id)) && row.name.toLowerCase().includes(part))
      .reverse();
  }, [rows, matching.ids, q]);
  const checked = useMemo(() => new Set(checkedText === "" ? [] : checkedText.split(",")), [checkedText]);
  const chosen = useMemo(
    () => (checked.size === 0 ? matched : matched.filter((row) => checked.has(row.id))),
    [matched, checked],
  );
  const colours = useSameMap(useMemo(() => colourRows(rows, group, shade), [rows, group, shade]));
  const ids = useSameList(useMemo(() => chosen.map((row) => row.id), [chosen]));
  return {
    rows: matched, chosen, ids, checked, colours, group, loading, problem, all: rows.length,
    filterProblem: matching.problem,
    check: (ids) => toggle(checked, ids),
    only: (ids) => setUrl({ runs: ids === null ? null : ids.join(",") }),
  };
}
