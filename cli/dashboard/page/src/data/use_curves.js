// The curves of one metric as part of what is drawn. While it is not in sight nothing is asked for.
import { useEffect, useRef, useState } from "preact/hooks";
import { usePageVisible } from "../core/visible.js";
import { Curves } from "./curves.js";
import { onRunsChanged, runs } from "./runs.js";

const KEPT_MS = 60_000; // curves out of sight

const rowOf = (id) => runs.get().byId.get(id);

// {curves, version, problem, ready}; question null: none. ids: runs that are wanted. Behind other tabs nothing is asked for
// either, but what was read is kept.
export function useCurves(question, ids, visible) {
  const [version, setVersion] = useState(0);
  const awake = usePageVisible() && visible;
  const held = useRef(null);
  const key = question === null ? null : JSON.stringify(question);
  if (held.current !== null && held.current.key !== key) {
    held.current.curves.close();
    held.current = null;
  }
  if (held.current === null && key !== null) {
    const curves = new Curves(question, { rowOf, changed: () => setVersion((n) => n + 1) });
    held.current = { key, curves };
  }
  const curves = held.current?.curves ?? null;
  const wanted = useRef(new Set());
  wanted.current = new Set(ids);
  useEffect(() => {
    if (awake) curves?.want(ids);
  }, [curves, ids, awake]);
  useEffect(() => {
    if (!awake || curves === null) return undefined;
    curves.catchUp(ids);
    return onRunsChanged((changed) => {
      const mine = changed.filter((id) => wanted.current.has(id));
      curves.want(mine);
      curves.grown(mine);
    });
  }, [curves, awake]);
  useEffect(() => {
    if (visible || curves === null || curves.weight() === 0) return undefined;
    const timer = setTimeout(() => {
      curves.close();
      held.current = null;
      setVersion((n) => n + 1);
    }, KEPT_MS);
    return () => clearTimeout(timer);
  }, [curves, visible]);
  useEffect(() => () => held.current?.curves.close(), []);
  return { curves, version, problem: curves?.problem ?? null, ready: curves !== null && ids.some((id) => curves.has(id)) };
}
