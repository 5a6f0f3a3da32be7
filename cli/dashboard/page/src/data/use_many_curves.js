// The curves of several metrics in one panel, as use_curves.js has those of one.
import { useEffect, useMemo, useState } from "preact/hooks";
import { Curves } from "./curves.js";
import { onRunsChanged, runs } from "./runs.js";

const rowOf = (id) => runs.get().byId.get(id);

// {all: Curves for each question, version, problem, ready}. ids: runs that are wanted.
export function useManyCurves(questions, ids, visible) {
  const [version, setVersion] = useState(0);
  const key = JSON.stringify(questions);
  const all = useMemo(() => questions.map((one) => new Curves(one, { rowOf, changed: () => setVersion((n) => n + 1) })), [key]);
  useEffect(() => () => all.forEach((curves) => curves.close()), [all]);
  useEffect(() => {
    if (!visible) return undefined;
    const grow = (changed) => all.forEach((curves) => {
      curves.want(changed);
      curves.grown(changed);
    });
    all.forEach((curves) => {
      curves.want(ids);
      curves.catchUp(ids);
    });
    return onRunsChanged((changed) => grow(changed.filter((id) => ids.includes(id))));
  }, [all, ids, visible]);
  return {
    all, version, problem: all.find((curves) => curves.problem)?.problem ?? null,
    ready: all.every((curves) => ids.every((id) => curves.has(id))),
  };
}
