// Marks over a chart, such as alerts: buttons that stand where their x is, at the top of the plot.
import { useLayoutEffect, useRef } from "preact/hooks";

export function placeMarks(state) {
  const { u, marksBox } = state;
  if (!u || !marksBox) return;
  for (const button of marksBox.children) {
    const left = u.valToPos(Number(button.dataset.x), "x");
    button.hidden = !(left >= 0 && left <= u.over.clientWidth);
    button.style.left = `${u.over.offsetLeft + left}px`;
    button.style.height = `${u.over.clientHeight}px`;
    button.style.top = `${u.over.offsetTop}px`;
  }
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
        <button key={mark.id} class={`mark mark-${mark.level}`} data-x={mark.x} title={mark.title} aria-label={mark.title}
          onClick={mark.onClick} />
      ))}
    </div>
  );
}
