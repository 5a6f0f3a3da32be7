// The views, in the order of the navigation. A view is a component in views/ and a row here; its props are
// {project}. picker: the list of runs stands beside it; run: the parameter of the address that names the one run
// that it is about; badge: what follows the title.
import { UnseenBadge } from "./parts/notices.jsx";
import { AlertsView } from "./views/alerts.jsx";
import { MetricsView } from "./views/metrics.jsx";
import { RanksView } from "./views/ranks.jsx";
import { RunsView } from "./views/runs.jsx";
import { StatusView } from "./views/status.jsx";
import { SweepsView } from "./views/sweeps.jsx";
import { SystemView } from "./views/system.jsx";

export const views = [
  { id: "runs", title: "Runs", key: "1", component: RunsView },
  { id: "metrics", title: "Metrics", key: "2", component: MetricsView, picker: true },
  { id: "ranks", title: "Ranks", key: "3", component: RanksView, run: "of" },
  { id: "alerts", title: "Alerts", key: "4", component: AlertsView, badge: UnseenBadge },
  { id: "sweeps", title: "Sweeps", key: "5", component: SweepsView, picker: true },
  { id: "system", title: "System", key: "6", component: SystemView, picker: true },
  { id: "status", title: "Status", key: "7", component: StatusView },
];

export const viewOf = (id) => views.find((view) => view.id === id) ?? views[0];
