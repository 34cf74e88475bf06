"""Axes of charts: from values to positions between 0 and 1, with ticks at round numbers."""

import math
from collections.abc import Iterable
from dataclasses import dataclass

MOST_DECADES = 14


@dataclass(frozen=True)
class Axis:
    """An axis from low to high; ticks lie between them. logarithmic: only what is above 0 has a position."""

    low: float
    high: float
    ticks: tuple[float, ...]
    logarithmic: bool = False

    def place(self, value: float) -> float:
        """The position of a value: 0 at the low end, 1 at the high one; what lies outside is put at the end."""
        low, high = self.low, self.high
        if self.logarithmic:
            low, high, value = math.log10(low), math.log10(high), math.log10(value) if value > 0 else -math.inf
        return min(1.0, max(0.0, (value - low) / (high - low)))


def finite(values: Iterable[float | None]) -> list[float]:
    """The values without None, NaN and infinity."""
    return [value for value in values if value is not None and math.isfinite(value)]


def linear_axis(
    values: Iterable[float | None], ticks: int = 5, from_zero: bool = False, at_most: float = math.inf
) -> Axis:
    """An axis around values, from one round number to another.

    Args:
        values: None and NaN are passed over.
        ticks: about so many.
        from_zero: begins at 0, as it does in any case where that costs little space.
        at_most: largest end of the axis that is below all values.
    """
    known = finite(values) or [0.0, 1.0]
    low, high = min(known), max(known)
    if from_zero or 0 < low < 0.35 * high:
        low = min(0.0, low)
    if low == high:
        margin = abs(low) / 2 or 0.5
        low, high = (0.0 if low >= 0 and from_zero else low - margin), high + margin
    step = _round_step((high - low) / max(1, ticks - 1))
    first = math.floor(low / step + 1e-9)
    last = max(first + 1, math.ceil(min(high, at_most) / step - 1e-9))
    marks = tuple(round(place * step, 12) for place in range(first, last + 1))
    return Axis(
        marks[0], min(marks[-1], max(at_most, high)), tuple(mark for mark in marks if mark <= max(at_most, high))
    )


def whole_axis(low: float, high: float, ticks: int = 8) -> Axis:
    """An axis of exactly low..high, for things that are counted, such as epochs and steps; a single one is in the
    middle.

    Args:
        low, high: the first and the last number.
        ticks: about so many.
    """
    if low == high:
        return Axis(low - 0.5, high + 0.5, (low,))
    step = max(1, _round_step((high - low) / ticks))
    marks = [
        mark
        for mark in (round(place * step) for place in range(math.ceil(low / step), math.floor(high / step) + 1))
        if mark > 0 or low <= 0
    ]
    if not marks or marks[0] - low >= step / 2:
        marks = [round(low), *marks]
    return Axis(low, high, tuple(float(mark) for mark in marks))


def logarithmic_axis(values: Iterable[float | None], ticks: int = 6) -> Axis:
    """An axis from one power of ten to another around the values above 0, of at most MOST_DECADES, the highest."""
    known = [value for value in finite(values) if value > 0] or [1.0]
    high = math.ceil(math.log10(max(known)) - 1e-9)
    low = max(math.floor(math.log10(min(known)) + 1e-9), high - MOST_DECADES)
    low = min(low, high - 1)
    every = max(1, math.ceil((high - low) / ticks))
    return Axis(
        10.0**low, 10.0**high, tuple(10.0**power for power in reversed(range(high, low - 1, -every))), logarithmic=True
    )


def _round_step(least: float) -> float:
    """The smallest of 1, 2, 2.5, 5 times a power of ten that is not below `least`."""
    power = 10.0 ** math.floor(math.log10(least))
    return next(factor * power for factor in (1, 2, 2.5, 5, 10) if factor * power >= least * (1 - 1e-9))
