// A table of any length: only the rows in sight exist.
//   columns  {id, title, width (a CSS grid track), align: "end", render(row), text(row), sortable}
//   headless without the line of titles
//   rows     objects; one with wide: true is a line across all columns, drawn by renderWide(row)
import { useEffect, useLayoutEffect, useMemo, useRef, useState } from "preact/hooks";

const ROW_PX = 30;
const SPARE_ROWS = 12;

function useWindow(box, count) {
  const [seen, setSeen] = useState({ top: 0, height: 800 });
  useLayoutEffect(() => {
    const element = box.current;
    const look = () => setSeen({ top: element.scrollTop, height: element.clientHeight });
    const observer = new ResizeObserver(look);
    observer.observe(element);
    element.addEventListener("scroll", look, { passive: true });
    return () => {
      observer.disconnect();
      element.removeEventListener("scroll", look);
    };
  }, []);
  const first = Math.max(0, Math.floor(seen.top / ROW_PX) - SPARE_ROWS);
  const last = Math.min(count, Math.ceil((seen.top + seen.height) / ROW_PX) + SPARE_ROWS);
  return [Math.min(first, last), last];
}

function Head({ column, sort, onSort }) {
  const sorted = sort?.id === column.id;
  const mark = sort?.desc ? "↓" : "↑";
  const className = `th ${column.align === "end" ? "end" : ""}`;
  if (!onSort || column.sortable === false) {
    return <div class={className} role="columnheader" title={column.hint}>{column.title}</div>;
  }
  return (
    <div class={className} role="columnheader" aria-sort={sorted ? (sort.desc ? "descending" : "ascending") : "none"}>
      <button class="sort" title={column.hint ?? `Sort by ${column.id}`}
        onClick={() => onSort({ id: column.id, desc: sorted ? !sort.desc : column.align === "end" })}>
        {sorted && column.align === "end" ? `${mark} ` : ""}{column.title}{sorted && column.align !== "end" ? ` ${mark}` : ""}
      </button>
    </div>
  );
}

const Cell = ({ column, row }) => (
  <div class={`td ${column.align === "end" ? "end" : ""} ${column.class ?? ""}`} role="cell" title={column.text?.(row)}>
    {column.render(row)}
  </div>
);

function useCursor(rows, first, box, { rowKey, onRow, onMark }) {
  const [cursor, setCursor] = useState(-1);
  useEffect(() => {
    const element = box.current;
    const top = cursor * ROW_PX;
    if (cursor < 0) return;
    if (top < element.scrollTop) element.scrollTop = top;
    else if (top + 2 * ROW_PX > element.scrollTop + element.clientHeight) {
      element.scrollTop = top + 2 * ROW_PX - element.clientHeight;
    }
  }, [cursor]);
  const onKeyDown = (event) => {
    if (event.target !== box.current) return;
    const row = rows[cursor];
    if (event.key === "ArrowDown") setCursor(Math.min(rows.length - 1, cursor + 1));
    else if (event.key === "ArrowUp") setCursor(Math.max(0, cursor - 1));
    else if (event.key === "Enter" && row && !row.wide) onRow?.(row);
    else if (event.key === " " && row && !row.wide) onMark?.(row);
    else return;
    event.preventDefault();
    event.stopPropagation();
  };
  return [cursor, onKeyDown];
}

export function Table({ columns, rows, rowKey, sort, onSort, onRow, onMark, rowClass, renderWide, label, headless }) {
  const box = useRef(null);
  const [first, last] = useWindow(box, rows.length);
  const [cursor, onKeyDown] = useCursor(rows, first, box, { rowKey, onRow, onMark });
  const template = useMemo(() => columns.map((column) => column.width ?? "minmax(90px, 1fr)").join(" "), [columns]);
  const grid = { gridTemplateColumns: template };
  return (
    <div class="table" role="table" aria-label={label} aria-rowcount={rows.length} ref={box} tabIndex={0} onKeyDown={onKeyDown}>
      {!headless && (
        <div class="tr thead" role="row" style={grid}>
          {columns.map((column) => <Head key={column.id} column={column} sort={sort} onSort={onSort} />)}
        </div>
      )}
      <div class="tbody" style={{ paddingTop: `${first * ROW_PX}px`, paddingBottom: `${(rows.length - last) * ROW_PX}px` }}>
        {rows.slice(first, last).map((row, i) => row.wide
          ? <div class="tr wide" role="row" key={rowKey(row)}>{renderWide(row)}</div>
          : (
            <div role="row" key={rowKey(row)} style={grid} onClick={onRow && (() => onRow(row))}
              class={`tr ${onRow ? "link" : ""} ${first + i === cursor ? "cursor" : ""} ${rowClass?.(row) ?? ""}`}>
              {columns.map((column) => <Cell key={column.id} column={column} row={row} />)}
            </div>
          ))}
      </div>
    </div>
  );
}

// Rows in the order of a column's value; what has no value stands last both ways.
export function sortRows(rows, value, desc) {
  const none = (x) => x === null || x === undefined || x === "" || Number.isNaN(x);
  const compare = (a, b) =>
    typeof a === "number" && typeof b === "number" ? a - b : String(a).localeCompare(String(b), "en", { numeric: true });
  return rows
    .map((row) => [value(row), row])
    .sort(([a], [b]) => (none(a) || none(b) ? none(a) - none(b) : desc ? compare(b, a) : compare(a, b)))
    .map(([, row]) => row);
}
