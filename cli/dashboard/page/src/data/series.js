// One curve as the server cuts it into buckets (GET /api/curves), and what is done with it here.
// Everything is by bucket, in the order of steps.

const COLUMNS = ["first_step", "last_steps", "first_time", "last_time", "min", "max", "mean", "last", "n", "odd"];

export const seriesKey = ({ run_id, rank }) => (rank === null || rank === undefined ? run_id : `${run_id}/${rank}`);

const sum = (numbers) => numbers.reduce((total, n) => total + n, 0);

// spare: calls that will never come, such as those that a restarted rank logged again.
export function fromAnswer(answer) {
  return { ...answer, id: seriesKey(answer), spare: Math.max(0, answer.calls - sum(answer.n)) };
}

export const bucketsOf = (series) => series.n.length;

// What lies behind a place, cut off: it is asked for again.
export function cutBehind(series, place) {
  return Object.fromEntries(Object.entries(series).map(([name, value]) => [name, COLUMNS.includes(name) ? value.slice(0, place + 1) : value]));
}

// Two buckets in one.
function join(series, i, column) {
  const [a, b] = [series[column][i], series[column][i + 1]];
  if (b === undefined) return a;
  switch (column) {
    case "first_step": case "first_time": return a;
    case "last_steps": case "last_time": case "last": return b;
    case "n": case "odd": return a + b;
    case "min": return a === null ? b : b === null ? a : Math.min(a, b);
    case "max": return a === null ? b : b === null ? a : Math.max(a, b);
    default: {
      const [p, q] = [series.n[i] - series.odd[i], series.n[i + 1] - series.odd[i + 1]];
      return a === null ? b : b === null ? a : (a * p + b * q) / (p + q);
    }
  }
}

function coarsen(series) {
  const next = { ...series };
  for (const column of COLUMNS) {
    next[column] = [];
    for (let i = 0; i < bucketsOf(series); i += 2) next[column].push(join(series, i, column));
  }
  return next;
}

// With what came since. It never grows beyond twice the buckets that were asked for.
export function extended(series, news, points) {
  const next = { ...series, calls: news.calls, last_step: news.last_step };
  for (const column of COLUMNS) next[column] = series[column].concat(news[column]);
  return bucketsOf(next) > 2 * points ? coarsen(next) : next;
}

// Whether something is missing in the middle: a rank was restarted, or steps came out of order.
export const hasHole = (series) => series.calls - series.spare > sum(series.n);

// The place behind which values may still change: ranks of a run are not at the same step.
export function settledPlace(series, ranks) {
  const tail = ranks > 1 ? 3 : 1;
  return bucketsOf(series) - tail;
}
