// The list beside the pointer in a chart. Written without preact: it follows every move of the pointer.
import { formatNumber } from "../core/format.js";

const LINES = 9;

function lineOf({ curve, i }, near) {
  const line = document.createElement("div");
  const dot = document.createElement("i");
  const name = document.createElement("span");
  const value = document.createElement("b");
  line.className = near ? "tip-line near" : "tip-line";
  dot.style.background = curve.colour;
  name.textContent = curve.label;
  value.textContent = formatNumber(curve.y[i]);
  line.append(dot, name, value);
  return line;
}

function foot(found) {
  const parts = [];
  const { curve, i } = found[0];
  if (curve.high && curve.high[i] !== curve.low[i]) parts.push(`from ${formatNumber(curve.low[i])} to ${formatNumber(curve.high[i])} there`);
  if (found.length > LINES) parts.push(`and ${found.length - LINES} more`);
  const box = document.createElement("div");
  box.className = "tip-foot";
  box.textContent = parts.join(" · ");
  return box;
}

export function createTooltip(host) {
  const box = document.createElement("div");
  box.className = "tip";
  box.hidden = true;
  host.append(box);
  return {
    hide: () => {
      box.hidden = true;
    },
    // found: as curvesAt gives it; head: what the x is
    show(head, found, left, top) {
      const title = document.createElement("div");
      title.className = "tip-head";
      title.textContent = head;
      const near = found[0];
      const lines = found.slice(0, LINES).sort((a, b) => b.curve.y[b.i] - a.curve.y[a.i]);
      box.replaceChildren(title, ...lines.map((one) => lineOf(one, one === near)), foot(found));
      box.hidden = false;
      const edge = host.getBoundingClientRect().left + left;
      const flip = edge + box.offsetWidth + 24 > innerWidth && edge > box.offsetWidth + 24;
      box.style.left = flip ? "" : `${left + 14}px`;
      box.style.right = flip ? `${host.clientWidth - left + 14}px` : "";
      box.style.top = `${Math.max(0, Math.min(top, host.clientHeight - box.offsetHeight))}px`;
    },
  };
}
