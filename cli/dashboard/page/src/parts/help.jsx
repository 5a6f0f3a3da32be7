import { useStore } from "../core/store.js";
import { keys } from "../core/keys.js";
import { site } from "../data/project.js";
import { Dialog } from "./dialog.jsx";

const POINTER = [
  ["Drag in a chart", "Zoom, in all panels"],
  ["Double click", "All of it again"],
  ["Click an alert's mark", "The values around it"],
];

export function Help({ onClose }) {
  const all = useStore(keys);
  const { version } = useStore(site);
  const shown = all.filter((one, i) => one.key !== "Escape" && all.findLastIndex((other) => other.key === one.key) === i);
  return (
    <Dialog title="Keys" onClose={onClose}>
      <dl class="pairs">
        {shown.map(({ key, title }) => [<dt key={key}><kbd>{key}</kbd></dt>, <dd>{title}</dd>])}
        {POINTER.map(([how, what]) => [<dt key={how}>{how}</dt>, <dd>{what}</dd>])}
      </dl>
      <p class="muted">The address of this page says what is seen: share it. tocsin {version}</p>
    </Dialog>
  );
}
