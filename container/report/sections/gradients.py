"""The size of each layer's gradient: whether every part of the network learns, and none of it explodes."""

import math

from container.report.axis import finite
from container.report.gradient_chart import SHADES, norms_by_depth, norms_by_step
from container.report.markup import text
from container.report.record import GradientNorms, RunRecord
from container.report.sections.section import card, section
from container.report.shown_numbers import counted

MOST_NAMES = 5


def gradients(record: RunRecord) -> str:
    """The section of the gradients."""
    norms = record.gradient_norms
    body = ""
    if norms:
        values = [value for layer in norms.layers.values() for value in finite(layer)]
        body = _charts(norms) if norms.steps and any(value > 0 for value in values) else _silent(norms)
    return section("gradients", "Gradients", body, "Gradients were not recorded in this run.")


def _charts(norms: GradientNorms) -> str:
    shades = "".join(f"<i class='d{place}'></i>" for place in range(SHADES))
    scale = f"<p class='depth'>first layers {shades} last layers</p>"
    by_step = card(
        norms_by_step(norms) + scale,
        "Norm of each layer's gradient",
        "L2, by step, logarithmic",
        legend="How strongly each layer is asked to change. Good: all lines within a few powers of ten; none falls "
        "towards 0 (it no longer learns) or shoots up (lower lr).",
    )
    by_depth = card(
        norms_by_depth(norms) + scale,
        "By depth",
        "L2: the last step as a dot, the range over all steps as a bar",
        legend="The same by layer. Good: an even band; layers far below the others hardly learn.",
    )
    return f"<div class='grid two'>{by_step}{by_depth}</div>{_silent(norms)}"


def _silent(norms: GradientNorms) -> str:
    zero = [layer for layer, values in norms.layers.items() if finite(values) and max(finite(values)) == 0]
    lost = [
        layer
        for layer, values in norms.layers.items()
        if any(value is not None and not math.isfinite(value) for value in values)
    ]
    return _named(zero, "without any gradient") + _named(lost, "with a gradient that is not a number")


def _named(layers: list[str], what: str) -> str:
    if not layers:
        return ""
    rest = f" and {len(layers) - MOST_NAMES} more" if len(layers) > MOST_NAMES else ""
    said = f"{counted(len(layers), 'layer')} {what}: {', '.join(layers[:MOST_NAMES])}{rest}."
    return f"<p class='note'>{text(said)}</p>"
