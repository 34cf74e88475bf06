"""Fewer points for long series, without losing the highest and the lowest."""

import math
from typing import TypeGuard


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


def _is_number(value: float | None) -> TypeGuard[float]:
    return value is not None and math.isfinite(value)
