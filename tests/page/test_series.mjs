// Curves that grow: what is joined, cut and asked for again.
import assert from "node:assert/strict";
import { test } from "node:test";
import { cutBehind, extended, fromAnswer, hasHole, seriesKey, settledPlace } from "../../cli/dashboard/page/src/data/series.js";

// A curve of values at these steps, a bucket each; null: a NaN.
function answer(steps, values, more = {}) {
  const finite = (v) => v !== null;
  return {
    run_id: "7", rank: null, calls: steps.length, last_step: steps.at(-1), first_step: steps, last_steps: steps,
    first_time: steps.map((s) => s * 10), last_time: steps.map((s) => s * 10 + 1), min: values, max: values, mean: values, last: values,
    n: steps.map(() => 1), odd: values.map((v) => (finite(v) ? 0 : 1)), ...more,
  };
}

test("a rank of a run is a curve of its own", () => {
  assert.equal(seriesKey({ run_id: "7", rank: null }), "7");
  assert.equal(seriesKey({ run_id: "7", rank: 0 }), "7/0");
});

test("news are appended", () => {
  const grown = extended(fromAnswer(answer([0, 1], [5, 6])), answer([2, 3], [7, 8], { calls: 4, last_step: 3 }), 10);
  assert.deepEqual(grown.mean, [5, 6, 7, 8]);
  assert.deepEqual(grown.last_steps, [0, 1, 2, 3]);
  assert.equal(grown.calls, 4);
});

test("a curve never has more than twice the buckets that were asked for, and loses no spike", () => {
  const grown = extended(fromAnswer(answer([0, 1, 2], [1, 99, 3])), answer([3, 4], [-50, null]), 2);
  assert.deepEqual(grown.n, [2, 2, 1]);
  assert.deepEqual(grown.first_step, [0, 2, 4]);
  assert.deepEqual(grown.last_steps, [1, 3, 4]);
  assert.deepEqual(grown.max, [99, 3, null]);
  assert.deepEqual(grown.min, [1, -50, null]);
  assert.deepEqual(grown.mean, [50, -23.5, null]);
  assert.deepEqual(grown.last, [99, -50, null]);
  assert.deepEqual(grown.odd, [0, 0, 1]);
});

test("means weigh as many values as they are of, NaN not counted", () => {
  const two = answer([0, 1], [4, 10], { n: [3, 2], odd: [0, 1], calls: 5 });
  assert.equal(extended(fromAnswer(two), answer([2], [0]), 1).mean[0], (4 * 3 + 10 * 1) / 4);
});

test("what lies behind a place is cut off", () => {
  const cut = cutBehind(fromAnswer(answer([0, 1, 2], [5, 6, 7])), 0);
  assert.deepEqual([cut.mean, cut.n, cut.run_id], [[5], [1], "7"]);
});

test("a hole is what a curve once had room for, and no longer explains", () => {
  const series = fromAnswer(answer([0, 1], [5, 6], { calls: 3 })); // one call that a restarted rank logged again
  assert.equal(series.spare, 1);
  assert.equal(hasHole(series), false);
  assert.equal(hasHole(extended(series, answer([2], [7], { calls: 4 }), 10)), false);
  assert.equal(hasHole(extended(series, answer([9], [7], { calls: 6 }), 10)), true);
});

test("ranks that are not at the same step leave more unsettled", () => {
  const series = fromAnswer(answer([0, 1, 2, 3], [1, 2, 3, 4]));
  assert.equal(settledPlace(series, 1), 3);
  assert.equal(settledPlace(series, 8), 1);
});
