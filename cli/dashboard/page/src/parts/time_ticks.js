// How moments are written below a chart: clocks of 24 hours, the day in a second line where it changes. uPlot's rows:
// distance of ticks in milliseconds, text; what is added in a new year, month, day, hour, minute, second; 1: below it.
const DAY = "\n{YYYY}-{MM}-{DD}";
const MINUTE = `${DAY} {HH}:{mm}`;

export const TIME_TICKS = [
  [365 * 86_400_000, "{YYYY}", null, null, null, null, null, null, 1],
  [28 * 86_400_000, "{MMM}", "\n{YYYY}", null, null, null, null, null, 1],
  [86_400_000, "{MM}-{DD}", "\n{YYYY}", null, null, null, null, null, 1],
  [60_000, "{HH}:{mm}", DAY, null, DAY, null, null, null, 1],
  [1000, "{HH}:{mm}:{ss}", DAY, null, DAY, null, null, null, 1],
  [1, ":{ss}.{fff}", MINUTE, null, MINUTE, null, "\n{HH}:{mm}", null, 1],
];
export const TIME_TICKS_PX = 38; // two lines
