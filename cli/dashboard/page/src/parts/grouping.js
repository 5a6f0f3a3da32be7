// Rows with a line above each group, for tables; in the order in which groups first appear.

export function grouped(rows, group, groupOf) {
  if (group === "") return rows;
  const groups = new Map();
  for (const row of rows) {
    const name = groupOf(row, group);
    if (!groups.has(name)) groups.set(name, []);
    groups.get(name).push(row);
  }
  return [...groups].flatMap(([title, members]) => [
    { wide: true, id: `group ${title}`, title, ids: members.map((row) => row.id), rows: members }, ...members,
  ]);
}
