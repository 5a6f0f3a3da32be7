// The runs of a group as one curve: the mean of their lines, and the band from the least to the greatest.

const GRID = 200;

function bounds(curves) {
  const [low, high] = [Math.min(...curves.map(({ x }) => x[0])), Math.max(...curves.map(({ x }) => x.at(-1)))];
  return Array.from({ length: GRID }, (_, i) => low + ((high - low) * i) / (GRID - 1));
}

// Between two places of a curve, at each place of the grid; null outside of it and in its gaps.
function along({ x, y }, grid) {
  let i = 0;
  return grid.map((at) => {
    while (i < x.length - 1 && x[i + 1] <= at) i++;
    if (at === x[i]) return y[i];
    if (at < x[0] || i === x.length - 1 || y[i] === null || y[i + 1] === null) return null;
    return y[i] + ((y[i + 1] - y[i]) * (at - x[i])) / (x[i + 1] - x[i]);
  });
}

function meanOf(name, members, colour) {
  const grid = bounds(members);
  const rows = members.map((curve) => along(curve, grid));
  const columns = grid.map((_, i) => rows.map((row) => row[i]).filter((v) => v !== null));
  const of = (make) => columns.map((column) => (column.length === 0 ? null : make(column)));
  return {
    id: `group ${name}`, label: `${name} (${members.length})`, colour, x: grid,
    y: of((column) => column.reduce((sum, v) => sum + v, 0) / column.length),
    low: of((column) => Math.min(...column)), high: of((column) => Math.max(...column)),
  };
}

// nameOf(curve): its group
export function meansOfGroups(curves, nameOf) {
  const groups = new Map();
  for (const curve of curves) {
    const name = nameOf(curve);
    groups.set(name, [...(groups.get(name) ?? []), curve]);
  }
  return [...groups].map(([name, members]) => meanOf(name, members, members[0].colour));
}
