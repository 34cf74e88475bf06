"""A chart of one metric of several runs, as SVG: a line for each, with its number at its end.

Horizontal places are percent of the plot's width, so that letters keep their size on a phone; lines are drawn in a box
of WIDTH units that is stretched to it. Colours and dashes are classes of the page's style sheet.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from html import escape
from itertools import pairwise

from scripts.comparison.series import Series
from scripts.tuning.panels import log_ticks, whole_ticks

WIDTH, HEIGHT = 1000, 240  # units, pixels
MOST_TICKS = 6
MOST_POINTS = 500  # of a line: more cannot be told apart
DOTS = 30  # up to so many points each is a dot, with its value
LABEL_GAP = 13  # pixels between two numbers at the lines' ends
LETTER = 7.2  # pixels that a letter takes on average


@dataclass(frozen=True)
class Line:
    """number: of the run, from 1, which decides colour and dashes. name: the run's."""

    number: int
    name: str
    series: Series


@dataclass(frozen=True)
class Axis:
    """From low to high; ticks: values and their texts."""

    low: float
    high: float
    ticks: tuple[tuple[float, str], ...]
    is_log: bool = False

    def place(self, value: float) -> float:
        """0 at the low end, 1 at the high one."""
        low, high = self.low, self.high
        if self.is_log:
            low, high, value = math.log(low), math.log(high), math.log(value)
        return (value - low) / (high - low)


def chart(
    title: str,
    lines: Sequence[Line],
    *,
    tick: Callable[[float], str],
    shown: Callable[[float], str],
    may_be_log: bool,
) -> str:
    """SVG.

    Args:
        title: for screen readers.
        lines: each with a point at least.
        tick: text of a tick.
        shown: text of a value.
        may_be_log: whether an axis may be logarithmic, where the values span two decades.
    """
    x = x_axis([place for line in lines for place, _ in line.series.points])
    y = y_axis([value for line in lines for _, value in line.series.points], tick, may_be_log)
    left = 12 + LETTER * max(len(text) for _, text in y.ticks)
    parts = [_grid(x, y), *(_line(line, x, y, shown) for line in lines), _labels(lines, x, y)]
    return (
        f"<svg class='plot' role='img' aria-label='{escape(title, quote=True)}' height='{HEIGHT}' "
        f"style='--left:{left:.0f}px'>{''.join(parts)}<text class='tick' x='50%' y='{HEIGHT + 31}' "
        f"text-anchor='middle'>{x_title([line.series for line in lines])}</text></svg>"
    )


def x_title(series: Sequence[Series]) -> str:
    """What the places are."""
    if all(one.by_epoch for one in series):
        return "epoch"
    return "epoch, or order in the log" if any(one.by_epoch for one in series) else "order in the log"


def x_axis(places: Sequence[int]) -> Axis:
    """A single place is in the middle."""
    low, high = min(places), max(places)
    if low == high:
        return Axis(low - 0.5, high + 0.5, whole_ticks(low, high))
    return Axis(low, high, whole_ticks(low, high))


def y_axis(values: Sequence[float], tick: Callable[[float], str], may_be_log: bool) -> Axis:
    """From one round number to another; between two that are alike, somewhat around them."""
    low, high = min(values), max(values)
    if may_be_log and low > 0 and high / low >= 100:
        return Axis(low, high, log_ticks(low, high), is_log=True)
    if low == high:
        margin = abs(low) * 0.1 or 0.1
        low, high = low - margin, high + margin
    step = _step(high - low)
    first, last = math.floor(low / step + 1e-9), math.ceil(high / step - 1e-9)
    marks = [float(f"{place * step:.12g}") for place in range(first, last + 1)]
    ticks = tuple((mark, tick(mark)) for mark in marks)
    return Axis(ticks[0][0], ticks[-1][0], ticks)


def _step(width: float) -> float:
    """1, 2 or 5 times a power of ten: MOST_TICKS of them at most span the width."""
    power = 10.0 ** math.floor(math.log10(width / (MOST_TICKS - 1)))
    return next(factor * power for factor in (1, 2, 5, 10) if factor * power * (MOST_TICKS - 1) >= width * (1 - 1e-9))


def _grid(x: Axis, y: Axis) -> str:
    parts = []
    for value, text in y.ticks:
        down = HEIGHT * (1 - y.place(value))
        parts.append(f"<line class='grid' x1='0' x2='100%' y1='{down:.1f}' y2='{down:.1f}'/>")
        parts.append(f"<text class='tick' x='-6' y='{down + 4:.1f}' text-anchor='end'>{escape(text)}</text>")
    for value, text in x.ticks:
        across = f"{x.place(value):.2%}"
        parts.append(f"<text class='tick' x='{across}' y='{HEIGHT + 16}' text-anchor='middle'>{escape(text)}</text>")
    return "".join(parts)


def _line(line: Line, x: Axis, y: Axis, shown: Callable[[float], str]) -> str:
    points = [(place, value, x.place(place), 1 - y.place(value)) for place, value in _thinned(line.series.points)]
    way = " ".join(f"{across * WIDTH:.1f} {down * HEIGHT:.1f}" for _, _, across, down in points)
    dots = "".join(
        f"<circle cx='{across:.2%}' cy='{down * HEIGHT:.1f}' r='3'><title>"
        f"{escape(f'{line.number} · {line.name}, {place}: {shown(value)}')}</title></circle>"
        for place, value, across, down in points
        if len(points) <= DOTS
    )
    return (
        f"<g class='run-{line.number}'><svg class='stretched' width='100%' height='{HEIGHT}' "
        f"viewBox='0 0 {WIDTH} {HEIGHT}' preserveAspectRatio='none'><path class='line' d='M{way}'/></svg>{dots}</g>"
    )


def _thinned(points: Sequence[tuple[int, float]]) -> list[tuple[int, float]]:
    every = math.ceil(len(points) / MOST_POINTS)
    return [*points[:-1:every], points[-1]]


def _labels(lines: Sequence[Line], x: Axis, y: Axis) -> str:
    """The runs' numbers, right of where their lines end; those that end side by side are moved apart."""
    ends: dict[int, list[tuple[float, int]]] = {}
    for line in lines:
        place, value = line.series.points[-1]
        ends.setdefault(place, []).append((HEIGHT * (1 - y.place(value)), line.number))
    return "".join(
        f"<text class='end run-{number}' x='{x.place(place):.2%}' dx='7' y='{height + 4:.1f}'>{number}</text>"
        for place, found in ends.items()
        for height, number in _apart(sorted(found))
    )


def _apart(ends: Sequence[tuple[float, int]]) -> list[tuple[float, int]]:
    """Height and number, by height: each at least LABEL_GAP below the one before, within the plot where they fit."""
    heights = [height for height, _ in ends]
    for above, below in pairwise(range(len(heights))):
        heights[below] = max(heights[below], heights[above] + LABEL_GAP)
    limit = float(HEIGHT)
    for place in reversed(range(len(heights))):
        heights[place] = min(heights[place], limit)
        limit = heights[place] - LABEL_GAP
    return [(height, number) for height, (_, number) in zip(heights, ends, strict=True)]
