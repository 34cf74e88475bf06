"""The machine while it trained: a small chart with a legend for each metric, one below the other over the same time."""

from functools import partial

from container.report.axis import Axis, finite, linear_axis
from container.report.line_chart import Line, line_chart
from container.report.markup import name, text
from container.report.record import System
from container.report.shown_numbers import number, tick

HEIGHT = 56
LEFT = 46  # the same for all, so that moments lie below each other
MINUTE = 60
# What a metric means and what good looks like, by the beginning of its name in the record (profile_record); the first
# that fits counts.
_LEGENDS = (
    ("CPU of other programs", "Share of the cores that programs outside this job had. Good: near 0."),
    ("CPU stolen", "Share of the cores that the hypervisor gave to other virtual machines. Good: 0."),
    ("CPU limit reached", "How often the container was halted at its CPU limit. Good: 0."),
    ("CPU", "Use of all cores. Good on a CPU: near 100% while it trains; with a GPU: below that."),
    ("memory of GPU", "Good: level. Much room left is room for a larger batch-size."),
    ("memory", "Good: level, and well below 100%."),
    ("GPU", "Share of the time in which the GPU computed. Good: near 100%; each gap is a wait."),
    ("waiting for disks", "Good: near 0. More: the disk cannot keep up."),
    ("read from disks", "Good: much while the pictures are decoded, little afterwards."),
    ("written to disks", "Good: peaks where models and checkpoints are saved."),
    ("received", "What came over the network: gradients of other hosts, pictures in FastFile mode."),
    ("sent", "What went over the network: gradients to other hosts."),
)


def small_multiples(system: System) -> str:
    """HTML with an SVG for each metric, its name, mean and highest value. A metric without a number is left out."""
    seconds = system.seconds
    scale, unit = (MINUTE, "min") if max(seconds) > 5 * MINUTE else (1, "s")
    times = [one / scale for one in seconds]
    x = _time_axis(times)
    parts = []
    for title, values in system.series.items():
        known = finite(values)
        if not known:
            continue
        what, _, of = title.rpartition(",")
        what, of = (what, of.strip()) if what else (title, "")
        y = Axis(0, 100, (0, 50, 100)) if of == "%" and max(known) <= 100 else linear_axis(known, 3, from_zero=True)
        suffix = "%" if of == "%" else f" {of}" if of else ""
        chart = line_chart(
            title,
            times,
            [Line("", values, "s1")],
            x=x,
            y=y,
            x_title="",
            x_tick=lambda value: f"{tick(round(value, 2))} {unit}",
            y_tick=partial(_tick_label, "%" if suffix == "%" else ""),
            said=partial(_number_label, suffix),
            height=HEIGHT,
            named=False,
            left=LEFT,
        )
        parts.append(
            f"<div class='counter'><p>{name(what)} <span>mean {text(number(sum(known) / len(known)) + suffix)}, "
            f"highest {text(number(max(known)) + suffix)}</span></p>"
            f"{_legend(title)}{chart}</div>"
        )
    return f"<div class='counters'>{''.join(parts)}</div>" if parts else ""


def legend_of(metric: str) -> str:
    """Plain text; empty for a metric that is not known."""
    return next((legend for beginning, legend in _LEGENDS if metric.startswith(beginning)), "")


def _legend(metric: str) -> str:
    legend = legend_of(metric)
    return f"<p class='legend'>{text(legend)}</p>" if legend else ""


def _time_axis(times: list[float]) -> Axis:
    ticks = linear_axis([0, max(times)], 5, from_zero=True).ticks
    return Axis(0, max(times) or 1.0, tuple(one for one in ticks if one <= (max(times) or 1.0)))


def _tick_label(suffix: str, value: float) -> str:
    return f"{tick(value)}{suffix}"


def _number_label(suffix: str, value: float) -> str:
    return f"{number(value)}{suffix}"
