"""The reliability diagram: calibration as a picture, drawn without torch, as every part of the page is.

Guo et al. 2017, figure 1: https://arxiv.org/abs/1706.04599
"""

import math

from container.report.axis import Axis
from container.report.markup import text
from container.report.plot import WIDTH, plot, stretched
from container.report.record import Calibration
from container.report.shown_numbers import counted, percent

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
