"""Fewer points for long series, without losing the highest and the lowest ones."""

import math


def thinned(values: list[float | None], most: int) -> list[int]:
    """Positions to draw, at most about `most`: the first, the last, and of each stretch between them the lowest and the
    highest.
    """
    if len(values) <= most:
        return list(range(len(values)))
    stretch = math.ceil(len(values) / max(1, most // 2))
    kept = {0, len(values) - 1}
    for start in range(0, len(values), stretch):
        places = [place for place in range(start, min(start + stretch, len(values))) if _is_number(values[place])]
        if places:
            kept |= {min(places, key=lambda place: values[place]), max(places, key=lambda place: values[place])}
        else:
            kept.add(start)  # a gap stays one
    return sorted(kept)


def averaged(values: list[float | None], most: int) -> list[tuple[int, float | None]]:
    """The mean of each stretch and the position of its middle, at most `most` of them; None where a stretch has no
    number.
    """
    stretch = max(1, math.ceil(len(values) / most))
    found = []
    for start in range(0, len(values), stretch):
        part = [value for value in values[start : start + stretch] if _is_number(value)]
        middle = start + (min(stretch, len(values) - start) - 1) // 2
        found.append((middle, sum(part) / len(part) if part else None))
    return found


def _is_number(value: float | None) -> bool:
    return value is not None and math.isfinite(value)
