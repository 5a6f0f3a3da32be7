// Where on an axis something was lost.

// [from, to] on an axis for each gap of a series.
export function lostOn(axis, series, gaps) {
  if (axis.metric || gaps === undefined) return undefined;
  const ends = gaps.map((gap) => ({
    first_time: series.first_time, // the start counts where x is relative to it
    last_steps: [gap.first_step, gap.last_step], last_time: [Date.parse(gap.first_time), Date.parse(gap.last_time)],
  }));
  return ends.map((gap) => axis.of(gap));
}
