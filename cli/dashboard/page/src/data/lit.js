// The run that the pointer is at, in a chart or in the list: lit in all charts.
import { createStore } from "../core/store.js";

export const lit = createStore(null);
