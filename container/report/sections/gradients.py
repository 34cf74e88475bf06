"""The size of each layer's gradient: whether every part of the network learns, and none of it explodes.

Norms are drawn over the steps, and side by side from the first layer to the last. A hundred lines in one chart are told
apart by their colour, which says how deep a layer is; names stand only at those that differ most.
"""

import math

from container.report.axis import finite, logarithmic_axis, whole_axis
from container.report.markup import card, section, shortened, text
from container.report.plot import path_of, plot, stretched, thinned
from container.report.record import GradientNorms, RunRecord
from container.report.shown_numbers import counted, number, tick

SHADES = 8  # classes d0 (first layers) to d7 (last layers)
MOST_POINTS = 120
HEIGHT = 260
MOST_NAMES = 5


def gradients(record: RunRecord) -> str:
    """The section of the gradients."""
    norms = record.gradient_norms
    body = ""
    if norms:
        values = [value for layer in norms.layers.values() for value in finite(layer)]
        body = _charts(norms) if norms.steps and any(value > 0 for value in values) else _silent(norms)
    return section("gradients", "Gradients", body, "Gradients were not recorded in this run.")


def norms_by_step(norms: GradientNorms) -> str:
    """SVG: a line for each layer on a logarithmic axis. Norms that are 0 or not finite leave a gap."""
    y = logarithmic_axis(value for values in norms.layers.values() for value in values)
    x = whole_axis(min(norms.steps), max(norms.steps), ticks=4)
    lines, ends = [], {}
    for place, (layer, values) in enumerate(norms.layers.items()):
        # On a logarithmic axis a norm of 0 has no place.
        drawn = [value if value and 0 < value < math.inf else None for value in values[: len(norms.steps)]]
        kept = [(place, drawn[place]) for place in thinned(drawn, MOST_POINTS)]
        points = [None if value is None else (x.place(norms.steps[place]), y.place(value)) for place, value in kept]
        colour = shade(place, len(norms.layers))
        lines.append(
            f"<path class='line layer {colour}' d='{path_of(points, HEIGHT)}'><title>{text(layer)}</title></path>"
        )
        if known := finite(values):
            ends[layer] = (y.place(known[-1]), shortened(layer, 20), colour)
    return plot(
        "Gradient norm of each layer by step",
        stretched("".join(lines), HEIGHT),
        HEIGHT,
        x=x,
        y=y,
        x_tick=tick,
        y_tick=tick,
        x_title="step",
        labels=[ends[layer] for layer in _with_names(norms, list(ends))],
    )


def norms_by_depth(norms: GradientNorms) -> str:
    """SVG: for each layer, from the first to the last, a bar from its smallest to its largest norm, and a dot for the
    last.
    """
    y = logarithmic_axis(value for values in norms.layers.values() for value in values)
    x = whole_axis(1, len(norms.layers), ticks=5)
    parts = []
    for place, (layer, values) in enumerate(norms.layers.items()):
        known = [value for value in finite(values) if value > 0]
        if not known:
            continue
        across, colour = f"{x.place(place + 1):.2%}", shade(place, len(norms.layers))
        low, high, last = ((1 - y.place(value)) * HEIGHT for value in (min(known), max(known), known[-1]))
        said = f"{place + 1}. {layer}: last {number(known[-1])}, from {number(min(known))} to {number(max(known))}"
        parts.append(
            f"<g class='{colour}'><title>{text(said)}</title><line class='range' x1='{across}' x2='{across}' "
            f"y1='{low:.1f}' y2='{high:.1f}'/>"
            f"<circle cx='{across}' cy='{last:.1f}' r='{2.8 if len(norms.layers) <= 60 else 2}'/></g>"
        )
    return plot(
        "Gradient norm by depth",
        "".join(parts),
        HEIGHT,
        x=x,
        y=y,
        x_tick=tick,
        y_tick=tick,
        x_title="layer, from the input to the output",
    )


def shade(place: int, count: int) -> str:
    """The CSS class of the colour of layer `place` of `count`."""
    return f"d{round(place / max(1, count - 1) * (SHADES - 1))}"


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


def _with_names(norms: GradientNorms, layers: list[str]) -> list[str]:
    """Layers with names: all of a few; else the first, the last, and those with the extreme last norms."""
    if len(layers) <= 6:
        return layers
    last = {layer: [value for value in finite(norms.layers[layer]) if value > 0][-1] for layer in layers}
    smallest, largest = min(last, key=last.__getitem__), max(last, key=last.__getitem__)
    return list(dict.fromkeys([layers[0], layers[-1], smallest, largest]))
