// The groups of runs with equal values of some keys, as `tocsin sweep` tells them, best first.
import { useEffect, useMemo } from "preact/hooks";
import { setUrl, useUrlList } from "../core/url.js";
import { useApi } from "../core/use_api.js";
import { formatNumber, formatValue } from "../core/format.js";
import { onRunsChanged } from "../data/runs.js";
import { Table } from "../parts/table.jsx";
import { Answer } from "../parts/states.jsx";

const GROUPS_MAX = 1000;
const REFRESH_MS = 4000;

const number = (id, title) => ({
  id, title, align: "end", class: "num", width: "minmax(84px, 1fr)", render: (row) => row.nonfinite?.[id] ?? formatNumber(row[id]),
});

function columnsOf(by) {
  return [
    ...by.map((key, i) => ({
      id: `key ${key}`, title: key, width: "minmax(90px, 1fr)", class: "first", text: (row) => formatValue(row.keys[i]), render: (row) => formatValue(row.keys[i]),
    })),
    number("best", "Best"), number("mean", "Mean"), number("std", "Std"), number("min", "Least"), number("max", "Greatest"),
    { id: "runs", title: "Runs", align: "end", width: "64px", render: (row) => row.runs },
    { id: "odd", title: "NaN", align: "end", width: "64px", hint: "Runs whose value is NaN or infinite",
      render: (row) => (row.nonfinite_runs > 0 ? <b class="bad">{row.nonfinite_runs}</b> : <span class="muted">0</span>) },
    { id: "run", title: "Best run", width: "minmax(120px, 1.5fr)", render: (row) => row.best_run },
  ];
}

// Asked again while runs go on.
function useGroups(project, sweep, by, conditions) {
  const answer = useApi("sweep", {
    project, metric: sweep.metric, goal: sweep.goal, value: sweep.value, by: by.map((key) => `config.${key}`), filter: conditions, limit: GROUPS_MAX,
  });
  useEffect(() => {
    let timer = null;
    const end = onRunsChanged(() => {
      timer ??= setTimeout(() => {
        timer = null;
        answer.reload();
      }, REFRESH_MS);
    });
    return () => {
      end();
      clearTimeout(timer);
    };
  }, [project]);
  return answer;
}

export function SweepsTable({ project, sweep, by }) {
  const [conditions] = useUrlList("filter");
  const answer = useGroups(project, sweep, by, conditions);
  const columns = useMemo(() => columnsOf(by), [by.join("\n")]);
  return (
    <Answer of={answer}>{({ groups }) => (
      <section class="card table-card" style={{ height: `${Math.min(420, 34 + 30 * Math.max(1, groups.length))}px` }}>
        <Table label="Groups of runs" columns={columns} rows={groups} rowKey={(row) => JSON.stringify(row.keys)}
          onRow={(row) => row.best_run_id && setUrl({ run: row.best_run_id })} />
      </section>
    )}</Answer>
  );
}
