"""A metric as a training went on: read out of its log, as the service reads it, or out of the report that it left."""

import math
import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from contract.metric_lines import OF_AN_EPOCH

# `epoch=3 `, `Epoch 3/10`, `Epoch: [3]`, `"epoch": 3`
_EPOCH = re.compile(r"\bepoch\b\W{0,3}(\d+)", re.IGNORECASE)


@dataclass(frozen=True)
class Series:
    """points: (place, value), by place. by_epoch: whether a place is an epoch; else it is the order in the log, from
    1.
    """

    points: tuple[tuple[int, float], ...]
    by_epoch: bool

    def at(self, place: int) -> float | None:
        return next((value for where, value in self.points if where == place), None)


def series_of_log(lines: Iterable[str], definitions: Iterable[dict[str, Any]]) -> dict[str, Series]:
    """Every metric that the log has, by name. definitions: the request's MetricDefinitions.

    Where each value stands on a line with an epoch, the last one of an epoch is its value; a spot job may train one
    twice. A regex that Python cannot read finds nothing.
    """
    lines = list(lines)
    found: dict[str, Series] = {}
    for definition in definitions:
        try:
            regex = re.compile(definition["Regex"])
        except re.error:
            continue
        values = [(_epoch(line), value) for line in lines for value in _values(regex, line)]
        if not values:
            continue
        by_epoch = {epoch: value for epoch, value in values if epoch is not None}
        if all(epoch is not None for epoch, _ in values):
            found[definition["Name"]] = Series(tuple(sorted(by_epoch.items())), True)
        else:
            found[definition["Name"]] = Series(tuple(enumerate((value for _, value in values), 1)), False)
    return found


def series_of_record(record: Any) -> dict[str, Series]:
    """The metrics of the epochs that a report tells of, by name. record: report.json's, or whatever else was there."""
    epochs = record.get("epochs") if isinstance(record, dict) else None
    known = [one for one in epochs if isinstance(one, dict)] if isinstance(epochs, list) else []
    found = {}
    for metric in OF_AN_EPOCH:
        points = {
            one["epoch"]: value
            for one in known
            if isinstance(one.get("epoch"), int) and (value := number(one.get(metric))) is not None
        }
        if points:
            found[metric] = Series(tuple(sorted(points.items())), True)
    return found


def number(value: object) -> float | None:
    """A finite number as it is, None for anything else: JSON has a text in the place of NaN."""
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not math.isfinite(value):
        return None
    return float(value)


def _epoch(line: str) -> int | None:
    match = _EPOCH.search(line)
    return int(match[1]) if match else None


def _values(regex: re.Pattern[str], line: str) -> list[float]:
    found = []
    for match in regex.finditer(line):
        try:
            value = number(float(match[1]))
        except (ValueError, TypeError, IndexError):  # no number, a group that took no part, no group
            continue
        if value is not None:
            found.append(value)
    return found
