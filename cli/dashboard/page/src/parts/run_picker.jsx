// The list of runs beside charts: which are drawn, and in which colour.
import { useMemo } from "preact/hooks";
import { setUrl } from "../core/url.js";
import { groupOf, useChoice } from "../data/choice.js";
import { lit } from "../data/lit.js";
import { plural } from "../core/format.js";
import { Filters, Search } from "./filter_bar.jsx";
import { GroupChoice } from "./group_choice.jsx";
import { Icon } from "./icons.jsx";
import { grouped } from "./grouping.js";
import { Failure } from "./states.jsx";
import { Table } from "./table.jsx";
import { useRuns } from "../data/runs.js";

const columnsOf = ({ checked, check, colours }) => [
  {
    id: "mark", title: "", width: "34px", sortable: false,
    render: (row) => (
      <input type="checkbox" class="run-check" aria-label={`Draw ${row.name}`} checked={checked.has(row.id)}
        style={{ accentColor: colours.get(row.id) }} onClick={(event) => event.stopPropagation()} onChange={() => check([row.id])} />
    ),
  },
  {
    id: "name", title: "Run", width: "minmax(0, 1fr)", sortable: false, text: (row) => row.name,
    render: (row) => (
      <span class="run-name" onMouseEnter={() => lit.set(row.id)} onMouseLeave={() => lit.set(null)}>
        <i class="dot" style={{ background: colours.get(row.id) }} />{row.name}
      </span>
    ),
  },
  {
    id: "more", title: "", width: "30px", class: "tight", sortable: false,
    render: (row) => (
      <button class="icon-button quiet" title="About this run" aria-label={`About ${row.name}`}
        onClick={(event) => { event.stopPropagation(); setUrl({ run: row.id }); }}>
        <Icon name="more" />
      </button>
    ),
  },
];

export function RunPicker({ onClose }) {
  const choice = useChoice();
  const { rows: all } = useRuns();
  const { rows, checked, check, only, group, problem } = choice;
  const columns = useMemo(() => columnsOf(choice), [checked, choice.colours]);
  const lines = useMemo(() => grouped(rows, group, groupOf), [rows, group]);
  return (
    <aside class="picker" aria-label="Runs">
      <div class="picker-head">
        <Search />
        <Filters rows={all} problem={choice.filterProblem} />
        <div class="picker-row">
          <GroupChoice rows={all} />
          <span class="muted">{plural(rows.length, "run")}</span>
          {checked.size > 0 && <button class="text-button" title="Draw all that match" onClick={() => only(null)}>All</button>}
          <button class="icon-button close-picker" aria-label="Close" onClick={onClose}><Icon name="close" /></button>
        </div>
      </div>
      {problem ? <Failure problem={problem} /> : (
        <Table columns={columns} rows={lines} rowKey={(row) => row.id} onRow={(row) => check([row.id])} label="Runs" headless
          rowClass={(row) => (checked.size > 0 && !checked.has(row.id) ? "off" : "")}
          renderWide={(line) => (
            <button class="group-line" title="Draw this group" onClick={() => check(line.ids)}>
              <i class="dot" style={{ background: choice.colours.get(line.ids[0]) }} />{line.title}<span class="muted">{line.ids.length}</span>
            </button>
          )} />
      )}
    </aside>
  );
}
