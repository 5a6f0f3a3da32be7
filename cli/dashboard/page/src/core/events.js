// What happens in a project, as it happens (GET /api/events). A broken connection is made again and
// says where it was, so that no alert is missed; runs are told anew through "resync".
import { createStore } from "./store.js";

const SILENT_MS = 40_000; // the server says something every 15 seconds
const HIDDEN_MS = 60_000;
const RETRY_MS = [300, 1000, 2000, 5000];

// off, connecting, live, lost
export const connection = createStore("off");

const listeners = new Map();
let project = null;
let abort = null;
let lastId = null;
let failures = 0;

// name: hello, alerts, runs, or resync: a gap is over, ask for what has no id. Gives what ends it.
export function onEvent(name, listener) {
  if (!listeners.has(name)) listeners.set(name, new Set());
  listeners.get(name).add(listener);
  return () => listeners.get(name).delete(listener);
}

function tell(name, data) {
  for (const listener of [...(listeners.get(name) ?? [])]) listener(data);
}

// One block of lines is one event; comments have no data.
function readEvent(block) {
  const event = { name: "message", data: "" };
  for (const line of block.split("\n")) {
    const colon = line.indexOf(":");
    const field = line.slice(0, colon);
    const value = line.slice(colon + 1).replace(/^ /, "");
    if (field === "event") event.name = value;
    if (field === "id") lastId = value;
    if (field === "data") event.data += value;
  }
  if (event.name === "hello") connection.set("live");
  if (event.data !== "") tell(event.name, JSON.parse(event.data));
}

function readEvents(text) {
  const blocks = text.split("\n\n");
  const rest = blocks.pop();
  blocks.forEach(readEvent);
  return rest;
}

async function listen(signal, alive) {
  const headers = lastId === null ? {} : { "Last-Event-ID": lastId };
  const answer = await fetch(`/api/events?project=${encodeURIComponent(project)}`, { headers, signal });
  if (!answer.ok) throw new Error(`status ${answer.status}`);
  const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader();
  if (failures > 0 || lastId !== null) tell("resync");
  failures = 0;
  if (lastId !== null) connection.set("live"); // else with the hello: before it nothing is told
  for (let rest = ""; ; ) {
    const { done, value } = await reader.read();
    if (done) return;
    alive();
    rest = readEvents(rest + value);
  }
}

async function connect() {
  abort = new AbortController();
  const mine = abort;
  let watchdog;
  const alive = () => {
    clearTimeout(watchdog);
    watchdog = setTimeout(() => mine.abort(), SILENT_MS);
  };
  alive();
  await listen(mine.signal, alive).catch(() => {});
  clearTimeout(watchdog);
  if (mine.stopped) return;
  connection.set("lost");
  const pause = RETRY_MS[Math.min(failures++, RETRY_MS.length - 1)];
  setTimeout(() => mine.stopped || connect(), pause);
}

function stop() {
  if (abort === null) return;
  abort.stopped = true;
  abort.abort();
  abort = null;
}

// A browser has six connections to a server for all of its tabs: those that nobody has seen for a while give theirs back.
let hiding;
document.addEventListener("visibilitychange", () => {
  clearTimeout(hiding);
  if (document.hidden) hiding = setTimeout(stop, HIDDEN_MS);
  else if (project !== null && abort === null) connect();
});

// Listens to this project and no other; null: to none.
export function followProject(name) {
  stop();
  project = name;
  lastId = null;
  failures = 0;
  connection.set(name === null ? "off" : "connecting");
  if (name !== null) connect();
}
