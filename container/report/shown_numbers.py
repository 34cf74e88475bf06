"""Numbers as text: as many digits as mean something, and a word where there is no number."""

import math

NONE = "–"


def number(value: float | None, digits: int = 3) -> str:
    """`digits` significant digits: 0.412, 1,234, 3.2e-07; whole numbers whole."""
    if value is None:
        return NONE
    if math.isnan(value):
        return "not a number"
    if math.isinf(value):
        return "infinite" if value > 0 else "minus infinite"
    if value == 0 or (float(value).is_integer() and abs(value) < 1e6):
        return f"{value:,.0f}"
    exponent = math.floor(math.log10(abs(value)))
    if exponent < -4 or exponent >= 6:
        return _powers(value, digits - 1)
    return f"{value:,.{max(0, digits - 1 - exponent)}f}"


def given(value: float) -> str:
    """A number that was set, not measured: 0.001, 1e-07, 70."""
    return f"{value:.6g}"


def loss(value: float | None) -> str:
    """Three decimals, or three significant digits where that would say nothing."""
    return f"{value:.3f}" if value is not None and 0.001 <= value < 1000 else number(value)


def percent(share: float | None, digits: int = 1) -> str:
    """0.934 -> 93.4%"""
    if share is None or not math.isfinite(share):
        return number(share)
    return f"{share * 100:.{digits}f}%"


def tick(value: float) -> str:
    """A number at an axis: short, without digits that say nothing."""
    if value != 0 and not 1e-3 <= abs(value) < 1e5:
        return _powers(value, 1)
    return f"{value:,.10f}".rstrip("0").rstrip(".") if abs(value) < 1000 else f"{value:,.0f}"


def _powers(value: float, decimals: int) -> str:
    mantissa, exponent = f"{value:.{decimals}e}".split("e")
    return f"{mantissa.rstrip('0').rstrip('.') if decimals else mantissa}e{int(exponent)}"


def duration(seconds: float | None) -> str:
    """0.8 s, 45 s, 3 min 12 s, 2 h 5 min."""
    if seconds is None or not math.isfinite(seconds):
        return number(seconds)
    if seconds < 10:
        return f"{seconds:.1f} s"
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60} s"
    minutes = round(seconds / 60)
    return f"{minutes // 60} h {minutes % 60} min"


def short_time(seconds: float | None) -> str:
    """The time of a step or a part of it: 412 µs, 12.4 ms, 1.32 s."""
    if seconds is None or not math.isfinite(seconds):
        return number(seconds)
    if seconds >= 1:
        return f"{number(seconds)} s"
    return f"{number(seconds * 1e3)} ms" if seconds >= 1e-3 or seconds == 0 else f"{number(seconds * 1e6)} µs"


def counted(count: int, noun: str, plural: str = "") -> str:
    """A number and its noun: 1 picture, 1,234 pictures."""
    return f"{count:,} {noun if count == 1 else plural or f'{noun}s'}"
