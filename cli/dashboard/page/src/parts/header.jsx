// The bar at the top: project, views, whether news arrive, theme and help.
import { useCallback, useRef } from "preact/hooks";
import { useStore } from "../core/store.js";
import { connection } from "../core/events.js";
import { useKey } from "../core/keys.js";
import { theme, toggleTheme } from "../core/theme.js";
import { setUrl, useUrl } from "../core/url.js";
import { loadSite, site } from "../data/project.js";
import { viewOf, views } from "../views.js";
import { Icon } from "./icons.jsx";

const STATES = {
  live: ["Live", "News arrive as they are stored"],
  connecting: ["Connecting", "Connecting to the dashboard's server"],
  lost: ["Reconnecting", "The connection is lost; trying again by itself. What is shown may be old"],
  off: ["", ""],
};

function Live() {
  const [title, hint] = STATES[useStore(connection)];
  return <span class={`live live-${title.toLowerCase()}`} title={hint} role="status"><i />{title}</span>;
}

// What belongs to a project does not go with another one.
const openProject = (name) => setUrl({
  project: name, runs: null, filter: null, q: null, group: null, sort: null, run: null, metrics: null, alert: null,
}, { push: true });

function ProjectChoice({ project }) {
  const select = useRef(null);
  const { projects = [] } = useStore(site);
  const focus = useCallback(() => select.current?.focus(), []);
  useKey("p", "Choose the project", focus);
  const names = projects.map((one) => one.name);
  if (project !== null && !names.includes(project)) names.unshift(project);
  return (
    <select class="project" aria-label="Project" ref={select} value={project} onFocus={loadSite} onChange={(event) => openProject(event.target.value)}>
      {names.map((name) => <option key={name} value={name}>{name}</option>)}
    </select>
  );
}

export function Header({ project, onHelp, onPick }) {
  const [id] = useUrl("view", views[0].id);
  const open = viewOf(id);
  return (
    <header class="header">
      <span class="brand"><Icon name="bell" /><span>tocsin</span></span>
      {project !== null && <ProjectChoice project={project} />}
      <nav class="nav" aria-label="Views">
        {project !== null && views.map((view) => (
          <button key={view.id} class="nav-item" aria-current={view === open ? "page" : undefined} title={`Key ${view.key}`}
            onClick={() => setUrl({ view: view.id }, { push: true })}>
            {view.title}{view.badge && <view.badge />}
          </button>
        ))}
      </nav>
      <span class="header-end">
        {open.picker && <button class="icon-button pick" title="Choose runs" onClick={onPick}><Icon name="panel" /></button>}
        <Live />
        <button class="icon-button" title="Dark or light (t)" aria-label="Dark or light" onClick={toggleTheme}>
          <Icon name={useStore(theme) === "dark" ? "sun" : "moon"} />
        </button>
        <button class="icon-button" title="Keys (?)" aria-label="Help" onClick={onHelp}>?</button>
      </span>
    </header>
  );
}
