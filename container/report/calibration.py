"""Calibration: whether a model is right as often as its probabilities say, in numbers and as a reliability diagram.

Guo et al. 2017, section 2 and figure 1: https://arxiv.org/abs/1706.04599
"""

import math

import torch

from container.report.axis import Axis
from container.report.markup import text
from container.report.plot import WIDTH, plot, stretched
from container.report.record import Bin, Calibration
from container.report.shown_numbers import counted, percent

BINS = 10


def calibration(probabilities: torch.Tensor, labels: torch.Tensor, bins: int = BINS) -> Calibration:
    """Reliability bins of equal width, each without its low end and with its high one, and the expected calibration
    error.

    A bin without pictures has neither confidence nor accuracy; without any picture the error is None.

    Args:
        probabilities: float32 [n, classes].
        labels: int64 [n].
        bins: number of bins.
    """
    confidences, named = probabilities.double().max(1)
    right = (named == labels).double()
    edges = torch.arange(1, bins, dtype=torch.float64) / bins
    places = torch.bucketize(confidences, edges)  # edges[i - 1] < confidence <= edges[i]
    counts = torch.bincount(places, minlength=bins)
    sums = torch.bincount(places, weights=confidences, minlength=bins)
    rights = torch.bincount(places, weights=right, minlength=bins)
    found = [
        Bin(
            place / bins,
            (place + 1) / bins,
            int(n),
            float(confident / n) if n else None,
            float(good / n) if n else None,
        )
        for place, (n, confident, good) in enumerate(zip(counts.tolist(), sums.tolist(), rights.tolist(), strict=True))
    ]
    # Of each bin its number of pictures times |accuracy - confidence|: the counts cancel out.
    error = float((rights - sums).abs().sum() / len(labels)) if len(labels) else None
    return Calibration(found, error)


HEIGHT = 260
LARGEST = 11  # radius of the fullest bin's dot, pixels
PERCENT = Axis(0, 1, (0, 0.25, 0.5, 0.75, 1))


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
        x=PERCENT,
        y=PERCENT,
        x_tick=lambda value: percent(value, 0),
        y_tick=lambda value: percent(value, 0),
        x_title="probability of the answer",
    )
