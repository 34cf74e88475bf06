"""The part of JSONPath that DataProcessing takes: `$`, `.name`, `['a','b']`, `[0,2,-1]`, `[1:]` and mixes of the last
two.

Source: https://docs.aws.amazon.com/sagemaker/latest/dg/batch-transform-data-processing.html#data-processing-operators
"""

import re
from dataclasses import dataclass
from typing import Any

STEP = re.compile(r"\.?\[(?P<bracket>[^\]]*)\]|\.(?P<name>[^.\[\]'\"*\s]+)")
QUOTED = re.compile(r"""'([^']*)'|"([^"]*)\"""")
NUMBER = re.compile(r"-?\d+")
SLICE = re.compile(r"(-?\d+)?:(-?\d+)?")

Selector = str | int | slice


@dataclass(frozen=True)
class JsonPath:
    """steps: selectors of each step; a step of more than one, or of a slice, selects a part and is the last."""

    steps: tuple[tuple[Selector, ...], ...]

    @classmethod
    def parse(cls, text: str) -> "JsonPath":
        """Raises ValueError; its message does not name the field."""
        if not text.startswith("$"):
            raise ValueError(f"{text!r} does not begin with $.")
        steps, at = [], 1
        while at < len(text):
            found = STEP.match(text, at)
            if not found:
                known = ".name, ['name', ...], [number, ...] or [start:end]"
                raise ValueError(f"{text!r} has something at {text[at:]!r} that is not {known}.")
            steps.append((found["name"],) if found["name"] else _selectors(found["bracket"], text))
            at = found.end()
        if any(_selects_a_part(step) for step in steps[:-1]):
            raise ValueError(f"{text!r} goes on after it has selected several elements.")
        return cls(tuple(steps))

    @property
    def takes_columns(self) -> bool:
        """Whether it can be applied to a row of CSV: it is `$`, or one step of numbers and slices."""
        return not self.steps or (len(self.steps) == 1 and not isinstance(self.steps[0][0], str))

    def of(self, value: Any) -> Any:
        """What it selects of a JSON value. Raises ValueError when something is not there."""
        for step in self.steps:
            value = _select(value, step)
        return value

    def of_row(self, row: list[str]) -> list[str]:
        """What it selects of a row of CSV: always a row."""
        selected = self.of(row)
        return selected if isinstance(selected, list) else [selected]


def _selectors(bracket: str, text: str) -> tuple[Selector, ...]:
    parts = [part.strip() for part in bracket.split(",")]
    if all(QUOTED.fullmatch(part) for part in parts):
        return tuple(part[1:-1] for part in parts)
    selectors: list[Selector] = []
    for part in parts:
        if NUMBER.fullmatch(part):
            selectors.append(int(part))
        elif found := SLICE.fullmatch(part):
            selectors.append(slice(*(int(end) if end else None for end in found.groups())))
        else:
            raise ValueError(
                f"{text!r} has {part!r} between brackets: neither a quoted name nor a number nor start:end."
            )
    return tuple(selectors)


def _selects_a_part(step: tuple[Selector, ...]) -> bool:
    return len(step) > 1 or isinstance(step[0], slice)


def _select(value: Any, step: tuple[Selector, ...]) -> Any:
    if isinstance(step[0], str):
        if not isinstance(value, dict):
            raise ValueError(f"there is no {step[0]!r} in what is no object")
        missing = [name for name in step if name not in value]
        if missing:
            raise ValueError(f"there is no {missing[0]!r}")
        return {name: value[name] for name in step} if len(step) > 1 else value[step[0]]
    if not isinstance(value, list):
        raise ValueError("there is no numbered element in what is no array")
    outside = [index for index in step if isinstance(index, int) and not -len(value) <= index < len(value)]
    if outside:
        raise ValueError(f"there is no element {outside[0]} among {len(value)}")
    if not _selects_a_part(step):
        return value[step[0]]
    numbered = [one for one in step if not isinstance(one, str)]
    return [element for one in numbered for element in (value[one] if isinstance(one, slice) else [value[one]])]
