// The views, in the order of the navigation. A view is a component in views/ and a row here; its props are
// {project}. picker: the list of runs stands beside it. narrow: it reads well in a column of text.
import { RunsView } from "./views/runs.jsx";

export const views = [
  { id: "runs", title: "Runs", key: "1", component: RunsView },
];

export const viewOf = (id) => views.find((view) => view.id === id) ?? views[0];
