"""The range of a tuned hyperparameter: an interval of numbers, or a list of values. It is written in three ways.

In sagemaker.toml: `lr = { min = 0.0001, max = 0.1, scale = "log" }`, `batch-size = [32, 64]`. On the command line:
`lr=0.0001..0.1:log`, `batch-size=32,64`. In a request, and in DescribeHyperParameterTuningJob's answer:
https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_ParameterRanges.html
"""

import math
import re
from dataclasses import dataclass
from typing import Any

SCALES = {"auto": "Auto", "linear": "Linear", "log": "Logarithmic", "reverse-log": "ReverseLogarithmic"}
TYPES = ("int", "float")
# https://docs.aws.amazon.com/sagemaker/latest/dg/automatic-model-tuning-limits.html
MOST = 30  # of what `searched_values` counts
_KEYS = ("min", "max", "scale", "type")
_NUMBER = r"-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?"
_INTERVAL = rf"({_NUMBER})\.\.({_NUMBER})((?::[a-z-]+)*)"


@dataclass(frozen=True)
class Categories:
    values: tuple[str, ...]


@dataclass(frozen=True)
class Interval:
    """low and high belong to it; both are whole numbers when it is `whole`. scale: one of SCALES."""

    low: float
    high: float
    whole: bool
    scale: str

    @property
    def is_logarithmic(self) -> bool:
        """Whether a picture of it wants a logarithmic axis: by its scale, or by itself where the scale is auto."""
        return self.scale == "log" or (self.scale == "auto" and self.low > 0 and self.high / self.low >= 100)


Range = Categories | Interval


def checked_range(value: object) -> Range:
    """A range as TOML has it, `{"min": 1, "max": 5}` or `[32, 64]`.

    Raises ValueError whose message goes on after the hyperparameter's name: "must have ...".
    """
    if isinstance(value, list):
        return _categories(value)
    if not isinstance(value, dict):
        raise ValueError(f"must be [value, value] or {{ min = number, max = number }}, not {value!r}")
    for key in value:
        if key not in _KEYS:
            raise ValueError(f"has {key}, which is none of {', '.join(_KEYS)}")
    for key in ("min", "max"):
        if (
            not isinstance(value.get(key), (int, float))
            or isinstance(value[key], bool)
            or not abs(value[key]) < float("inf")
        ):
            raise ValueError(f"must have a number as {key}" + (f", not {value[key]!r}" if key in value else ""))
    low, high, scale, kind = value["min"], value["max"], value.get("scale", "auto"), value.get("type")
    if scale not in SCALES:
        raise ValueError(f"must have one of {', '.join(SCALES)} as scale, not {scale!r}")
    if kind not in (None, *TYPES):
        raise ValueError(f"must have one of {', '.join(TYPES)} as type, not {kind!r}")
    are_whole = isinstance(low, int) and isinstance(high, int)
    if kind == "int" and not are_whole:
        raise ValueError(f"must have whole numbers as min and max with type int, not {low} and {high}")
    whole = are_whole and kind != "float"
    if not low < high:
        raise ValueError(f"must have a min below its max, not {low} and {high}")
    if scale == "log" and low <= 0:
        raise ValueError(f"must have a min above 0 with scale log, not {low}")
    if scale == "reverse-log" and (whole or low < 0 or high >= 1):
        raise ValueError("must have a min of at least 0, a max below 1 and type float with scale reverse-log")
    return Interval(low, high, whole, scale)


def range_of_text(text: str) -> Range:
    """A range as the command line has it: `0.0001..0.1`, `0.0001..0.1:log`, `1..5:linear:float`, `32,64`.

    Raises ValueError as `checked_range` does.
    """
    found = re.fullmatch(_INTERVAL, text)
    if not found:
        if ".." in text:
            raise ValueError(f"must be min..max, min..max:scale or value,value, not {text!r}")
        return _categories(text.split(","))
    value: dict[str, Any] = {"min": _number(found[1]), "max": _number(found[2])}
    for word in found[3].split(":")[1:]:
        key = "type" if word in TYPES else "scale"
        if key in value:
            raise ValueError(f"must have one {key}, not {value[key]} and {word}")
        value[key] = word
    return checked_range(value)


def ranges_of_request(parameter_ranges: dict[str, Any]) -> dict[str, Range]:
    """The ranges of a request, or of a description, by the hyperparameter's name."""
    found: dict[str, Range] = {}
    scales = {api: name for name, api in SCALES.items()}
    for kind, number, whole in (("ContinuousParameterRanges", float, False), ("IntegerParameterRanges", int, True)):
        for one in parameter_ranges.get(kind, []):
            scale = scales[one.get("ScalingType", "Auto")]
            found[one["Name"]] = Interval(number(one["MinValue"]), number(one["MaxValue"]), whole, scale)
    for one in parameter_ranges.get("CategoricalParameterRanges", []):
        found[one["Name"]] = Categories(tuple(value.strip('"') for value in one["Values"]))
    return found


def grid_size(ranges: dict[str, Range]) -> int:
    """How many combinations there are of the values of these lists."""
    return math.prod(len(one.values) for one in ranges.values() if isinstance(one, Categories))


def searched_values(ranges: dict[str, Range]) -> int:
    """What AWS's limit of searched hyperparameters counts: every value of a list, and each interval once."""
    return sum(len(one.values) if isinstance(one, Categories) else 1 for one in ranges.values())


def _categories(values: list[Any]) -> Categories:
    if not values or not all(isinstance(one, (str, int, float)) and str(one) for one in values):
        raise ValueError(f"must have text, numbers, true or false as values, at least one, not {values!r}")
    texts = tuple(str(one).lower() if isinstance(one, bool) else str(one) for one in values)
    if len(set(texts)) < len(texts):
        raise ValueError(f"must have each value once, not {', '.join(texts)}")
    if len(texts) > MOST:
        raise ValueError(f"must have at most {MOST} values, not {len(texts)}")
    return Categories(texts)


def _number(text: str) -> int | float:
    return int(text) if re.fullmatch(r"-?\d+", text) else float(text)
