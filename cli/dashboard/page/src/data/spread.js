// The ranks of a run beside each other: their values at common steps, how far they lie apart, which stand out.

const GRID = 160;
const OUTLIER_MADS = 6; // this many times the usual distance from the median
const OUTLIERS_MAX = 4;

export function gridOf(all) {
  const low = Math.min(...all.map((s) => s.first_step[0]));
  const high = Math.max(...all.map((s) => s.last_steps.at(-1)));
  const n = Math.min(GRID, high - low + 1);
  return Array.from({ length: n }, (_, i) => Math.round(low + ((high - low) * i) / Math.max(1, n - 1)));
}

// values[i] of the bucket that holds each step of the grid, else null.
export function onGrid(series, values, grid) {
  let i = 0;
  return grid.map((step) => {
    while (i < series.n.length && series.last_steps[i] < step) i++;
    return i < series.n.length && series.first_step[0] <= step ? values[i] : null;
  });
}

// Seconds that a step took, by bucket: from the end of the one before it.
export function stepTimes(series) {
  return series.last_steps.map((step, i) => {
    const [fromStep, fromTime] = i === 0 ? [series.first_step[0], series.first_time[0]] : [series.last_steps[i - 1], series.last_time[i - 1]];
    return step > fromStep ? (series.last_time[i] - fromTime) / 1000 / (step - fromStep) : null;
  });
}

const sorted = (values) => values.filter((v) => v !== null && v !== undefined && Number.isFinite(v)).sort((a, b) => a - b);

// Of values in order.
export function quantile(values, q) {
  if (values.length === 0) return null;
  const at = q * (values.length - 1);
  const low = Math.floor(at);
  return values[low] + ((values[low + 1] ?? values[low]) - values[low]) * (at - low);
}

function columnsOf(rows, n) {
  return Array.from({ length: n }, (_, i) => sorted(rows.map((row) => row[i])));
}

// How far a rank is from the others, in units of what is usual, over all of the grid: the mean.
function distances(rows, medians, mads) {
  return rows.map((row) => {
    const parts = row.map((v, i) => (v === null || medians[i] === null ? null : Math.abs(v - medians[i]) / mads[i])).filter(Number.isFinite);
    return parts.length === 0 ? 0 : parts.reduce((a, b) => a + b, 0) / parts.length;
  });
}

// {grid, low, p10, median, p90, high, rows: values of each series, outliers: [{series, row, mads}] the furthest first}
export function spreadOf(all) {
  const grid = gridOf(all);
  const rows = all.map((series) => onGrid(series, series.mean, grid));
  const columns = columnsOf(rows, grid.length);
  const median = columns.map((column) => quantile(column, 0.5));
  const least = quantile(sorted(median.map(Math.abs)), 0.5) * 1e-9 || 1e-12;
  const mads = columns.map((column, i) => Math.max(least, quantile(sorted(column.map((v) => Math.abs(v - median[i]))), 0.5) ?? 0));
  const away = all.length < 3 ? [] : distances(rows, median, mads);
  const outliers = away
    .map((mads_, i) => ({ series: all[i], row: rows[i], mads: mads_ }))
    .filter(({ mads: m }) => m >= OUTLIER_MADS)
    .sort((a, b) => b.mads - a.mads)
    .slice(0, OUTLIERS_MAX);
  return {
    grid, rows, median, outliers,
    low: columns.map((c) => quantile(c, 0)), p10: columns.map((c) => quantile(c, 0.1)),
    p90: columns.map((c) => quantile(c, 0.9)), high: columns.map((c) => quantile(c, 1)),
  };
}

// {grid, rows: of seconds a step, in the order of all; median}
export function paceOf(all) {
  const grid = gridOf(all);
  const rows = all.map((series) => onGrid(series, stepTimes(series), grid));
  return { grid, rows, median: columnsOf(rows, grid.length).map((c) => quantile(c, 0.5)) };
}
