// What rings while somebody looks at something else: new alerts, over every view. Errors stay until they are closed.
import { useEffect } from "preact/hooks";
import { useStore } from "../core/store.js";
import { setUrl } from "../core/url.js";
import { plural } from "../core/format.js";
import { closeNotice, forgetNotices, notices, unseen } from "../data/alerts.js";
import { Icon } from "./icons.jsx";
import { Level } from "./level.jsx";

const SHOWN = 3;
const STAYS_MS = 12_000;

const open = (alert) => {
  closeNotice(alert.id);
  setUrl({ view: "alerts", alert: alert.id }, { push: true });
};

function Notice({ alert }) {
  useEffect(() => {
    if (alert.level === "error") return undefined;
    const timer = setTimeout(() => closeNotice(alert.id), STAYS_MS);
    return () => clearTimeout(timer);
  }, [alert.id]);
  return (
    <article class={`notice notice-${alert.level}`} aria-label={alert.title}>
      <p class="notice-head">
        <Level level={alert.level} />
        <span class="muted notice-run">{alert.run}</span>
        <button class="icon-button" aria-label="Close this notice" onClick={() => closeNotice(alert.id)}><Icon name="close" /></button>
      </p>
      <button class="notice-title" onClick={() => open(alert)}>{alert.title}</button>
    </article>
  );
}

export function Notices({ project }) {
  const all = useStore(notices);
  useEffect(() => forgetNotices, [project]);
  const shown = all.slice(0, SHOWN);
  return (
    <section class="notices" aria-label="New alerts" aria-live="polite">
      {shown.map((alert) => <Notice key={alert.id} alert={alert} />)}
      {all.length > SHOWN && (
        <p class="notice notice-rest">
          <button class="text-button" onClick={() => setUrl({ view: "alerts" }, { push: true })}>{plural(all.length - SHOWN, "more alert")}</button>
          <button class="text-button" onClick={() => notices.set([])}>Close all</button>
        </p>
      )}
    </section>
  );
}

// Beside the name of the view in the navigation.
export function UnseenBadge() {
  const n = useStore(unseen);
  return n > 0 && <span class="unseen" aria-label={`${n} new`}>{n > 99 ? "99+" : n}</span>;
}
