// Numbers, times and sizes as people read them.

const trim = (text) => (text.includes(".") ? text.replace(/\.?0+($|e)/, "$1") : text);

// Five significant digits are enough to compare runs.
export function formatNumber(value) {
  if (value === null || value === undefined) return "";
  if (typeof value !== "number") return String(value);
  if (value === 0) return "0"; // and not -0
  if (!Number.isFinite(value)) return Number.isNaN(value) ? "NaN" : value > 0 ? "∞" : "−∞";
  const size = Math.abs(value);
  if (size < 1e-4 || size >= 1e7) return trim(value.toExponential(3));
  return Number.isInteger(value) ? value.toLocaleString("en-US") : trim(value.toPrecision(5));
}

const UNITS = [[86400, "d"], [3600, "h"], [60, "m"], [1, "s"]];

// 93784 -> "1d 2h"
export function formatSeconds(seconds) {
  if (seconds === null || seconds === undefined) return "";
  if (seconds < 1) return seconds === 0 ? "0 s" : `${trim((seconds * 1000).toPrecision(3))} ms`;
  if (seconds < 10) return `${trim(seconds.toFixed(2))} s`;
  const parts = [];
  let rest = Math.round(seconds);
  for (const [size, unit] of UNITS) {
    if (rest >= size || (parts.length > 0 && parts.length < 2)) parts.push(`${Math.floor(rest / size)}${unit}`);
    rest %= size;
    if (parts.length === 2) break;
  }
  return parts.filter((part, i) => i === 0 || !part.startsWith("0")).join(" ");
}

export function formatAgo(time, now = Date.now()) {
  if (time === null || time === undefined) return "";
  const seconds = Math.max(0, (now - Date.parse(time)) / 1000);
  return seconds < 5 ? "now" : `${formatSeconds(Math.floor(seconds)).split(" ")[0].replace(/\.\d+/, "")} ago`;
}

const pad = (n) => String(n).padStart(2, "0");

// Local time; the date only if it is not today's.
export function formatTime(time) {
  if (time === null || time === undefined) return "";
  const at = new Date(time);
  const clock = `${pad(at.getHours())}:${pad(at.getMinutes())}:${pad(at.getSeconds())}`;
  const day = `${at.getFullYear()}-${pad(at.getMonth() + 1)}-${pad(at.getDate())}`;
  return new Date().toDateString() === at.toDateString() ? clock : `${day} ${clock}`;
}

export function formatBytes(bytes) {
  const power = bytes < 1 ? 0 : Math.min(5, Math.floor(Math.log2(bytes) / 10));
  return `${trim((bytes / 1024 ** power).toPrecision(3))} ${["B", "KiB", "MiB", "GiB", "TiB", "PiB"][power]}`;
}

// What a configuration or a filter holds: any JSON value on one line.
export const formatValue = (value) =>
  typeof value === "number" ? formatNumber(value) : typeof value === "string" ? value : JSON.stringify(value) ?? "";

export const plural = (n, word) => `${n.toLocaleString("en-US")} ${word}${n === 1 ? "" : "s"}`;
