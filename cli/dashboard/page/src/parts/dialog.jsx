// A window over the page. Escape, or a click beside it, closes it.
import { useEffect, useRef } from "preact/hooks";
import { useKey } from "../core/keys.js";
import { Icon } from "./icons.jsx";

export function Dialog({ title, onClose, wide, children }) {
  const box = useRef(null);
  useKey("Escape", "Close", onClose);
  useEffect(() => {
    const before = document.activeElement;
    box.current.focus();
    return () => before?.focus?.();
  }, []);
  return (
    <div class="shade" onClick={(event) => event.target === event.currentTarget && onClose()}>
      <section class={`dialog ${wide ? "wide" : ""}`} role="dialog" aria-modal="true" aria-label={title} tabIndex={-1} ref={box}>
        <h2 class="dialog-head">{title}
          <button class="icon-button" aria-label="Close" title="Close (Esc)" onClick={onClose}><Icon name="close" /></button>
        </h2>
        <div class="dialog-body">{children}</div>
      </section>
    </div>
  );
}
