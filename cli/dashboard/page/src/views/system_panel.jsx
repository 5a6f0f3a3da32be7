// One measurement: of every machine, and of every GPU or processor of it.
import { useMemo, useRef } from "preact/hooks";
import { colourOf } from "../core/colours.js";
import { useStore } from "../core/store.js";
import { theme } from "../core/theme.js";
import { useVisible } from "../core/visible.js";
import { lineOf } from "../data/lines.js";
import { lit } from "../data/lit.js";
import { unitOf } from "../data/machines.js";
import { runs } from "../data/runs.js";
import { useManyCurves } from "../data/use_many_curves.js";
import { Chart } from "../parts/chart.jsx";

const POINTS = 200;
const MEMBERS = 16; // GPUs of a panel; of a hundred processors nobody tells one from the other
const MICROSECONDS = 1000; // of a millisecond: the steps of system metrics
const AXIS = { of: (series) => series.last_time };
const Y = {};

function labelOf(series, member, { ids, hosts }) {
  const run = ids.length > 1 ? runs.get().byId.get(series.run_id)?.name : undefined;
  const host = hosts.get(series.id) ?? `rank ${series.rank}`;
  return [run, host, member].filter(Boolean).join(" · ");
}

// Zoomed: the part in sight, finer.
function useSpan(span, { project, parts, ids }, visible) {
  const shown = parts.slice(0, MEMBERS);
  const question = ({ name }) => ({ project, metric: name, kind: "system", by: "rank", points: POINTS });
  const part = span && { from: Math.floor(span[0] * MICROSECONDS), to: Math.ceil(span[1] * MICROSECONDS) };
  const whole = useManyCurves(shown.map(question), ids, visible);
  const fine = useManyCurves(part ? shown.map((one) => ({ ...question(one), ...part })) : [], ids, visible);
  return { whole, fine };
}

function useLines({ whole, fine }, props) {
  const { parts, ids, hosts, host } = props;
  const shade = useStore(theme);
  return useMemo(() => {
    const found = whole.all.flatMap((curves, i) => [...curves.series.values()]
      .filter((series) => host === "" || hosts.get(series.id) === host)
      .map((series) => ({ series: fine.all[i]?.series.get(series.id) ?? series, member: parts[i].member })));
    return found.map(({ series, member }, i) => ({
      ...lineOf(series, { axis: AXIS, smooth: 0, colour: colourOf(i, shade), label: labelOf(series, member, props) }),
      id: `${series.id}/${member}`,
    })).filter((curve) => curve.x.length > 0);
  }, [whole.all, whole.version, fine.all, fine.version, ids, hosts, host, shade]);
}

function Note({ whole, lines }) {
  if (whole.problem) return <p class="panel-note bad">{whole.problem.message}</p>;
  if (lines.length > 0) return null;
  return whole.ready ? <p class="panel-note">Not measured on this host.</p> : <p class="panel-note wait"><span class="pulse" /></p>;
}

export function SystemPanel(props) {
  const { panel, parts, span, onSpan } = props;
  const box = useRef(null);
  const visible = useVisible(box);
  const found = useSpan(span, props, visible);
  const lines = useLines(found, props);
  const x = useMemo(() => ({ time: true, range: span }), [span]);
  return (
    <article class="panel" aria-label={panel} ref={box}>
      <header class="panel-head">
        <h3 class="panel-title" title={parts.map(({ name }) => name).join("\n")}>
          {panel.slice(panel.indexOf("/") + 1)} <span class="muted">{unitOf(panel)}
            {parts.length > MEMBERS && ` · the first ${MEMBERS} of ${parts.length}`}</span>
        </h3>
      </header>
      <div class="panel-body">
        {visible && lines.length > 0 && <Chart curves={lines} x={x} y={Y} sync="system" lit={lit} onZoom={onSpan} />}
        {visible && <Note whole={found.whole} lines={lines} />}
      </div>
    </article>
  );
}
