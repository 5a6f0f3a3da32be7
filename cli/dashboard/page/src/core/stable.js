// The same object as before while what is in it is the same: what depends on it is then not done again.
import { useRef } from "preact/hooks";

const sameList = (a, b) => a.length === b.length && a.every((one, i) => one === b[i]);
const sameMap = (a, b) => a.size === b.size && [...a].every(([key, value]) => b.get(key) === value);

function useSame(value, same) {
  const kept = useRef(value);
  if (!same(kept.current, value)) kept.current = value;
  return kept.current;
}

export const useSameList = (list) => useSame(list, sameList);
export const useSameMap = (map) => useSame(map, sameMap);
