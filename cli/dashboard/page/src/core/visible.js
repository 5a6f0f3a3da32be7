// Whether an element is in sight, or nearly: only what is seen is read and drawn.
import { useEffect, useState } from "preact/hooks";

const NEAR = "150px";

export function useVisible(ref) {
  const [visible, setVisible] = useState(false);
  useEffect(() => {
    const observer = new IntersectionObserver(([entry]) => setVisible(entry.isIntersecting), { rootMargin: NEAR });
    observer.observe(ref.current);
    return () => observer.disconnect();
  }, []);
  return visible;
}
