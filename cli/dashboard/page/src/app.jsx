// The shell: what is served, which project and view are open, and the frame around them.
import { useCallback, useEffect, useState } from "preact/hooks";
import { useStore } from "./core/store.js";
import { setUrl, useUrl } from "./core/url.js";
import { useKey } from "./core/keys.js";
import { toggleTheme } from "./core/theme.js";
import { site, useProject, useProjectEvents } from "./data/project.js";
import { loadRuns } from "./data/runs.js";
import { Empty, Failure, Loading } from "./parts/states.jsx";
import { Header } from "./parts/header.jsx";
import { Help } from "./parts/help.jsx";
import { Notices } from "./parts/notices.jsx";
import { RunDrawer } from "./parts/run_drawer.jsx";
import { RunPicker } from "./parts/run_picker.jsx";
import { viewOf, views } from "./views.js";

const FIRST_RUN = `import tocsin

run = tocsin.init(project="my-project")
run.log({"loss": 0.5})
run.finish()`;

const Welcome = () => (
  <Empty title="No project yet">
    <p>A project appears here with the first value that a training run logs:</p>
    <pre>{FIRST_RUN}</pre>
    <p>This page shows it as soon as it is stored. <code>tocsin status</code> says whether the collector runs.</p>
  </Empty>
);

function ViewKey({ view }) {
  const open = useCallback(() => setUrl({ view: view.id }, { push: true }), [view.id]);
  useKey(view.key, view.title, open);
  return null;
}

function Main({ project, picking, setPicking }) {
  const [id] = useUrl("view", views[0].id);
  const view = viewOf(id);
  useEffect(() => {
    document.title = `${view.title} · ${project} · tocsin`;
  }, [view.title, project]);
  return (
    <div class={`main ${view.picker ? "with-picker" : ""} ${picking ? "picking" : ""}`}>
      {view.picker && <RunPicker onClose={() => setPicking(false)} />}
      <main class="view" key={view.id}><view.component project={project} /></main>
      <RunDrawer project={project} />
    </div>
  );
}

function Body({ project, ...rest }) {
  const { loading, problem } = useStore(site);
  if (problem) return <main class="view"><Failure problem={problem} /></main>;
  if (loading && project === null) return <main class="view"><Loading /></main>;
  return project === null ? <main class="view"><Welcome /></main> : <Main project={project} {...rest} />;
}

export function App() {
  const [help, setHelp] = useState(false);
  const [picking, setPicking] = useState(false);
  const project = useProject();
  const { problem } = useStore(site);
  const ready = problem ? null : project; // one that the address names is read beside the site
  useProjectEvents(ready);
  useEffect(() => {
    loadRuns(ready);
  }, [ready]);
  useKey("t", "Dark or light", toggleTheme);
  const openHelp = useCallback(() => setHelp(true), []);
  useKey("?", "This help", openHelp);
  return (
    <>
      {views.map((view) => <ViewKey key={view.id} view={view} />)}
      <Header project={ready} onHelp={openHelp} onPick={() => setPicking(!picking)} />
      <Body project={ready} picking={picking} setPicking={setPicking} />
      {ready !== null && <Notices project={ready} />}
      {help && <Help onClose={() => setHelp(false)} />}
    </>
  );
}
