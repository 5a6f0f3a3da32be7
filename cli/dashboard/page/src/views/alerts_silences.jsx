// What is not sent for now, and how to end that.
import { useEffect, useRef } from "preact/hooks";
import { formatTime } from "../core/format.js";
import { useApi } from "../core/use_api.js";
import { Dialog } from "../parts/dialog.jsx";
import { Answer } from "../parts/states.jsx";

// after: whoever looked at this may have silenced something; they are asked for again when it changes.
export function useSilences(project, after) {
  const answer = useApi("silence/list", { project });
  const first = useRef(true);
  useEffect(() => {
    if (!first.current) answer.reload();
    first.current = false;
  }, [after]);
  return answer;
}

const whatOf = ({ project, run, title, max_level: level }) =>
  [title ? `“${title}”` : "all alerts", run ? `of ${run}` : project ? "of all runs" : "of all projects", level === "error" ? "" : `up to ${level}`]
    .filter((part) => part !== "").join(" ");

const Silences = ({ silences }) => (silences.length === 0
  ? <p class="muted">Nothing is silenced. Open an alert to silence what is like it.</p>
  : (
    <>
      <ul class="silences">
        {silences.map((one) => (
          <li key={one.id}>
            <b>{whatOf(one)}</b> until {formatTime(one.ends)}
            <p class="muted">by {one.who}{one.comment ? `: ${one.comment}` : ""} · <code>tocsin silence remove {one.id}</code> ends it</p>
          </li>
        ))}
      </ul>
      <p class="muted">What is silenced is stored and listed, and sent to nobody.</p>
    </>
  ));

export const SilencesDialog = ({ answer, onClose }) => (
  <Dialog title="Silences" onClose={onClose}>
    <Answer of={answer}>{({ silences }) => <Silences silences={silences} />}</Answer>
  </Dialog>
);
