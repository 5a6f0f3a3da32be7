// A value that is watched: whoever shows it is drawn again when it changes.
import { useEffect, useState } from "preact/hooks";

export function createStore(initial) {
  let value = initial;
  const watchers = new Set();
  return {
    get: () => value,
    set(next) {
      if (next === value) return;
      value = next;
      for (const watcher of [...watchers]) watcher();
    },
    watch(watcher) {
      watchers.add(watcher);
      return () => watchers.delete(watcher);
    },
  };
}

export function useStore(store) {
  const [value, setValue] = useState(store.get);
  useEffect(() => {
    const take = () => setValue(() => store.get());
    take(); // it may have changed between drawing and watching
    return store.watch(take);
  }, [store]);
  return value;
}
