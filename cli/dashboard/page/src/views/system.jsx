// GPUs and hosts of the chosen runs: a panel for each measurement, a curve for each machine and each of its GPUs.
// In the address: host (only this one), span (from:to, milliseconds since 1970), folded (prefixes).
import { useMemo } from "preact/hooks";
import { useKey } from "../core/keys.js";
import { setUrl, useUrl, useUrlList } from "../core/url.js";
import { plural } from "../core/format.js";
import { useChoice } from "../data/choice.js";
import { panelsOf, useMachines } from "../data/machines.js";
import { Answer, Empty, Loading } from "../parts/states.jsx";
import { SystemPanel } from "./system_panel.jsx";

const RUNS = 6; // at once: every machine of every run is a curve

// Whoever chose nothing wants to know how the newest run is doing.
function useLookedAt({ rows, chosen, checked }) {
  return useMemo(() => {
    const wanted = checked.size > 0 ? chosen : [rows.find((row) => row.state === "running") ?? rows[0]];
    return wanted.filter((row) => row !== undefined).slice(0, RUNS);
  }, [rows, chosen, checked]);
}

function parseSpan(text) {
  const parts = text.split(":").map(Number);
  return text !== "" && parts.length === 2 && parts.every(Number.isFinite) && parts[0] < parts[1] ? parts : null;
}

const setSpan = (range) => setUrl({ span: range === null ? null : range.map(Math.round).join(":") });
const reset = () => setSpan(null);

function Bar({ looked, chosen, hosts, span }) {
  const [host, setHost] = useUrl("host");
  useKey("r", "All of the time again", reset);
  const names = [...new Set(hosts.values())].sort((a, b) => a.localeCompare(b, "en", { numeric: true }));
  return (
    <div class="bar">
      <span>{looked.map((row) => row.name).join(", ")}</span>
      {chosen > looked.length && <span class="muted">the first {RUNS} of {plural(chosen, "run")}</span>}
      <select aria-label="Host" value={host} onChange={(event) => setHost(event.target.value)}>
        <option value="">{names.length === 1 ? names[0] : `All ${plural(names.length, "host")}`}</option>
        {names.length > 1 && names.map((name) => <option key={name} value={name}>{name}</option>)}
      </select>
      {span && <button class="button strong" title="All of the time again (r, or double click)" onClick={reset}>Reset zoom</button>}
    </div>
  );
}

const Nothing = () => (
  <Empty title="No system metrics">
    <p>A run logs its GPUs and its host if it is asked to:</p>
    <pre>tocsin.init(project="my-project", auto_log_gpu=True, auto_log_cpu=True)</pre>
    <p>Choose other runs in the list, or see <code>docs/emitter.md</code> for what is measured.</p>
  </Empty>
);

function Sections({ names, ...rest }) {
  const [folded, setFolded] = useUrlList("folded");
  const panels = useMemo(() => [...panelsOf(names)], [names]);
  const sections = Map.groupBy(panels, ([panel]) => panel.split("/")[0]);
  return [...sections].map(([prefix, members]) => {
    const closed = folded.includes(prefix);
    return (
      <section class="section" key={prefix} aria-label={prefix}>
        <button class="section-head" aria-expanded={!closed}
          onClick={() => setFolded(closed ? folded.filter((one) => one !== prefix) : [...folded, prefix])}>
          <span class="section-mark">{closed ? "▸" : "▾"}</span>{prefix}<span class="muted">{members.length}</span>
        </button>
        {!closed && (
          <div class="panels">
            {members.map(([panel, parts]) => <SystemPanel key={panel} panel={panel} parts={parts} {...rest} />)}
          </div>
        )}
      </section>
    );
  });
}

function Machines({ project, choice, looked }) {
  const ids = useMemo(() => looked.map((row) => row.id), [looked.map((row) => row.id).join()]);
  const [host] = useUrl("host");
  const [text] = useUrl("span");
  const span = useMemo(() => parseSpan(text), [text]);
  const machines = useMachines(project, ids);
  return (
    <Answer of={machines}>{({ names, hosts }) => (names.length === 0 ? <Nothing /> : (
      <>
        <Bar looked={looked} chosen={choice.checked.size > 0 ? choice.chosen.length : 0} hosts={hosts} span={span} />
        <div class="sections">
          <Sections names={names} project={project} ids={ids} hosts={hosts} host={host} choice={choice} span={span} onSpan={setSpan} />
        </div>
      </>
    ))}</Answer>
  );
}

export function SystemView({ project }) {
  const choice = useChoice();
  const looked = useLookedAt(choice);
  if (choice.loading) return <Loading />;
  return <div class="fill">{looked.length === 0 ? <Nothing /> : <Machines project={project} choice={choice} looked={looked} />}</div>;
}
