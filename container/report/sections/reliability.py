"""Calibration: how reliable the probabilities are with the model's temperature and without, and what thresholds do.

The reliability diagram is that of Guo et al. 2017, figure 1, https://arxiv.org/abs/1706.04599, drawn without torch, as
every part of the page is.
"""

import math

from container.report.axis import Axis
from container.report.markup import card, section, table, text
from container.report.plot import WIDTH, plot, stretched
from container.report.record import Bin, Calibration, Evaluation, RunRecord
from container.report.shown_numbers import counted, given, percent

HEIGHT = 260
LARGEST = 11  # radius of the fullest bin's dot, pixels
SHARE_AXIS = Axis(0, 1, (0, 0.25, 0.5, 0.75, 1))


def reliability(record: RunRecord) -> str:
    """The section of the calibration."""
    found = record.evaluation
    body = ""
    if found and found.calibration and _measured(found.calibration):
        numbers = card(
            _bins(found.calibration.bins),
            "The same in numbers",
            "bins without pictures left out",
            legend="Good: mean and right are nearly the same in each row.",
        )
        before = found.uncalibrated
        cards = [_diagram("Reliability", found.calibration)]
        if before and _measured(before):
            cards.append(_diagram("Without the temperature", before))
        cards.append(numbers)
        if found.thresholds and found.n:
            cards.append(
                card(
                    _thresholds(found),
                    "Thresholds",
                    "what unknown-below would leave without a label",
                    legend="A higher threshold names fewer pictures, and those more reliably. Good: a high share right "
                    "while few are without a label.",
                )
            )
        body = f"{_sentences(found)}<div class='grid two'>{''.join(cards)}</div>"
    return section(
        "reliability",
        "How far the probabilities can be trusted",
        body,
        "No split was evaluated at the end, so there is nothing to compare.",
    )


def reliability_chart(calibration: Calibration) -> str:
    """SVG of the reliability diagram: a dot for each bin with pictures, its area their number.

    On the diagonal the model is right as often as it says.
    """
    most = max(one.n for one in calibration.bins)
    gaps, dots = [], []
    for one in calibration.bins:
        if one.confidence is None or one.accuracy is None:
            continue
        across, down, exact = one.confidence, (1 - one.accuracy) * HEIGHT, (1 - one.confidence) * HEIGHT
        radius = max(2.5, LARGEST * math.sqrt(one.n / most))
        said = f"{counted(one.n, 'picture')}: {percent(one.confidence)} sure, {percent(one.accuracy)} right"
        gaps.append(f"<line class='gap' x1='{across:.2%}' x2='{across:.2%}' y1='{exact:.1f}' y2='{down:.1f}'/>")
        dots.append(
            f"<circle class='s1 bin' cx='{across:.2%}' cy='{down:.1f}' "
            f"r='{radius:.1f}'><title>{text(said)}</title></circle>"
        )
    diagonal = stretched(f"<path class='diagonal' d='M0 {HEIGHT}L{WIDTH} 0'/>", HEIGHT)
    return plot(
        "Share of right answers by the probability of the answer",
        diagonal + "".join(gaps) + "".join(dots),
        HEIGHT,
        x=SHARE_AXIS,
        y=SHARE_AXIS,
        x_tick=lambda value: percent(value, 0),
        y_tick=lambda value: percent(value, 0),
        x_title="probability of the answer",
    )


def _measured(calibration: Calibration) -> bool:
    return any(one.n and one.accuracy is not None for one in calibration.bins)


def _diagram(title: str, calibration: Calibration) -> str:
    error = "" if calibration.ece is None else f"expected calibration error {percent(calibration.ece)}"
    return card(
        reliability_chart(calibration),
        title,
        error,
        legend="Of the answers with about this probability, the share that is right; a dot's area: how many. Good: "
        "dots on the line. Below it the model is surer than it should be, above it less sure.",
    )


def _sentences(found: Evaluation) -> str:
    """Where the temperature is from, what it did, and what the model's own threshold does."""
    said = []
    if found.temperature is not None:
        said.append(f"Temperature {given(found.temperature)}, {found.temperature_origin}.")
    before, after = found.uncalibrated, found.calibration
    if before and after and before.ece is not None and after.ece is not None:
        said.append(
            f"Expected calibration error on {found.split}: {percent(before.ece)} without it, {percent(after.ece)} with"
            + (" it, on the pictures that it was fitted on." if found.split == "valid" else " it.")
        )
    own = next((one for one in found.thresholds if found.unknown_below and one.value == found.unknown_below), None)
    if own:
        right = "" if own.accuracy is None else f"; of the others {percent(own.accuracy)} are right"
        said.append(
            f"With unknown-below {given(own.value)}, {own.unknown:,} of {counted(found.n, f'{found.split} picture')} "
            f"are answered without a label{right}."
        )
    return f"<p>{text(' '.join(said))}</p>" if said else ""


def _bins(bins: list[Bin]) -> str:
    rows = [
        [
            f"{percent(one.low, 0)} to {percent(one.high, 0)}",
            f"{one.n:,}",
            percent(one.confidence),
            percent(one.accuracy),
        ]
        for one in bins
        if one.n
    ]
    return table(["probability", "pictures", "mean", "right"], rows)


def _thresholds(found: Evaluation) -> str:
    rows = [
        [
            text(given(one.value)) + (" <b>this model's</b>" if one.value == found.unknown_below else ""),
            f"{one.unknown:,}",
            percent(one.unknown / found.n),
            percent(one.accuracy),
        ]
        for one in found.thresholds
    ]
    return table(["unknown-below", "without a label", "share", "right among the others"], rows)
