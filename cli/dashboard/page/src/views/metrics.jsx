// The metrics of the chosen runs, a panel each. In the address: x, smooth, logx, logy, zoom (from:to in the unit of
// x), mean (a group is one curve), columns of panels as cols, metrics (part of a name), closed (prefixes that are folded), full (the panel that fills the view).
import { useCallback, useMemo } from "preact/hooks";
import { useKey } from "../core/keys.js";
import { setUrl, useUrl, useUrlList } from "../core/url.js";
import { useAlertsByRun } from "../data/alert_marks.js";
import { axisOf } from "../data/axes.js";
import { useChoice } from "../data/choice.js";
import { useGapsByRun } from "../data/gaps.js";
import { useMetricNames } from "../data/metric_names.js";
import { Answer, Empty } from "../parts/states.jsx";
import { MetricsBar } from "./metrics_bar.jsx";
import { MetricsPanel } from "./metrics_panel.jsx";
import { MetricsSnapshot } from "./metrics_snapshot.jsx";

const WITHOUT = "";

// [prefix, names] in the order of the alphabet, what has no prefix first.
function sectionsOf(names) {
  const sections = new Map([[WITHOUT, []]]);
  for (const name of names) {
    const slash = name.indexOf("/");
    const prefix = slash < 0 ? WITHOUT : name.slice(0, slash);
    if (!sections.has(prefix)) sections.set(prefix, []);
    sections.get(prefix).push(name);
  }
  return [...sections].filter(([, members]) => members.length > 0);
}

function parseZoom(text) {
  const parts = text.split(":").map(Number);
  return text !== "" && parts.length === 2 && parts.every(Number.isFinite) && parts[0] < parts[1] ? parts : null;
}

// How everything is drawn, as the address says it.
export function useDrawing() {
  const [x] = useUrl("x", "step");
  const [smooth] = useUrl("smooth", "0");
  const [logx] = useUrl("logx");
  const [logy] = useUrl("logy");
  const [zoom] = useUrl("zoom");
  const [mean] = useUrl("mean");
  return useMemo(() => ({
    mean: mean === "1",
    axis: axisOf(x),
    smooth: Math.min(0.99, Math.max(0, Number(smooth) || 0)),
    logx: logx === "1",
    logy: logy === "1",
    zoom: parseZoom(zoom),
  }), [x, smooth, logx, logy, zoom, mean]);
}

const setZoom = (range) => setUrl({ zoom: range === null ? null : range.map((v) => Number(v.toPrecision(10))).join(":") });

function Section({ prefix, names, closed, onToggle, children }) {
  const title = prefix === WITHOUT ? "Metrics" : prefix;
  return (
    <section class="section" aria-label={title}>
      <button class="section-head" aria-expanded={!closed} onClick={onToggle}>
        <span class="section-mark">{closed ? "▸" : "▾"}</span>{title}<span class="muted">{names.length}</span>
      </button>
      {!closed && children}
    </section>
  );
}

function Panels({ names, ...rest }) {
  const [cols] = useUrl("cols", "auto");
  const [closed, setClosed] = useUrlList("closed");
  const toggle = (prefix) => setClosed(closed.includes(prefix) ? closed.filter((one) => one !== prefix) : [...closed, prefix]);
  const style = cols === "auto" ? undefined : { gridTemplateColumns: `repeat(${cols}, minmax(0, 1fr))` };
  return sectionsOf(names).map(([prefix, members]) => (
    <Section key={prefix} prefix={prefix} names={members} closed={closed.includes(prefix)} onToggle={() => toggle(prefix)}>
      <div class="panels" style={style}>
        {members.map((name) => <MetricsPanel key={name} metric={name} {...rest} />)}
      </div>
    </Section>
  ));
}

function Full({ metric, ...rest }) {
  const close = useCallback(() => setUrl({ full: null }), []);
  useKey("Escape", "Close", close);
  return <div class="panel-full"><MetricsPanel key={metric} metric={metric} full {...rest} /></div>;
}

function Found({ names, project, choice }) {
  const drawing = useDrawing();
  const alerts = useAlertsByRun(project);
  const gaps = useGapsByRun(project);
  const [part] = useUrl("metrics");
  const [full] = useUrl("full");
  const shown = useMemo(() => names.filter((name) => name.toLowerCase().includes(part.toLowerCase())), [names, part]);
  const rest = { project, choice, drawing, alerts, gaps, onZoom: setZoom };
  if (names.length === 0) return <Empty title="No metric yet"><p>Panels appear with the first value that a run logs.</p></Empty>;
  return (
    <>
      <MetricsBar names={names} drawing={drawing} onZoom={setZoom} />
      {full !== "" ? <Full metric={full} {...rest} /> : shown.length === 0
        ? <Empty title="No metric has that in its name"><button class="button" onClick={() => setUrl({ metrics: null })}>Show all metrics</button></Empty>
        : <div class="sections"><Panels names={shown} {...rest} /></div>}
    </>
  );
}

export function MetricsView({ project }) {
  const names = useMetricNames(project);
  const choice = useChoice();
  return (
    <div class="fill">
      <Answer of={names}>{({ metrics }) => <Found names={metrics} project={project} choice={choice} />}</Answer>
      <MetricsSnapshot project={project} />
    </div>
  );
}
