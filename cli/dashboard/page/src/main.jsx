// The page begins here.
import { render } from "preact";
import { App } from "./app.jsx";
import { loadSite } from "./data/project.js";
import "./style/base.css";
import "./style/shell.css";
import "./style/controls.css";
import "./style/table.css";
import "./style/chart.css";
import "./style/runs.css";
import "./style/alerts.css";
import "./style/status.css";
import "./style/metrics.css";
import "./style/ranks.css";
import "./style/sweeps.css";

render(<App />, document.getElementById("app"));
loadSite();
