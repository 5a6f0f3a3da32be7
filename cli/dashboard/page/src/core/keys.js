// Keys, and the help that lists them: who is drawn adds its keys and takes them away again.
import { useEffect } from "preact/hooks";
import { createStore } from "./store.js";

export const keys = createStore([]);

const isTyping = (target) => target.closest?.("input, textarea, select, [contenteditable]") !== null;

addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  if (isTyping(event.target)) {
    if (event.key === "Escape") event.target.blur();
    return;
  }
  const found = keys.get().findLast((one) => one.key === event.key);
  if (found === undefined) return;
  event.preventDefault();
  found.run(event);
});

// The newest meaning of a key counts: a dialog takes Escape from what lies below it.
export function useKey(key, title, run) {
  useEffect(() => {
    const entry = { key, title, run };
    keys.set([...keys.get(), entry]);
    return () => keys.set(keys.get().filter((one) => one !== entry));
  }, [key, title, run]);
}
