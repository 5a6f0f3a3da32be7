#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Draws the cost curve: tests/bench/cost_plot.py FILE.tsv FOLDER writes one SVG for each plot of docs/performance.md.

Each plot is a row of panels that share their axes, both logarithmic; a line is labelled where it ends."""

import argparse
import csv
import math
import pathlib

PANEL_W, PANEL_H = 270, 210
LEFT, TOP, BOTTOM, LABEL = 62, 44, 46, 92  # room for the ticks, the title, the name of the axis, the lines' names
LINE_H = 13

STYLE = """
text { font: 11px system-ui, sans-serif; fill: #57606a; }
.title { font-weight: 600; fill: #1f2328; }
.grid { stroke: #d0d7de; stroke-width: 1; }
.line { fill: none; stroke-width: 2; }
.name { font-weight: 600; }
@media (prefers-color-scheme: dark) {
  text { fill: #9198a1; }
  .title { fill: #f0f6fc; }
  .grid { stroke: #3d444d; }
}"""
COLOURS = ("#2f81f7", "#d4761a", "#2da44e", "#a371f7")


def rows_of(path):
    with open(path, encoding="utf-8", newline="") as file:
        return list(csv.DictReader((line for line in file if not line.startswith("#")), delimiter="\t"))


def pick(rows, x, y, **fixed):
    """[(x, y)] of the rows whose columns are as fixed says, without what a logarithm has no place for."""
    found = [(float(row[x]), float(row[y])) for row in rows if all(row[name] == str(value) for name, value in fixed.items())]
    return sorted((a, b) for a, b in found if b > 0)


def number(value):
    for limit, unit in ((1e6, "M"), (1e3, "k")):
        if value >= limit and value % limit == 0:
            return f"{value / limit:g}{unit}"
    return f"{value:,g}"


class Axis:
    """Logarithmic, from pixel to pixel; ends at powers of the base."""

    def __init__(self, values, base, begin, end):
        low, high = (math.log(edge, base) for edge in (min(values), max(values)))
        self.base, self.begin, self.end = base, begin, end
        self.low, self.high = math.floor(low + 1e-9), math.ceil(high - 1e-9)
        if self.low == self.high:
            self.high += 1

    def at(self, value):
        share = (math.log(value, self.base) - self.low) / (self.high - self.low)
        return self.begin + share * (self.end - self.begin)

    def ticks(self):
        return [self.base ** i for i in range(self.low, self.high + 1)]


def spread(places):
    """The same places in their order, far enough apart for a line of text each."""
    out = []
    for place in places:
        out.append(max(place, out[-1] + LINE_H) if out else place)
    return out


def draw_grid(left, x, y, has_names):
    out = []
    for tick in y.ticks():
        out.append(f'<line class="grid" x1="{left}" x2="{left + PANEL_W}" y1="{y.at(tick):.1f}" y2="{y.at(tick):.1f}"/>')
        if has_names:
            out.append(f'<text x="{left - 8}" y="{y.at(tick) + 4:.1f}" text-anchor="end">{number(tick)}</text>')
    for tick in x.ticks():
        out.append(f'<text x="{x.at(tick):.1f}" y="{TOP + PANEL_H + 18}" text-anchor="middle">{number(tick)}</text>')
    return out


def draw_lines(lines, x, y):
    out = []
    ends = sorted((y.at(points[-1][1]), x.at(points[-1][0]), name, colour) for name, points, colour in lines)
    for _, points, colour in lines:
        path = " ".join(f"{x.at(a):.1f},{y.at(b):.1f}" for a, b in points)
        out.append(f'<polyline class="line" stroke="{colour}" points="{path}"/>')
        out += [f'<circle cx="{x.at(a):.1f}" cy="{y.at(b):.1f}" r="3" fill="{colour}"/>' for a, b in points]
    for place, (_, end, name, colour) in zip(spread([end[0] for end in ends]), ends):
        out.append(f'<text class="name" style="fill:{colour}" x="{end + 8:.1f}" y="{place + 4:.1f}">{name}</text>')
    return out


def draw(title, x_name, x_base, panels):
    """panels: [(name, [(name of a line, its points)])]. A line has the same colour in every panel."""
    panels = [(name, [line for line in lines if line[1]]) for name, lines in panels]
    names = list(dict.fromkeys(name for _, lines in panels for name, _ in lines))
    points = [point for _, lines in panels for _, found in lines for point in found]
    y = Axis([b for _, b in points], 10, TOP + PANEL_H, TOP)
    width = LEFT + len(panels) * (PANEL_W + LABEL)
    height = TOP + PANEL_H + BOTTOM
    out = [f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}" role="img">',
           f"<title>{title}</title><style>{STYLE}</style>", f'<text class="title" x="8" y="16">{title}</text>']
    for i, (panel, lines) in enumerate(panels):
        left = LEFT + i * (PANEL_W + LABEL)
        x = Axis([a for a, _ in points], x_base, left + 8, left + PANEL_W - 8)
        out += draw_grid(left, x, y, i == 0)
        out.append(f'<text x="{left}" y="{TOP - 10}">{panel}</text>')
        out.append(f'<text x="{left + PANEL_W / 2}" y="{height - 8}" text-anchor="middle">{x_name}</text>')
        out += draw_lines([(name, found, COLOURS[names.index(name)]) for name, found in lines], x, y)
    return "\n".join([*out, "</svg>"]) + "\n"


RATES = (("1", "1 Hz"), ("10", "10 Hz"), ("full", "full speed"))
WIDTHS = (5, 10, 50, 250)


def throughput(rows):
    lines = [(f"{m} metrics", pick(rows, "producers", "points_per_s", rate="full", metrics=m)) for m in WIDTHS]
    return draw("Points committed a second", "producers", 4, [("full speed", lines)])


def cpu(rows):
    columns = (("emitter", "emitter_ns"), ("collector", "collector_ns"), ("PostgreSQL", "pg_ns"))
    return draw("CPU a point, ns: 10 metrics a call", "producers", 4, [
        (name, [(who, pick(rows, "producers", column, rate=rate, metrics=10)) for who, column in columns])
        for rate, name in RATES])


def lag(rows):
    columns = (("p50", "lag_p50_ms"), ("p99", "lag_p99_ms"))
    return draw("From log() to COMMIT, ms: 10 metrics a call", "producers", 4, [
        (name, [(which, pick(rows, "producers", column, rate=rate, metrics=10)) for which, column in columns])
        for rate, name in RATES])


def size(rows):
    columns = (("wire", "wire_bytes"), ("WAL", "wal_bytes"), ("disk", "disk_bytes"))
    return draw("Bytes a point: 1,024 producers", "metrics a call", 4, [
        (name, [(what, pick(rows, "metrics", column, rate=rate, producers=1024)) for what, column in columns])
        for rate, name in RATES])


def memory(rows):
    lines = [(name, pick(rows, "producers", "collector_mb", rate=rate, metrics=10)) for rate, name in RATES]
    return draw("Memory of the collector at most, MB: 10 metrics a call", "producers", 4, [("", lines)])


PLOTS = {"throughput": throughput, "cpu": cpu, "lag": lag, "bytes": size, "memory": memory}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("file")
    parser.add_argument("folder")
    args = parser.parse_args()
    rows = rows_of(args.file)
    for name, plot in PLOTS.items():
        (pathlib.Path(args.folder) / f"{name}.svg").write_text(plot(rows), encoding="utf-8")


if __name__ == "__main__":
    main()
