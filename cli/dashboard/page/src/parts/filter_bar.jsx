// Which runs: part of a name, and conditions, which are those of `tocsin list runs --filter`.
import { useCallback, useRef, useState } from "preact/hooks";
import { useKey } from "../core/keys.js";
import { useUrl, useUrlList } from "../core/url.js";
import { configKeys } from "../data/runs.js";
import { Icon } from "./icons.jsx";

const SUBJECTS = [
  "state=running", "state=failed", "state=finished", "group=", "host=", "user=", "tag=", "step>", "silent>60",
  "alert>=warn", "metric:",
];

export function Search() {
  const [q, setQ] = useUrl("q");
  const input = useRef(null);
  const focus = useCallback(() => input.current?.focus(), []);
  useKey("/", "Search runs", focus);
  return (
    <label class="search">
      <Icon name="search" />
      <input type="search" placeholder="Search runs" aria-label="Search runs" ref={input} value={q}
        onInput={(event) => setQ(event.target.value)} />
    </label>
  );
}

export function Filters({ rows, problem }) {
  const [conditions, setConditions] = useUrlList("filter");
  const [text, setText] = useState("");
  const add = (event) => {
    event.preventDefault();
    const condition = text.trim();
    if (condition !== "" && !conditions.includes(condition)) setConditions([...conditions, condition]);
    setText("");
  };
  return (
    <form class="filters" onSubmit={add}>
      {conditions.map((condition) => (
        <button key={condition} type="button" class="chip" title="Remove this condition"
          onClick={() => setConditions(conditions.filter((one) => one !== condition))}>
          {condition}<Icon name="close" />
        </button>
      ))}
      <input class="filter-input" list="conditions" placeholder="Filter: state=running …" title="A condition, as in tocsin list runs --filter: state=running, config.lr<0.01, metric:val/loss<0.5" aria-label="Add a condition"
        value={text} onInput={(event) => setText(event.target.value)} />
      <datalist id="conditions">
        {SUBJECTS.concat(configKeys(rows).map((key) => `config.${key}=`)).map((one) => <option key={one} value={one} />)}
      </datalist>
      {problem && <span class="filter-problem" role="alert">{problem.message}</span>}
    </form>
  );
}
