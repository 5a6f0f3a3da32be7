// The curves of one metric of some runs, kept up to date: read once, then only what is new, and only for the runs
// that have grown. Between two questions is a pause as long as the answer took, so that a large project
// costs a bounded share of a server.
import { get } from "../core/api.js";
import { inLine } from "../core/line.js";
import { bucketsOf, cutBehind, extended, fromAnswer, hasHole, seriesKey, settledPlace } from "./series.js";

const PAUSE_MS = 150;
const RETRY_MS = 3000;
const WHOLE_AGAIN_MS = 10_000;

const now = () => performance.now();

// How many runs a question is about: as many as are answered while somebody waits, so that something is seen soon.
// Learnt from the answers, for all panels.
const FEWEST = 20;
const MOST = 200;
const [SOON_MS, LATE_MS] = [400, 1200];
let runsAtOnce = FEWEST;

function learn(tookMs, runs) {
  if (tookMs > LATE_MS && runs <= runsAtOnce) runsAtOnce = Math.max(FEWEST, Math.floor(runs / 2));
  else if (tookMs < SOON_MS && runs >= runsAtOnce) runsAtOnce = Math.min(MOST, runsAtOnce * 2);
}

export class Curves {
  // question: {project, metric, kind, by, rank, from, to, points}; changed(): something is to be drawn anew.
  constructor(question, { rowOf = () => undefined, changed = () => {} } = {}) {
    this.question = question;
    this.rowOf = rowOf; // a run's row, for what it says of ranks and calls
    this.changed = changed;
    this.series = new Map(); // by id
    this.ofRun = new Map(); // run id -> ids of its series; there even if it has none
    this.calls = new Map(); // run id -> its calls when it was read
    this.wholeAt = new Map();
    this.dirty = new Set();
    this.busy = false;
    this.abort = new AbortController();
    this.problem = null;
  }

  close() {
    this.abort.abort();
  }

  has(runId) {
    return this.ofRun.has(runId);
  }

  // These runs are wanted; those that are not here yet are read, the first of them first.
  want(ids) {
    ids.filter((id) => !this.has(id)).forEach((id) => this.dirty.add(id));
    this.work();
  }

  // These runs have grown.
  grown(ids) {
    ids.filter((id) => this.has(id)).forEach((id) => this.dirty.add(id));
    this.work();
  }

  // It was not listened to for a while.
  catchUp(ids) {
    this.grown(ids.filter((id) => this.rowOf(id)?.num_logs !== this.calls.get(id)));
  }

  async work() {
    if (this.busy) return;
    this.busy = true;
    while (this.dirty.size > 0 && !this.abort.signal.aborted) {
      const ids = [...this.dirty].slice(0, runsAtOnce);
      ids.forEach((id) => this.dirty.delete(id));
      const fresh = ids.every((id) => !this.has(id));
      const began = now();
      await this.turn(ids);
      if (this.abort.signal.aborted) break;
      this.changed();
      const pause = this.problem ? RETRY_MS : fresh ? 0 : Math.max(PAUSE_MS, now() - began);
      if (pause > 0) await new Promise((resolve) => setTimeout(resolve, pause));
    }
    this.busy = false;
  }

  async turn(ids) {
    try {
      await this.read(ids);
      this.problem = null;
    } catch (problem) {
      this.problem = problem;
      if (problem.retryable) ids.forEach((id) => this.dirty.add(id));
    }
  }

  // Where the values of a run go on being unsettled; null: all of it is needed.
  sinceOf(runId) {
    const kept = (this.ofRun.get(runId) ?? []).map((id) => this.series.get(id));
    if (kept.length === 0 || this.wholeAt.get(runId) === "hole") return null;
    const places = kept.map((one) => settledPlace(one, this.question.by === "rank" ? 1 : this.rowOf(runId)?.ranks ?? 1));
    if (places.some((place) => place < 0)) return null;
    return Math.min(...kept.map((one, i) => one.last_steps[places[i]]));
  }

  async read(ids) {
    const since = new Map(ids.map((id) => [id, this.sinceOf(id)]).filter(([, step]) => step !== null));
    ids.forEach((id) => this.calls.set(id, this.rowOf(id)?.num_logs));
    const answer = await inLine(() => this.ask(ids, since), this.abort.signal);
    ids.forEach((id) => since.has(id) || this.forget(id));
    answer.series.forEach((one) => this.take(one, since.get(one.run_id)));
  }

  async ask(ids, since) {
    const began = now();
    const params = { ...this.question, run: ids, since: [...since].map(([id, step]) => `${id}:${step}`) };
    const answer = await get("curves", params, this.abort.signal);
    if (since.size === 0) learn(now() - began, ids.length);
    return answer;
  }

  forget(runId) {
    (this.ofRun.get(runId) ?? []).forEach((id) => this.series.delete(id));
    this.ofRun.set(runId, []);
    this.wholeAt.set(runId, now());
  }

  take(answer, since) {
    const id = seriesKey(answer);
    const old = this.series.get(id);
    if (since === undefined || old === undefined) {
      this.series.set(id, fromAnswer(answer));
      if (!this.ofRun.get(answer.run_id).includes(id)) this.ofRun.get(answer.run_id).push(id);
      return;
    }
    const place = old.last_steps.findLastIndex((step) => step <= since);
    const next = extended(cutBehind(old, place), answer, this.question.points);
    this.series.set(id, next);
    // A part of the steps cannot tell whether something is missing.
    if (this.question.from === undefined && hasHole(next)) this.askWhole(answer.run_id);
  }

  // Not too often: of a run whose ranks are far apart something is always missing.
  askWhole(runId) {
    const at = this.wholeAt.get(runId);
    if (at === "hole" || now() - at < WHOLE_AGAIN_MS) return;
    this.wholeAt.set(runId, "hole");
    this.dirty.add(runId);
  }

  weight() {
    return [...this.series.values()].reduce((total, one) => total + bucketsOf(one), 0);
  }
}
