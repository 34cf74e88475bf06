"""Charts of step times: all steps as one bar, and the phases stacked over the steps."""

import math

from container.report.axis import Axis, finite, linear_axis, whole_axis
from container.report.markup import shortened, text
from container.report.plot import WIDTH, averaged, plot, stretched
from container.report.record import PhaseTime, StepSeries
from container.report.shown_numbers import percent, short_time, tick

COLOURS = ("s1", "s2", "s3", "s4", "s5", "s6")
MOST_POINTS = 240
HEIGHT = 200
NARROW = 0.12  # a part of the bar that is smaller has no room for its name


def colours(phases: list[str]) -> dict[str, str]:
    """The CSS class of each phase's colour, the same in every chart."""
    return {phase: COLOURS[place % len(COLOURS)] for place, phase in enumerate(phases)}


def share_bar(summary: dict[str, PhaseTime]) -> str:
    """HTML: one bar of 100%, in the order of the phases, with names where they fit; the table beside it has all."""
    shares = {phase: share for phase, one in summary.items() for share in finite([one.share]) if share > 0}
    whole = sum(shares.values())
    chosen = colours(list(summary))
    parts = [
        f"<span class='{chosen[phase]}' style='width:{share / whole:.2%}' title='{text(phase)} {percent(share)}'>"
        f"{f'<b>{text(phase)}</b> {percent(share, 0)}' if share / whole >= NARROW else ''}</span>"
        for phase, share in shares.items()
    ]
    return (
        "<div class='shares' role='img' aria-label='Share of each phase in the time of the "
        f"steps'>{''.join(parts)}</div>"
        if parts
        else ""
    )


def steps_a_point(series: StepSeries) -> int:
    """Number of steps that a point of `stacked_steps` is the mean of."""
    return math.ceil(len(series.steps) / MOST_POINTS)


def stacked_steps(series: StepSeries, phases: list[str]) -> str:
    """SVG: seconds of a step, phase upon phase. With many steps each point is the mean of several in a row.

    phases: all names, in the order of their colours.
    """
    chosen = colours(phases)
    count = len(series.steps)
    means = {
        phase: [value or 0.0 for _, value in averaged(values[:count] + [None] * (count - len(values)), MOST_POINTS)]
        for phase, values in series.phases.items()
    }
    steps = [series.steps[place] for place, _ in averaged([0.0] * count, MOST_POINTS)]
    totals = [sum(parts) for parts in zip(*means.values(), strict=True)]
    scale, unit = (1.0, "s") if max(totals) >= 1 else (1e3, "ms")
    y = linear_axis([total * scale for total in totals], from_zero=True)
    x = whole_axis(min(series.steps), max(series.steps), ticks=4)
    below, areas, labels = [0.0] * len(steps), [], []
    for phase, values in means.items():
        above = [low + value * scale for low, value in zip(below, values, strict=True)]
        areas.append(
            f"<path class='area {chosen.get(phase, 's6')}' "
            f"d='{_band(steps, below, above, x, y)}'><title>{text(phase)}</title></path>"
        )
        if max(values) > 0:
            labels.append(
                (
                    y.place((below[-1] + above[-1]) / 2),
                    f"{shortened(phase, 14)} {short_time(values[-1])}",
                    chosen.get(phase, "s6"),
                )
            )
        below = above
    title = f"Time of a step by phase, {unit}"
    return plot(
        title,
        stretched("".join(areas), HEIGHT),
        HEIGHT,
        x=x,
        y=y,
        x_tick=tick,
        y_tick=lambda value: f"{tick(value)} {unit}",
        x_title="step",
        labels=labels if len(labels) <= len(COLOURS) else (),
    )


def _band(steps: list[int], below: list[float], above: list[float], x: Axis, y: Axis) -> str:
    if len(steps) == 1:  # as wide as the plot
        low, high = HEIGHT * (1 - y.place(below[0])), HEIGHT * (1 - y.place(above[0]))
        return f"M0 {low:.1f}V{high:.1f}H{WIDTH}V{low:.1f}Z"
    there = [
        f"{x.place(step) * WIDTH:.1f} {HEIGHT * (1 - y.place(value)):.1f}"
        for step, value in zip(steps, above, strict=True)
    ]
    back = [
        f"{x.place(step) * WIDTH:.1f} {HEIGHT * (1 - y.place(value)):.1f}"
        for step, value in zip(steps, below, strict=True)
    ]
    return f"M{'L'.join([*there, *reversed(back)])}Z"
