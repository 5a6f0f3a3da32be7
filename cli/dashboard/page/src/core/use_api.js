// An answer of the server as part of what is drawn.
import { useCallback, useEffect, useRef, useState } from "preact/hooks";
import { get, queryOf } from "./api.js";

const RETRY_MS = 3000;

// {data, problem, loading, reload}. path null: nothing is asked. What was answered last stays
// visible while the next answer is on its way; a passing problem is tried again by itself.
export function useApi(path, params = {}) {
  const key = path === null ? null : `${path}?${queryOf(params)}`;
  const [state, setState] = useState({ loading: key !== null });
  const [turn, setTurn] = useState(0);
  const shown = useRef(null);
  const reload = useCallback(() => setTurn((n) => n + 1), []);
  useEffect(() => {
    if (key === null) return undefined;
    const abort = new AbortController();
    let timer;
    const kept = shown.current === key;
    shown.current = key;
    setState((old) => ({ data: kept ? old.data : undefined, loading: true }));
    get(path, params, abort.signal).then(
      (data) => setState({ data, loading: false }),
      (problem) => {
        if (abort.signal.aborted) return;
        setState((old) => ({ data: old.data, problem, loading: false }));
        if (problem.retryable) timer = setTimeout(reload, RETRY_MS);
      },
    );
    return () => {
      abort.abort();
      clearTimeout(timer);
    };
  }, [key, turn]);
  return { ...(key === null ? { loading: false } : state), reload };
}
