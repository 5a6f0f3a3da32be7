// Marks over a chart, such as alerts: buttons that stand on their curve.
import { useLayoutEffect, useRef } from "preact/hooks";
import { nearestIndex } from "./pointer.js";

// On the curve, or at the top where there is none.
function topOf(u, curve, x) {
  const i = curve === undefined ? -1 : nearestIndex(curve, x);
  if (i < 0 || !Number.isFinite(curve.y[i])) return 0;
  return Math.max(0, Math.min(u.over.clientHeight, u.valToPos(curve.y[i], "y")));
}

export function placeMarks(state) {
  const { u, marksBox } = state;
  if (!u || !marksBox) return;
  const curves = new Map(state.props.curves.map((curve) => [curve.id, curve]));
  state.props.marks.forEach((mark, i) => {
    const button = marksBox.children[i];
    const left = u.valToPos(mark.x, "x");
    if (button === undefined) return;
    button.hidden = !(left >= 0 && left <= u.over.clientWidth);
    button.style.left = `${u.over.offsetLeft + left}px`;
    button.style.top = `${u.over.offsetTop + topOf(u, curves.get(mark.curve), mark.x)}px`;
  });
}

export function Marks({ state, marks }) {
  const box = useRef(null);
  useLayoutEffect(() => {
    state.marksBox = box.current;
    placeMarks(state);
    return () => {
      state.marksBox = null;
    };
  }, [marks]);
  return (
    <div class="marks" ref={box}>
      {marks.map((mark) => (
        <button key={mark.id} class={`mark mark-${mark.level}`} title={mark.title} aria-label={mark.title}
          onClick={mark.onClick} />
      ))}
    </div>
  );
}
