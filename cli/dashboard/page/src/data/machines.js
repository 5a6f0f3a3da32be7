// What the machines of some runs measure: the names of it, and which rank ran on which host.
import { useEffect, useState } from "preact/hooks";
import { get } from "../core/api.js";
import { onRunsChanged } from "./runs.js";

const LOOK_MS = 5000;

const natural = (a, b) => a.localeCompare(b, "en", { numeric: true });

// What the emitter's names measure (docs/emitter.md): the end of the name, and its unit.
const UNITS = [
  [/(^|[/_])(utilization|percent|speed)$/, "%"], [/(allocated|total)_memory$|memory\/(used|total|available)$|^swap\/(used|total)$|_bytes$/, "GiB"],
  [/(power|power_limit)$/, "W"], [/energy_consumed$/, "J"], [/(^|[/_])temp(\/|$)/, "°C"], [/(clock|frequency(_max)?)$/, "MHz"],
  [/(mb_per_sec|pcie_(tx|rx))$/, "MiB/s"], [/iops$/, "1/s"],
];

export const unitOf = (name) => UNITS.find(([end]) => end.test(name))?.[1] ?? "";

// gpu/0/power and gpu/1/power belong into one panel, gpu/power: Map of panel to [{name, member}].
export function panelsOf(names) {
  const parts = names.toSorted(natural).map((name) => {
    const found = /^(\w+)\/(\d+)\/(.+)$/.exec(name);
    return found ? { name, panel: `${found[1]}/${found[3]}`, member: `${found[1]} ${found[2]}` } : { name, panel: name, member: "" };
  });
  return Map.groupBy(parts, ({ panel }) => panel);
}

async function read(project, ids, signal) {
  const answers = await Promise.all(ids.map((run) => Promise.all([
    get("list/system-metrics", { project, run }, signal), get("ranks", { project, run, limit: 0, fields: "rank,host" }, signal),
  ])));
  return {
    names: [...new Set(answers.flatMap(([{ system_metrics: names }]) => names))],
    hosts: new Map(answers.flatMap(([, { run_id: id, ranks }]) => ranks.map(({ rank, host }) => [`${id}/${rank}`, host]))),
  };
}

// {data: {names, hosts: Map of run/rank to host}, problem}; looked at again while these runs go on.
export function useMachines(project, ids) {
  const [state, setState] = useState({ loading: true });
  const key = ids.join();
  useEffect(() => {
    const abort = new AbortController();
    let timer = null;
    const look = () => read(project, ids, abort.signal).then(
      (data) => setState({ data }),
      (problem) => {
        if (abort.signal.aborted) return;
        setState((old) => ({ ...old, problem }));
        if (problem.retryable) later();
      },
    );
    const later = () => {
      timer ??= setTimeout(() => {
        timer = null;
        look();
      }, LOOK_MS);
    };
    look();
    const end = onRunsChanged((changed) => changed.some((id) => ids.includes(id)) && later());
    return () => {
      end();
      clearTimeout(timer);
      abort.abort();
    };
  }, [project, key]);
  return state;
}
