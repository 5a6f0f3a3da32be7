// The state of the page is its address: what is seen can be shared as a link. Every part that a
// colleague should see again is a parameter here; nothing else keeps such state.
//   project, view            what is open
//   q, filter, group, sort   which runs, and how they stand (data/choice.js)
//   others                   belong to one view, which names them at its top
import { useCallback } from "preact/hooks";
import { createStore, useStore } from "./store.js";

const read = () => new URLSearchParams(location.search);

export const address = createStore(read());

addEventListener("popstate", () => address.set(read()));

function write(params, push) {
  const text = params.toString().replaceAll("%2F", "/").replaceAll("%2C", ",").replaceAll("%3A", ":");
  const where = text === "" ? location.pathname : `?${text}`;
  history[push ? "pushState" : "replaceState"](null, "", where);
  address.set(params);
}

function put(params, name, value) {
  params.delete(name);
  if (Array.isArray(value)) value.forEach((one) => params.append(name, one));
  else if (value !== null && value !== undefined && value !== "") params.set(name, value);
}

// changes: {name: text, list of texts, or null to forget it}. push: Back returns to what was before.
export function setUrl(changes, { push = false } = {}) {
  const params = read();
  for (const [name, value] of Object.entries(changes)) put(params, name, value);
  write(params, push);
}

export const getUrl = (name) => address.get().get(name);

// [value, set] of one parameter. set(undefined): forget it, so that the fallback counts again.
export function useUrl(name, fallback = "") {
  const value = useStore(address).get(name) ?? fallback;
  const set = useCallback((next) => setUrl({ [name]: next === fallback ? null : next }), [name, fallback]);
  return [value, set];
}

// The same for a parameter that may be repeated.
export function useUrlList(name) {
  const params = useStore(address);
  const set = useCallback((next) => setUrl({ [name]: next }), [name]);
  return [params.getAll(name), set];
}
