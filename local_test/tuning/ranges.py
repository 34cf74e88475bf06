"""ParameterRanges: what the search draws from, and how a drawn value is written down.

Each range has an Optuna distribution. What it draws is a coordinate: the value itself, except under ReverseLogarithmic,
where it is 1 - value on a logarithmic scale.

https://docs.aws.amazon.com/sagemaker/latest/dg/automatic-model-tuning-define-ranges.html
"""

import math
import re
from dataclasses import dataclass
from typing import Any

from optuna.distributions import BaseDistribution, CategoricalDistribution, FloatDistribution, IntDistribution

# https://docs.aws.amazon.com/sagemaker/latest/dg/automatic-model-tuning-limits.html
MOST_SEARCHED = 30  # ranges of all kinds together, a categorical one as often as it has values
MANY_TIMES = 100  # Auto takes a logarithmic scale for two orders of magnitude and more
LARGEST_INTEGER = 2**53  # Optuna computes with floats, which hold every integer up to here
NUMBER = re.compile(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?")
INTEGER = re.compile(r"[+-]?[0-9]+")


@dataclass(frozen=True)
class IntegerRange:
    """low, high: both can be drawn."""

    name: str
    low: int
    high: int
    logarithmic: bool

    @property
    def size(self) -> int:
        return self.high - self.low + 1

    @property
    def distribution(self) -> BaseDistribution:
        return IntDistribution(self.low, self.high, log=self.logarithmic)

    def text(self, coordinate: int) -> str:
        return str(int(coordinate))

    def text_at(self, index: int) -> str:
        """index: from 0 up to, not including, size."""
        return str(self.low + index)

    def coordinate(self, text: str) -> int | None:
        """None for what is not in the range."""
        value = int(text) if INTEGER.fullmatch(text) else None
        return value if value is not None and self.low <= value <= self.high else None


@dataclass(frozen=True)
class ContinuousRange:
    """scale: Linear, Logarithmic or ReverseLogarithmic."""

    name: str
    low: float
    high: float
    scale: str

    @property
    def size(self) -> float:
        return math.inf

    @property
    def distribution(self) -> BaseDistribution:
        if self.scale == "ReverseLogarithmic":
            return FloatDistribution(1 - self.high, 1 - self.low, log=True)
        return FloatDistribution(self.low, self.high, log=self.scale == "Logarithmic")

    def text(self, coordinate: float) -> str:
        """The shortest digits that give the same float again."""
        value = 1 - coordinate if self.scale == "ReverseLogarithmic" else coordinate
        return repr(float(min(max(value, self.low), self.high)))  # 1 - (1 - x) is not always x

    def coordinate(self, text: str) -> float | None:
        """None for what is not in the range."""
        value = float(text) if NUMBER.fullmatch(text) else math.nan
        if not self.low <= value <= self.high:
            return None
        return 1 - value if self.scale == "ReverseLogarithmic" else value


@dataclass(frozen=True)
class CategoricalRange:
    """values: verbatim, as SDK version 2 sends them with a second pair of quotes."""

    name: str
    values: tuple[str, ...]

    @property
    def size(self) -> int:
        return len(self.values)

    @property
    def distribution(self) -> BaseDistribution:
        return CategoricalDistribution(self.values)

    def text(self, coordinate: str) -> str:
        return coordinate

    def text_at(self, index: int) -> str:
        """index: from 0 up to, not including, size."""
        return self.values[index]

    def coordinate(self, text: str) -> str | None:
        """None for what is not in the range."""
        return text if text in self.values else None


Range = IntegerRange | ContinuousRange | CategoricalRange


def read(ranges: dict[str, Any]) -> list[Range]:
    """ranges: ParameterRanges of a request. Raises ValueError for the first range that is none.

    ScalingType Auto, or none, is Logarithmic when MinValue is above 0 and MaxValue is 100 times as large or more, else
    Linear. AWS keeps its own rule to itself; its guide advises a linear scale within one order of magnitude and a
    logarithmic one over several.
    """
    return [
        *(_integer(one) for one in ranges.get("IntegerParameterRanges", [])),
        *(_continuous(one) for one in ranges.get("ContinuousParameterRanges", [])),
        *(CategoricalRange(one["Name"], tuple(one["Values"])) for one in ranges.get("CategoricalParameterRanges", [])),
    ]


def check(ranges: dict[str, Any]) -> None:
    """ranges: ParameterRanges of a request. Raises ValueError, a sentence, for the first thing that AWS refuses."""
    found = read(ranges)
    names = [one.name for one in found]
    if not found:
        raise ValueError("ParameterRanges has no range: name at least one hyperparameter that is to be tuned.")
    count = sum(one.size if isinstance(one, CategoricalRange) else 1 for one in found)
    if count > MOST_SEARCHED:
        raise ValueError(
            f"ParameterRanges counts {count}, and at most {MOST_SEARCHED} can be searched: each value of a categorical "
            "range counts, and each other range once."
        )
    for one in found:
        if names.count(one.name) > 1:
            raise ValueError(f"ParameterRanges names the hyperparameter {one.name} twice. Keep one of the two.")
        if isinstance(one, CategoricalRange):
            for value in one.values:
                if one.values.count(value) > 1:
                    raise ValueError(f"The hyperparameter {one.name} has the value {value} twice. Keep one of the two.")


def _integer(given: dict[str, Any]) -> IntegerRange:
    name, scaling = given["Name"], given.get("ScalingType", "Auto")
    for field in ("MinValue", "MaxValue"):
        if not INTEGER.fullmatch(given[field]):
            raise ValueError(
                f"{field} of the hyperparameter {name} is {given[field]!r}: an integer range needs integers, such as 8."
            )
        if abs(int(given[field])) > LARGEST_INTEGER:
            raise ValueError(
                f"{field} of the hyperparameter {name} is {given[field]}: an integer range goes up to "
                f"{LARGEST_INTEGER}."
            )
    low, high = int(given["MinValue"]), int(given["MaxValue"])
    if scaling == "ReverseLogarithmic":
        raise ValueError(
            f"The hyperparameter {name} is an integer: ReverseLogarithmic is for continuous ranges. Take Auto, Linear "
            "or Logarithmic."
        )
    return IntegerRange(name, low, high, _scale(name, low, high, scaling) == "Logarithmic")


def _continuous(given: dict[str, Any]) -> ContinuousRange:
    name = given["Name"]
    for field in ("MinValue", "MaxValue"):
        if not NUMBER.fullmatch(given[field]) or not math.isfinite(float(given[field])):
            raise ValueError(
                f"{field} of the hyperparameter {name} is {given[field]!r}: a continuous range needs a finite number, "
                "such as 0.001."
            )
    low, high = float(given["MinValue"]), float(given["MaxValue"])
    scale = _scale(name, low, high, given.get("ScalingType", "Auto"))
    if scale == "Linear" and not math.isfinite(high - low):
        raise ValueError(
            f"The range of the hyperparameter {name}, {low} to {high}, is too wide to be searched. Take a narrower one."
        )
    return ContinuousRange(name, low, high, scale)


def _scale(name: str, low: float, high: float, scaling: str) -> str:
    if low >= high:
        raise ValueError(
            f"The range of the hyperparameter {name} is from {low} to {high}: MinValue must be below MaxValue. "
            "A value that stays the same belongs into StaticHyperParameters."
        )
    if scaling == "Auto":
        return "Logarithmic" if low > 0 and high / low >= MANY_TIMES else "Linear"
    if scaling == "Logarithmic" and low <= 0:
        raise ValueError(
            f"The range of the hyperparameter {name} begins at {low}: Logarithmic is for values above 0. Raise "
            "MinValue or take Linear."
        )
    if scaling == "ReverseLogarithmic" and not 0 <= low < high < 1:
        raise ValueError(
            f"The range of the hyperparameter {name} is from {low} to {high}: ReverseLogarithmic is for values from 0 "
            "to below 1."
        )
    return scaling
