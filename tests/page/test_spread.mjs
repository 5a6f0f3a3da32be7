// Ranks beside each other: who stands out, who is slow.
import assert from "node:assert/strict";
import { test } from "node:test";
import { onGrid, paceOf, quantile, spreadOf, stepTimes } from "../../cli/dashboard/page/src/data/spread.js";

// rank r: a value and a pace (milliseconds a step) for each of ten steps.
const rank = (r, value, pace) => ({
  id: `1/${r}`, rank: r, n: Array(10).fill(1), first_step: [...Array(10).keys()], last_steps: [...Array(10).keys()],
  first_time: [...Array(10).keys()].map((i) => i * pace), last_time: [...Array(10).keys()].map((i) => i * pace), mean: Array(10).fill(value),
});

test("quantiles lie between their neighbours", () => {
  assert.equal(quantile([], 0.5), null);
  assert.equal(quantile([3], 0.9), 3);
  assert.equal(quantile([1, 2, 3, 4], 0.5), 2.5);
});

test("a rank far from the others stands out, and only that one", () => {
  const spread = spreadOf([rank(0, 1, 100), rank(1, 1.1, 100), rank(2, 0.9, 100), rank(3, 1.05, 100), rank(4, 9, 100)]);
  assert.deepEqual(spread.outliers.map(({ series }) => series.rank), [4]);
  assert.deepEqual([spread.low[0], spread.median[0], spread.high[0]], [0.9, 1.05, 9]);
});

test("of two ranks nobody can say which is the odd one", () => {
  assert.deepEqual(spreadOf([rank(0, 1, 100), rank(1, 9, 100)]).outliers, []);
});

test("equal ranks have a spread without width", () => {
  const spread = spreadOf([rank(0, 2, 100), rank(1, 2, 100), rank(2, 2, 100)]);
  assert.deepEqual([spread.outliers, spread.low, spread.high], [[], Array(10).fill(2), Array(10).fill(2)]);
});

test("a step takes as long as it is from the one before", () => {
  assert.deepEqual(stepTimes(rank(0, 1, 250)), [null, ...Array(9).fill(0.25)]);
  const pace = paceOf([rank(0, 1, 100), rank(1, 1, 100), rank(2, 1, 300)]);
  assert.deepEqual([pace.median[5], pace.rows[2][5]], [0.1, 0.3]);
});

test("before its beginning and behind its end a rank has no value", () => {
  const late = { n: [1, 1], first_step: [4, 5], last_steps: [4, 5] };
  assert.deepEqual(onGrid(late, [7, 8], [3, 4, 5, 6]), [null, 7, 8, null]);
});
