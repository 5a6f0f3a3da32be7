// Exponential moving average without the pull of its first value; 0: as it is. Gaps stay gaps.

export function smoothed(values, weight) {
  if (weight <= 0) return values;
  let average = 0;
  let mass = 0;
  return values.map((value) => {
    if (value === null || value === undefined) return value;
    average = average * weight + value * (1 - weight);
    mass = mass * weight + (1 - weight);
    return average / mass;
  });
}
