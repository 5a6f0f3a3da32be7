// Places of values on an axis: of numbers, evenly or by magnitude, or of anything else side by side.
import { formatValue } from "../core/format.js";

const LOG_FROM = 20; // greatest to least: from there on the magnitude says more
const MARGIN = 0.04;

const isNumber = (value) => typeof value === "number" && Number.isFinite(value);
const present = (values) => values.filter((value) => value !== undefined && value !== null);

function ofNumbers(values) {
  const [low, high] = [Math.min(...values), Math.max(...values)];
  const log = low > 0 && high / low >= LOG_FROM;
  const of = log ? Math.log10 : (v) => v;
  const span = of(high) - of(low);
  const at = (value) => (isNumber(value) ? (span === 0 ? 0.5 : MARGIN + ((1 - 2 * MARGIN) * (of(value) - of(low))) / span) : null);
  const few = [...new Set(values)].sort((a, b) => a - b);
  const ticks = few.length <= 6 ? few : [0, 0.25, 0.5, 0.75, 1].map((part) => (log ? 10 ** (of(low) + span * part) : low + span * part));
  return { log, at, ticks: ticks.map((value) => ({ at: at(value), label: formatValue(Number(value.toPrecision(3))) })) };
}

function ofNames(values) {
  const names = [...new Set(values.map(formatValue))].sort((a, b) => a.localeCompare(b, "en", { numeric: true }));
  const place = new Map(names.map((name, i) => [name, names.length === 1 ? 0.5 : MARGIN + ((1 - 2 * MARGIN) * i) / (names.length - 1)]));
  return {
    log: false,
    at: (value) => (value === undefined || value === null ? null : place.get(formatValue(value)) ?? null),
    ticks: names.map((label) => ({ at: place.get(label), label })),
  };
}

// at(value): from 0 to 1, null where there is none; ticks: [{at, label}].
export function scaleOf(values) {
  const given = present(values);
  if (given.length === 0) return { log: false, at: () => null, ticks: [] };
  return given.every(isNumber) ? ofNumbers(given) : ofNames(given);
}
