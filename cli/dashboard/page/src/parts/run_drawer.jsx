// About one run, at the side: state, configuration, where to go on. In the address: run.
import { setUrl, useUrl } from "../core/url.js";
import { useApi } from "../core/use_api.js";
import { useKey } from "../core/keys.js";
import { formatAgo, formatNumber, formatTime, formatValue } from "../core/format.js";
import { configKeys, configValue, useRuns } from "../data/runs.js";
import { views } from "../views.js";
import { State } from "./badge.jsx";
import { Icon } from "./icons.jsx";
import { Answer } from "./states.jsx";

const close = () => setUrl({ run: null });

const FACTS = [
  ["Last step", (run) => formatNumber(run.last_step)],
  ["Calls", (run) => formatNumber(run.num_logs)],
  ["Ranks", (run) => (run.ranks === run.world_size ? run.ranks : `${run.ranks ?? 0} of ${run.world_size ?? "?"}`)],
  ["Starts", (run) => run.attempts],
  ["Alerts", (run) => formatNumber(run.alerts)],
  ["Group", (run) => run.group],
  ["User", (run) => run.username],
  ["Created", (run) => formatTime(run.created_at)],
  ["Last seen", (run) => formatAgo(run.last_seen)],
  ["Id", (run) => run.run_id],
];

const Facts = ({ run }) => (
  <dl class="facts">
    {FACTS.map(([title, of]) => [title, of(run)])
      .filter(([, value]) => value !== null && value !== undefined && value !== "")
      .map(([title, value]) => [<dt key={title}>{title}</dt>, <dd>{value}</dd>])}
  </dl>
);

function Config({ config }) {
  const keys = configKeys([{ config }]);
  if (keys.length === 0) return <p class="muted">No configuration was logged.</p>;
  return (
    <dl class="facts config">
      {keys.map((key) => [<dt key={key} title={key}>{key}</dt>, <dd>{formatValue(configValue(config, key))}</dd>])}
    </dl>
  );
}

// Views of this one run only.
const Links = ({ id }) => (
  <p class="drawer-links">
    {views.filter((view) => view.picker || view.run).map((view) => (
      <button key={view.id} class="button" onClick={() => setUrl({ view: view.id, [view.run ?? "runs"]: id, run: null }, { push: true })}>{view.title}</button>
    ))}
  </p>
);

function Open({ project, id }) {
  useKey("Escape", "Close", close);
  const row = useRuns().byId.get(id);
  const answer = useApi("get/run", { project, run: id });
  return (
    <aside class="drawer" aria-label="About the run">
      <h2 class="drawer-head">
        <span>{row?.name ?? answer.data?.run ?? "Run"}</span>
        <button class="icon-button" aria-label="Close" title="Close (Esc)" onClick={close}><Icon name="close" /></button>
      </h2>
      <Answer of={answer}>{(run) => (
        <div class="drawer-body">
          <p><State state={row?.state ?? run.state} /></p>
          <Links id={id} />
          <Facts run={{ ...run, ...row }} />
          <h3>Configuration</h3>
          <Config config={run.config} />
        </div>
      )}</Answer>
    </aside>
  );
}

export function RunDrawer({ project }) {
  const [id] = useUrl("run");
  return id === "" ? null : <Open key={id} project={project} id={id} />;
}
