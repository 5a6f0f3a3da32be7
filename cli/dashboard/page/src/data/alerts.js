// The alerts of the open project: the newest are read once, what follows is told (GET /api/events). That a colleague
// acknowledged one is not told: it is read again when somebody comes back to the page.
import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import { createStore } from "../core/store.js";
import { onEvent } from "../core/events.js";
import { getUrl } from "../core/url.js";
import { useApi } from "../core/use_api.js";

export const LEVELS = ["info", "warn", "error"];
const WAITING_MS = 4000; // deliveries under way are asked for so often
const NOTICES = 50; // that wait to be seen at most

const reaches = (level, least) => LEVELS.indexOf(level) >= LEVELS.indexOf(least);

// Alerts that came while the page was open and that nobody has closed yet, newest first.
export const notices = createStore([]);
// How many came since somebody last looked at the view of alerts.
export const unseen = createStore(0);

onEvent("alerts", ({ alerts }) => {
  notices.set([...alerts.toReversed(), ...notices.get()].slice(0, NOTICES));
  if (getUrl("view") !== "alerts") unseen.set(unseen.get() + alerts.length);
});

export const closeNotice = (id) => notices.set(notices.get().filter((alert) => alert.id !== id));

export function forgetNotices() {
  notices.set([]);
  unseen.set(0);
}

const newestFirst = (a, b) => b.timestamp.localeCompare(a.timestamp) || Number(b.id) - Number(a.id);

// What was read counts more than what was told: it knows who acknowledged.
function joined(read, told) {
  const known = new Map(told.map((alert) => [alert.id, alert]));
  for (const alert of read) known.set(alert.id, alert);
  return [...known.values()].sort(newestFirst);
}

function useTold(project, reload) {
  const [told, setTold] = useState([]);
  useEffect(() => {
    setTold([]);
    const ends = [
      onEvent("alerts", ({ alerts }) => setTold((old) => [...old, ...alerts])),
      onEvent("hello", reload), // what came after it was read and before that is told by nobody
      onEvent("resync", reload),
    ];
    const look = () => document.visibilityState === "visible" && reload();
    document.addEventListener("visibilitychange", look);
    return () => {
      ends.forEach((end) => end());
      document.removeEventListener("visibilitychange", look);
    };
  }, [project]);
  return told;
}

// As useApi; data: {rows: newest first, more: there are older ones}.
export function useAlerts(project, least, limit) {
  const answer = useApi("list/alerts", { project, "min-level": least, limit });
  const told = useTold(project, answer.reload);
  const data = useMemo(() => answer.data && {
    rows: joined(answer.data.alerts, told.filter((alert) => reaches(alert.level, least))),
    more: answer.data.has_more,
  }, [answer.data, told, least]);
  return { ...answer, data };
}

// What became of each alert at its endpoints: Map of id to rows of list/deliveries. news: asks again when it changes.
export function useDeliveries(project, news) {
  const answer = useApi("list/deliveries", { project, limit: 1000 });
  const byAlert = useMemo(() => Map.groupBy(answer.data?.deliveries ?? [], (row) => row.alert_id), [answer.data]);
  const waiting = answer.data?.deliveries.some((row) => row.state === "waiting") ?? false;
  const known = useRef();
  useEffect(() => {
    if (known.current !== undefined && known.current !== news) answer.reload();
    known.current = news;
  }, [news]);
  useEffect(() => {
    if (!waiting) return undefined;
    const timer = setTimeout(answer.reload, WAITING_MS);
    return () => clearTimeout(timer);
  }, [waiting, answer.data]);
  return byAlert;
}
