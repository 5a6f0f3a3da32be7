// From series to curves: smoothing, axes, what an axis must span, what leaves as a file.
import assert from "node:assert/strict";
import { test } from "node:test";
import { csvOf } from "../../cli/dashboard/page/src/core/download.js";
import { formatBytes, formatNumber, formatSeconds } from "../../cli/dashboard/page/src/core/format.js";
import { axisOf, stepsBetween } from "../../cli/dashboard/page/src/data/axes.js";
import { meansOfGroups } from "../../cli/dashboard/page/src/data/group_lines.js";
import { lineOf } from "../../cli/dashboard/page/src/data/lines.js";
import { smoothed } from "../../cli/dashboard/page/src/data/smooth.js";
import { padded, spanned, xExtent, yExtent } from "../../cli/dashboard/page/src/parts/extent.js";
import { scaleOf } from "../../cli/dashboard/page/src/parts/scale.js";

const series = (more = {}) => ({
  id: "1", first_step: [0, 10, 20], last_steps: [9, 19, 29], first_time: [1000, 2000, 3000], last_time: [1900, 2900, 3900],
  min: [1, 2, 3], max: [3, 4, 5], mean: [2, 3, 4], odd: [0, 0, 0], ...more,
});
const how = (x, more = {}) => ({ axis: axisOf(x), smooth: 0, colour: "#000", label: "r", ...more });

test("smoothing begins at the first value, and gaps stay", () => {
  assert.deepEqual(smoothed([4, 4, null, 4], 0.9).map((v) => v && Number(v.toFixed(9))), [4, 4, null, 4]);
  assert.deepEqual(smoothed([1, 2], 0), [1, 2]);
  assert.equal(smoothed([0, 1], 0.5)[1], 2 / 3);
});

test("x is step, time, or time since the start", () => {
  assert.deepEqual(lineOf(series(), how("step")).x, [9, 19, 29]);
  assert.deepEqual(lineOf(series(), how("time")).x, [1900, 2900, 3900]);
  assert.deepEqual(lineOf(series(), how("relative")).x, [0.9, 1.9, 2.9]);
});

test("x may be another metric: its value at the same step, in order", () => {
  const other = series({ last_steps: [9, 19, 29], mean: [30, 20, 10] });
  const line = lineOf(series(), { ...how("lr"), other });
  assert.deepEqual([line.x, line.y, line.low], [[10, 20, 30], [4, 3, 2], [3, 2, 1]]);
  assert.deepEqual(lineOf(series(), how("lr")).x, []); // of a run without it
});

test("a metric called like something of JavaScript is a metric", () => {
  assert.equal(axisOf("constructor").metric, "constructor");
});

test("where a bucket is one value there is no band", () => {
  const flat = series({ min: [2, 3, 4], max: [2, 3, 4] });
  assert.equal(lineOf(flat, how("step")).high, undefined);
  assert.deepEqual(lineOf(series(), how("step")).high, [3, 4, 5]);
});

test("a zoom in time is a stretch of steps for the server", () => {
  assert.deepEqual(stepsBetween(axisOf("step"), [3.2, 7.9], []), [3, 8]);
  assert.deepEqual(stepsBetween(axisOf("time"), [2000, 3950], [series()]), [10, 29]);
  assert.equal(stepsBetween(axisOf("time"), [9000, 9999], [series()]), null);
  assert.equal(stepsBetween(axisOf("lr"), [0, 1], [series()]), null);
});

test("axes span what is in sight", () => {
  const curves = [lineOf(series(), how("step"))];
  assert.deepEqual(xExtent(curves), [9, 29]);
  assert.deepEqual(yExtent(curves, [0, 20], false), [1, 4]);
  assert.deepEqual(yExtent([{ x: [1, 2], y: [-1, 5] }], [0, 9], true), [5, 5]);
  assert.deepEqual(xExtent([]), null);
  assert.deepEqual(padded([0, 100], false), [-6, 106]);
  assert.deepEqual(spanned([5, 5], false), [4, 6]);
  assert.ok(spanned([-3, 10], true)[0] > 0);
});

test("a file cannot become a formula or break its lines", async () => {
  const text = await csvOf(["run", "n"], [["=1+1", -2], ['a,"b"', null], ["x\ny", 1]]).text();
  assert.equal(text, 'run,n\r\n\'=1+1,-2\r\n"a,""b""",\r\n"x\ny",1\r\n');
});

test("learning rates are magnitudes, names stand side by side", () => {
  assert.equal(scaleOf([1e-4, 1e-3, 1e-2]).log, true);
  assert.ok(Math.abs(scaleOf([1e-4, 1e-3, 1e-2]).at(1e-3) - 0.5) < 1e-9);
  assert.equal(scaleOf([1, 2, 3]).log, false);
  assert.deepEqual(scaleOf(["b", "a", "b"]).ticks.map(({ label }) => label), ["a", "b"]);
  assert.equal(scaleOf([undefined, null]).at(1), null);
});

test("numbers read well", () => {
  assert.deepEqual([0.1 + 0.2, 1234567, 1e-9, -0, NaN, null].map(formatNumber), ["0.3", "1,234,567", "1e-9", "0", "NaN", ""]);
  assert.deepEqual([0.0123, 4, 95, 3600, 90061].map(formatSeconds), ["12.3 ms", "4 s", "1m 35s", "1h", "1d 1h"]);
  assert.deepEqual([0, 2048, 5 * 1024 ** 3].map(formatBytes), ["0 B", "2 KiB", "5 GiB"]);
});

test("a group is the mean of its runs where they are, and a band between them", () => {
  const run = (id, x, y) => ({ id, x, y, colour: "#111" });
  const curves = [run("1", [0, 199], [0, 199]), run("2", [0, 99.5, 199], [2, null, 201]), run("3", [0, 199], [7, 7])];
  const [both, alone] = meansOfGroups(curves, ({ id }) => (id === "3" ? "b" : "a"));
  assert.deepEqual([both.label, both.x.length, both.y[0], both.low[0], both.high[0]], ["a (2)", 200, 1, 0, 2]);
  assert.deepEqual([both.low[60], both.high[60]], [60, 60]); // the second has a gap there
  assert.deepEqual([both.y[199], alone.y[100], alone.label], [200, 7, "b (1)"]);
});

test("what was lost is a stretch of every axis but a metric", () => {
  const gaps = [{ first_step: 12, last_step: 15, first_time: "1970-01-01T00:00:02.200Z", last_time: "1970-01-01T00:00:02.500Z" }];
  assert.deepEqual(lineOf(series(), how("step", { gaps })).lost, [[12, 15]]);
  assert.deepEqual(lineOf(series(), how("time", { gaps })).lost, [[2200, 2500]]);
  assert.deepEqual(lineOf(series(), how("relative", { gaps })).lost, [[1.2, 1.5]]);
  assert.equal(lineOf(series(), how("lr", { gaps, other: series() })).lost, undefined);
  assert.equal(lineOf(series(), how("step")).lost, undefined);
});
