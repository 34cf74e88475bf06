"""Line charts over epochs, steps or seconds: lines named at their right ends, values under the pointer."""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from container.report.axis import Axis, finite
from container.report.markup import text
from container.report.plot import path_of, plot, stretched, thinned

MOST_POINTS = 600
DOTS = 30  # up to so many points each is a dot, too


@dataclass(frozen=True)
class Line:
    """A line of a chart.

    name: stands at its end, before the last value. colour: CSS class s1..s6. values: one for each x; None, NaN: a gap.
    """

    name: str
    values: Sequence[float | None]
    colour: str


def line_chart(
    title: str,
    xs: Sequence[float],
    lines: Sequence[Line],
    *,
    x: Axis,
    y: Axis,
    x_title: str,
    x_tick: Callable[[float], str],
    y_tick: Callable[[float], str],
    said: Callable[[float], str],
    height: int = 220,
    mark: tuple[float, str] | None = None,
    named: bool = True,
    left: float | None = None,
) -> str:
    """SVG of lines.

    Args:
        title: for screen readers.
        xs: positions of the values.
        lines: what is drawn.
        x, y: the axes.
        x_title: below the x axis, and before an x under the pointer.
        x_tick, y_tick: text of a tick.
        said: text of a value, for the labels and under the pointer.
        height: pixels.
        mark: an x to point out, and its text.
        named: whether names and last values stand at the lines' ends; of a line that stops early also where.
        left: pixels left of the plot; None: what the ticks need.
    """
    drawn, dots, labels, under_pointer = [], [], [], []
    for line in lines:
        values = list(line.values[: len(xs)])
        kept = [(xs[one], values[one] if finite([values[one]]) else None) for one in thinned(values, MOST_POINTS)]
        points = [(x.place(at), y.place(value)) if value is not None else None for at, value in kept]
        drawn.append(f"<path class='line {line.colour}' d='{path_of(points, height)}'/>")
        if len(values) <= DOTS:
            dots += [
                f"<circle class='{line.colour}' cx='{point[0]:.2%}' cy='{(1 - point[1]) * height:.1f}' r='2.6'/>"
                for point in points
                if point
            ]
        known = [(at, value) for at, value in kept if value is not None]
        if known and named:
            at, value = known[-1]
            until = f", {x_title} {x_tick(at)}" if at != max(xs) else ""
            labels.append((y.place(value), f"{line.name} {said(value)}{until}".strip(), line.colour))
        under_pointer.append(
            {
                "name": line.name,
                "colour": line.colour,
                "at": [[round(x.place(at), 4), said(value)] for at, value in known],
            }
        )
    moments = [
        [round(x.place(xs[one]), 4), f"{x_title} {x_tick(xs[one])}".strip()] for one in thinned(list(xs), MOST_POINTS)
    ]
    hover = text(json.dumps({"x": moments, "lines": under_pointer}, ensure_ascii=False))
    return plot(
        title,
        _marked(mark, x, height) + stretched("".join(drawn), height) + "".join(dots),
        height,
        x=x,
        y=y,
        x_tick=x_tick,
        y_tick=y_tick,
        x_title=x_title,
        labels=labels,
        data=f" data-hover='{hover}'",
        left=left,
    )


def _marked(mark: tuple[float, str] | None, x: Axis, height: int) -> str:
    if mark is None:
        return ""
    place = x.place(mark[0])
    side, shift = ("end", -5) if place > 0.5 else ("start", 5)
    return (
        f"<line class='mark' x1='{place:.2%}' x2='{place:.2%}' y1='0' y2='{height}'/>"
        f"<text class='tick' x='{place:.2%}' dx='{shift}' y='9' text-anchor='{side}'>{text(mark[1])}</text>"
    )


SCRIPT = """
for (const plot of document.querySelectorAll('svg[data-hover]')) {
  const data = JSON.parse(plot.dataset.hover), space = 'http://www.w3.org/2000/svg';
  const cross = document.createElementNS(space, 'line'), box = document.createElement('div');
  cross.setAttribute('class', 'cross'); cross.setAttribute('y1', 0);
  cross.setAttribute('y2', plot.getAttribute('height'));
  box.className = 'values'; box.hidden = true;
  const nearest = (points, at) => points.reduce((best, one) =>
    Math.abs(one[0] - at) < Math.abs(best[0] - at) ? one : best);
  plot.addEventListener('pointermove', event => {
    const frame = plot.getBoundingClientRect(), at = (event.clientX - frame.left) / frame.width;
    if (at < -0.02 || at > 1.02 || !data.x.length) return leave();
    const [place, title] = nearest(data.x, at);
    cross.setAttribute('x1', place * 100 + '%'); cross.setAttribute('x2', place * 100 + '%');
    plot.append(cross); document.body.append(box);
    box.replaceChildren(title);
    for (const line of data.lines) {
      if (!line.at.length) continue;
      const row = document.createElement('div'), dot = document.createElement('i');
      dot.className = 'dot ' + line.colour;
      row.append(dot, [line.name, nearest(line.at, place)[1]].filter(Boolean).join(' '));
      box.append(row);
    }
    box.hidden = false;
    const left = frame.left + place * frame.width + 12;
    box.style.left = (left + box.offsetWidth > innerWidth - 8 ? left - box.offsetWidth - 24 : left) + scrollX + 'px';
    box.style.top = event.clientY + scrollY - 12 + 'px';
  });
  const leave = () => { cross.remove(); box.hidden = true; };
  plot.addEventListener('pointerleave', leave);
}
"""
