// How wide an element is, as it changes.
import { useEffect, useState } from "preact/hooks";

export function useWidth(ref, first = 800) {
  const [width, setWidth] = useState(first);
  useEffect(() => {
    const observer = new ResizeObserver(() => ref.current && setWidth(ref.current.clientWidth));
    observer.observe(ref.current);
    return () => observer.disconnect();
  }, []);
  return width;
}
