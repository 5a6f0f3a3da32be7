// A chart: uPlot for axes, cursor and selection, and our own painter for any number of curves.
//   curves   see paint.js; x ascending
//   x, y     {log, range: [from, to] or null for all, label}; x.time: milliseconds since 1970;
//            x.format(value): how the tooltip says it; x.incrs: distances of ticks
//   sync     charts with the same word share the pointer's x
//   lit      a store with the id of the curve that the pointer is at, shared by charts
//   onZoom   ([from, to]) or (null): somebody chose a stretch, or all of it again
//   marks    [{id, x, curve: id of the curve that it stands on, level, title, onClick}]: alerts
//   handle   a ref that gets {png(title): Promise of a Blob}
import { useEffect, useLayoutEffect, useRef } from "preact/hooks";
import uPlot from "uplot";
import "uplot/dist/uPlot.min.css";
import { cssColour, theme } from "../core/theme.js";
import { useStore } from "../core/store.js";
import { formatNumber, formatTime } from "../core/format.js";
import { dropTurn, inTurn } from "../core/turns.js";
import { padded, spanned, xExtent, yExtent } from "./extent.js";
import { Marks, placeMarks } from "./marks.jsx";
import { paintCurves, paintLit } from "./paint.js";
import { curvesAt } from "./pointer.js";
import { TIME_TICKS, TIME_TICKS_PX } from "./time_ticks.js";
import { createTooltip } from "./tooltip.js";
import { pngOf } from "./png.js";

const FONT = "11px system-ui, sans-serif";

function ranges(props) {
  const { curves, x = {}, y = {} } = props;
  const xRange = x.range ?? spanned(xExtent(curves), x.log);
  return { x: xRange, y: y.range ?? padded(yExtent(curves, xRange, y.log), y.log) };
}

function axis(side, more) {
  const line = cssColour("--line");
  return {
    side, font: FONT, stroke: cssColour("--muted"), gap: 4,
    grid: { stroke: line, width: 1 }, ticks: { show: false }, border: { show: false }, ...more,
  };
}

const ticks = (u, values) => values.map((value) => (value === null ? "" : formatNumber(value)));

// On logarithmic axes uPlot leaves out labels that would collide, as nulls.
function optionsOf(state, size) {
  const { x = {}, y = {}, sync } = state.props;
  return {
    ...size,
    padding: [8, 10, 0, 0],
    legend: { show: false },
    scales: {
      x: { time: Boolean(x.time), distr: x.log ? 3 : 1, range: () => state.ranges.x },
      y: { distr: y.log ? 3 : 1, range: () => state.ranges.y },
    },
    ms: 1,
    series: [{}, { paths: () => null, points: { show: false } }],
    axes: [
      axis(2, {
        size: x.time ? TIME_TICKS_PX : 24, space: 56, values: x.time ? TIME_TICKS : x.ticks ?? ticks,
        ...(x.incrs ? { incrs: x.incrs } : {}),
      }),
      axis(3, { size: 52, space: 28, values: y.ticks ?? ticks }),
    ],
    cursor: {
      y: false,
      points: { show: false },
      drag: { x: Boolean(state.props.onZoom), y: false, setScale: false },
      sync: sync ? { key: sync, scales: ["x", null] } : undefined,
      bind: { dblclick: () => () => state.props.onZoom?.(null) },
    },
    hooks: {
      draw: [(u) => paintCurves(u, state.props.curves), () => placeMarks(state)],
      setCursor: [(u) => point(state, u)],
      setSelect: [(u) => select(state, u)],
    },
  };
}

function select(state, u) {
  const { left, width } = u.select;
  if (width > 3) state.props.onZoom?.([u.posToVal(left, "x"), u.posToVal(left + width, "x")]);
  u.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false);
}

function headOf({ x = {} }, value) {
  if (x.format) return x.format(value);
  return x.time ? formatTime(value) : `${x.label ?? "x"} ${formatNumber(value)}`;
}

// Only the chart under the pointer shows a tooltip; the others get the line, and light the same curve.
function point(state, u) {
  const { left, top, event } = u.cursor;
  const { props } = state;
  if (left < 0 || event === null || event === undefined) {
    state.tip.hide();
    if (state.hot) props.lit?.set(null);
    state.hot = false;
    return;
  }
  const found = curvesAt(u, props.curves, left, top);
  state.hot = true;
  props.lit?.set(found[0]?.curve.id ?? null);
  if (found.length === 0) state.tip.hide();
  else state.tip.show(headOf(props, found[0].curve.x[found[0].i]), found, left + u.over.offsetLeft, top);
}

function light(state) {
  if (!state.u) return;
  const id = state.props.lit?.get() ?? null;
  paintLit(state.u, state.overlay, id === null ? null : state.props.curves.find((one) => one.id === id) ?? null);
}

function draw(state) {
  if (!state.u) return;
  state.ranges = ranges(state.props);
  state.u.setData([state.ranges.x, state.ranges.y], true);
  light(state);
}

function create(state, element) {
  state.ranges = ranges(state.props);
  const size = { width: Math.max(80, element.clientWidth), height: Math.max(60, element.clientHeight) };
  state.u = new uPlot(optionsOf(state, size), [state.ranges.x, state.ranges.y], element);
  state.overlay = document.createElement("canvas");
  state.overlay.className = "lit";
  state.u.over.append(state.overlay);
  state.tip = createTooltip(element);
}

function destroy(state, element) {
  dropTurn(state);
  state.u?.destroy();
  state.u = null;
  element.replaceChildren();
}

export function Chart(props) {
  const box = useRef(null);
  const state = useRef({}).current;
  state.props = props;
  const shade = useStore(theme);
  const { x = {}, y = {} } = props;
  // What uPlot cannot change is made anew.
  useLayoutEffect(() => {
    inTurn(state, () => create(state, box.current));
    const observer = new ResizeObserver(() => {
      const { clientWidth, clientHeight } = box.current;
      if (clientWidth > 0) state.u?.setSize({ width: clientWidth, height: clientHeight });
    });
    observer.observe(box.current);
    return () => {
      observer.disconnect();
      destroy(state, box.current);
    };
  }, [shade, x.log, y.log, x.time, props.sync]);
  useEffect(() => state.u && inTurn(state, () => draw(state)), [props.curves, x.range, y.range]);
  useEffect(() => props.lit?.watch(() => light(state)), [props.lit]);
  useEffect(() => {
    if (props.handle) props.handle.current = { png: async (title) => state.u && pngOf(state.u, title, state.props.curves) };
  }, [props.handle]);
  return (
    <div class="chart">
      <div class="chart-plot" ref={box} />
      {props.marks?.length > 0 && <Marks state={state} marks={props.marks} />}
    </div>
  );
}
