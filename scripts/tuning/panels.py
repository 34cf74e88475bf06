"""Panels of a tuning job's picture: one for the order of the trials, one for each tuned hyperparameter.

Only figures are made here; `picture` draws them.
"""

import math
from dataclasses import dataclass

from scripts.config.ranges import Categories, Interval
from scripts.tuning.job import Trial, Tuning

MOST_TICKS = 6
FEW_VALUES = 20  # of whole numbers: so many that trials of the same one need to be drawn apart
PADDING = 0.05  # of an axis, on both sides of what is on it
NO_VALUE = 0.12  # of the height, under the lowest objective: room for the trials that have none


@dataclass(frozen=True)
class Panel:
    """label: of the horizontal axis. places: of the trials on it, by number; one without a place is not shown.

    ticks: place and text; none where the drawing may choose. limits: the ends of the axis. is_category: places are
    those of words, side by side."""

    label: str
    is_log: bool
    is_category: bool
    places: dict[int, float]
    ticks: tuple[tuple[float, str], ...]
    limits: tuple[float, float]


@dataclass(frozen=True)
class Heights:
    """The vertical axis of all panels. has_room: whether there is room at its foot for trials without an objective."""

    low: float
    high: float
    is_log: bool
    has_room: bool


def panels(tuning: Tuning) -> list[Panel]:
    """The order of the trials, then the hyperparameters as they stand in the ranges."""
    numbers = {trial.number: float(trial.number) for trial in tuning.trials}
    last = max(numbers, default=1)
    beside = max(0.6, 0.015 * last)
    order = Panel("trial", False, False, numbers, whole_ticks(1, last), (1 - beside, last + beside))
    return [order, *(_of_hyperparameter(tuning, name) for name in tuning.ranges)]


def heights(tuning: Tuning) -> Heights:
    """Everything that has an objective fits. A loss that spans two decades or more gets a logarithmic axis."""
    values = [trial.objective for trial in tuning.trials if trial.objective is not None] or [0.0, 1.0]
    low, high = min(values), max(values)
    is_log = not tuning.maximize and low > 0 and high / low >= 100
    has_room = any(trial.objective is None for trial in tuning.trials)
    if low == high:
        low, high = low - (abs(low) * 0.1 or 0.1), high + (abs(high) * 0.1 or 0.1)
    low, high = _padded(low, high, is_log, NO_VALUE if has_room else PADDING, PADDING)
    return Heights(low, high, is_log, has_room)


def grid(count: int) -> tuple[int, int]:
    """Rows and columns for `count` hyperparameters; (0, 1) for none."""
    if count == 0:
        return 0, 1
    rows = math.ceil(count / (4 if count > 6 else 3))
    return rows, math.ceil(count / rows)


def outcome(trial: Trial) -> str:
    """`completed`, `stopped`, `failed` or `running`: how the picture marks it."""
    return {"Completed": "completed", "Failed": "failed", "Stopped": "stopped"}.get(trial.status, "running")


def log_ticks(low: float, high: float) -> tuple[tuple[float, str], ...]:
    """At most MOST_TICKS round figures between two positive ones: powers of ten, or 1, 2 and 5 times those, or the
    ends.
    """
    first, last = math.floor(math.log10(low)), math.ceil(math.log10(high))
    for steps in ((1, 2, 5), (1,)):
        found = [step * 10.0**power for power in range(first, last + 1) for step in steps]
        found = [one for one in found if low * (1 - 1e-9) <= one <= high * (1 + 1e-9)]
        if 2 <= len(found) <= MOST_TICKS:
            return _named(found)
    if len(found) > MOST_TICKS:
        return _named(found[:: math.ceil(len(found) / MOST_TICKS)])
    return _named([low, high])


def _of_hyperparameter(tuning: Tuning, name: str) -> Panel:
    texts = {
        trial.number: trial.hyperparameters[name].strip('"') for trial in tuning.trials if name in trial.hyperparameters
    }
    searched = tuning.ranges[name]
    if isinstance(searched, Categories):
        return _of_categories(name, list(searched.values), texts)
    return _of_interval(name, searched, {number: float(text) for number, text in texts.items()})


def _of_categories(name: str, words: list[str], texts: dict[int, str]) -> Panel:
    places = {number: words.index(text) + _jitter(number) for number, text in texts.items() if text in words}
    return Panel(
        name,
        False,
        True,
        places,
        tuple((float(place), word) for place, word in enumerate(words)),
        (-0.5, len(words) - 0.5),
    )


def _of_interval(name: str, searched: Interval, values: dict[int, float]) -> Panel:
    low, high, is_log = searched.low, searched.high, searched.is_logarithmic
    limits = _padded(low, high, is_log, PADDING, PADDING)
    if searched.whole and not is_log and high - low < FEW_VALUES:
        values, limits = {number: value + _jitter(number) for number, value in values.items()}, (low - 0.5, high + 0.5)
    ticks = log_ticks(low, high) if is_log else whole_ticks(int(low), int(high)) if searched.whole else ()
    return Panel(name, is_log, False, values, ticks, limits)


def whole_ticks(low: int, high: int) -> tuple[tuple[float, str], ...]:
    """At most MOST_TICKS whole numbers from low to high, at an even distance of 1, 2 or 5 times a power of ten."""
    steps = (step * 10**power for power in range(19) for step in (1, 2, 5))
    step = next(step for step in steps if (high - low) // step < MOST_TICKS)
    first = low if step == 1 else -(-low // step) * step
    return tuple((float(one), str(one)) for one in range(first, high + 1, step))


def _padded(low: float, high: float, is_log: bool, below: float, above: float) -> tuple[float, float]:
    if is_log:
        width = math.log(high / low)
        return low * math.exp(-below * width), high * math.exp(above * width)
    return low - below * (high - low), high + above * (high - low)


def _named(places: list[float]) -> tuple[tuple[float, str], ...]:
    return tuple((one, f"{one:g}") for one in places)


def _jitter(number: int) -> float:
    """Trials of the same value side by side, always at the same place: multiples of the golden ratio spread evenly."""
    return ((number - 1) * 0.6180339887 + 0.5) % 1 * 0.36 - 0.18
