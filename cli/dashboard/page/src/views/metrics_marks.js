// Where the alerts of the chosen runs stand on the curves of a panel.
import { setUrl } from "../core/url.js";

const MARKS_MAX = 150; // newest first: more would hide the curves

// In the unit of x; null: it has no place there.
function placeOf(alert, axis, series) {
  if (axis.id === "step") return alert.step;
  if (axis.id === "time") return Date.parse(alert.timestamp);
  if (axis.id === "relative") return series ? (Date.parse(alert.timestamp) - series.first_time[0]) / 1000 : null;
  return null;
}

export function marksOf(alerts, ids, curves, axis, read) {
  const drawn = new Set(curves.map((curve) => curve.id));
  return ids.flatMap((run) => (alerts.get(run) ?? []).map((alert) => {
    const curve = read?.ofRun.get(run)?.[0];
    return {
      id: alert.id, curve, level: alert.level, x: placeOf(alert, axis, read?.series.get(curve)),
      title: `${alert.level}: ${alert.title} (${alert.run}${alert.step === null ? "" : `, step ${alert.step}`})`,
      onClick: () => setUrl({ snapshot: `${run}:${alert.id}` }),
    };
  })).filter((mark) => mark.x !== null && drawn.has(mark.curve)).slice(0, MARKS_MAX);
}
