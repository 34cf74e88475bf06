"""What every chart is drawn with: its frame, lines, and fewer points for long series.

The frame is an SVG as wide as the page allows, in which letters and lines keep their size.

Horizontal positions are percent of the plot's width, vertical ones pixels. Ticks and labels stand in the margins around
the SVG's own box, so nothing is scaled or cut off. Lines are drawn in a box of WIDTH x height units that is stretched
to the plot.
"""

import math
from collections.abc import Callable, Iterable
from itertools import pairwise
from typing import TypeGuard

from container.report.axis import Axis
from container.report.markup import text

WIDTH = 1000  # units across a stretched box
LETTER = 7.2  # pixels that a letter of 12 px takes on average
ROOMY = 140  # pixels of labels that a phone has no room for
LABEL_GAP = 15  # pixels from one label's line to the next


def plot(
    title: str,
    body: str,
    height: int,
    *,
    x: Axis | None,
    y: Axis | None,
    x_tick: Callable[[float], str],
    y_tick: Callable[[float], str],
    x_title: str = "",
    labels: Iterable[tuple[float, str, str]] = (),
    data: str = "",
    left: float | None = None,
) -> str:
    """SVG with axes and labels, and where its labels take much room a line of them, for narrow windows.

    Args:
        title: for screen readers.
        body: SVG of what is drawn between the axes.
        height: of the plot, pixels.
        x, y: the axes; None: without.
        x_tick, y_tick: text of a tick.
        x_title: below the x axis.
        labels: (position on y 0..1, text, CSS class of its colour) at the right end of lines; moved apart where they
            meet.
        data: more attributes of the SVG.
        left: pixels left of the plot; None: what the ticks need.
    """
    labels = list(labels)
    label_places = _apart([height * (1 - place) for place, _, _ in labels], height)
    ticks = [(height * (1 - y.place(value)), y_tick(value)) for value in y.ticks] if y else []
    if left is None:
        left = 10 + LETTER * max((len(one) for _, one in ticks), default=0)
    right = max(14.0, 12 + LETTER * max((len(one) + 2 for _, one, _ in labels), default=0))
    bottom = (34 if x_title else 20) if x else 4
    parts = [f"<line class='grid' x1='0' x2='100%' y1='{at:.1f}' y2='{at:.1f}'/>" for at, _ in ticks]
    parts += [f"<text class='tick' x='-6' y='{at + 4:.1f}' text-anchor='end'>{text(one)}</text>" for at, one in ticks]
    if x:
        parts.append(f"<line class='base' x1='0' x2='100%' y1='{height}' y2='{height}'/>")
        for value in x.ticks:
            across = f"{x.place(value):.2%}"
            parts.append(f"<line class='base' x1='{across}' x2='{across}' y1='{height}' y2='{height + 4}'/>")
            parts.append(
                f"<text class='tick' x='{across}' y='{height + 16}' text-anchor='middle'>{text(x_tick(value))}</text>"
            )
        if x_title:
            parts.append(f"<text class='tick' x='50%' y='{height + 31}' text-anchor='middle'>{text(x_title)}</text>")
    parts.append(body)
    # A bead has the line's colour, and the letters have not: not every colour can be read.
    parts += [
        f"<text class='label {colour}' x='100%' y='{at + 4:.1f}' dx='8'><tspan class='bead'>● "
        f"</tspan>{text(one)}</text>"
        for at, (_, one, colour) in zip(label_places, labels, strict=True)
    ]
    roomy = right > ROOMY
    keys = (
        "".join(f"<span><i class='dot {colour}'></i>{text(one)}</span>" for _, one, colour in labels) if roomy else ""
    )
    return (
        f"<svg class='plot{' roomy' if roomy else ''}' role='img' aria-label='{text(title)}' height='{height}' "
        f"style='--left:{left:.0f}px;--right:{right:.0f}px;--bottom:{bottom}px'{data}>{''.join(parts)}</svg>"
        f"{f'<p class=keys>{keys}</p>' if keys else ''}"
    )


def stretched(body: str, height: int) -> str:
    """SVG that stretches shapes, in units of WIDTH across and pixels down, to the plot."""
    return (
        f"<svg class='stretched' width='100%' height='{height}' viewBox='0 0 {WIDTH} {height}' "
        f"preserveAspectRatio='none'>{body}</svg>"
    )


def path_of(points: Iterable[tuple[float, float] | None], height: int) -> str:
    """The `d` of a line through positions (0..1 from left, 0..1 from below); None breaks it. A single point becomes a
    dot.
    """
    parts, length = [], 0
    for point in [*points, None]:
        if point is None:
            parts.append("h0" if length == 1 else "")
            length = 0
            continue
        across, down = f"{point[0] * WIDTH:.1f}".removesuffix(".0"), f"{(1 - point[1]) * height:.1f}".removesuffix(".0")
        parts.append(f"{'L' if length else 'M'}{across} {down}")
        length += 1
    return "".join(parts)


def thinned(values: list[float | None], most: int) -> list[int]:
    """Positions to draw, about `most`: the first, the last, and the lowest and highest of each part between them."""
    if len(values) <= most:
        return list(range(len(values)))
    stretch = math.ceil(len(values) / max(1, most // 2))
    kept = {0, len(values) - 1}
    for start in range(0, len(values), stretch):
        part = enumerate(values[start : start + stretch], start)
        known = {place: value for place, value in part if _is_number(value)}
        if known:
            kept |= {min(known, key=known.__getitem__), max(known, key=known.__getitem__)}
        else:
            kept.add(start)  # a gap stays one
    return sorted(kept)


def averaged(values: list[float | None], most: int) -> list[tuple[int, float | None]]:
    """Mean and middle position of each part of a series, at most `most` parts; None where a part has no number."""
    stretch = max(1, math.ceil(len(values) / most))
    found = []
    for start in range(0, len(values), stretch):
        part = [value for value in values[start : start + stretch] if _is_number(value)]
        middle = start + (min(stretch, len(values) - start) - 1) // 2
        found.append((middle, sum(part) / len(part) if part else None))
    return found


def _apart(places: list[float], height: int) -> list[float]:
    """Positions of labels, pixels: moved so that each is a line's height from the next, all within the plot where they
    fit.
    """
    order = sorted(range(len(places)), key=places.__getitem__)
    moved = list(places)
    for above, below in pairwise(order):
        moved[below] = max(moved[below], moved[above] + LABEL_GAP)
    limit = height + 2.0
    for one in reversed(order):
        moved[one] = min(moved[one], limit)
        limit = moved[one] - LABEL_GAP
    return moved


def _is_number(value: float | None) -> TypeGuard[float]:
    return value is not None and math.isfinite(value)
