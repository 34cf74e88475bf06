"""Temperature scaling: one number by which the logits are divided, so that the model is right as often as its
probabilities say. It changes no order of classes.

Guo et al. 2017, section 4.2: https://arxiv.org/abs/1706.04599
"""

import math
from dataclasses import dataclass

import torch

LEAST_PICTURES = 50
LOWEST, HIGHEST = 0.05, 20.0
STEPS = 100
PRECISION = 1e-6  # relative
DIGITS = 4


@dataclass(frozen=True)
class Temperature:
    """value: what the logits are divided by, above 0. origin: where it is from, for the log and the report."""

    value: float = 1.0
    origin: str = "not fitted"


NOT_FITTED = Temperature()


def fit_temperature(logits: torch.Tensor, labels: torch.Tensor) -> Temperature:
    """The temperature with the lowest cross-entropy on the valid split; 1, with the reason, where that says too little.

    logits: float32 [n, classes]. labels: int64 [n].
    """
    count = len(labels)
    pictures = f"{count} picture{'s' * (count != 1)} of valid"
    if count < LEAST_PICTURES:
        return Temperature(origin=f"not fitted: {pictures} are too few, {LEAST_PICTURES} are needed")
    if not bool(logits.isfinite().all()):
        return Temperature(origin=f"not fitted: the outputs on the {pictures} are not all numbers")
    if bool((logits.argmax(1) == labels).all()):
        return Temperature(origin=f"not fitted: all {pictures} are named rightly, which says nothing of wrong answers")
    found = _least_cross_entropy(logits, labels)
    if found is None:
        return Temperature(
            origin=f"not fitted: the cross-entropy on the {pictures} has no minimum between {LOWEST:g} and {HIGHEST:g}"
        )
    return Temperature(round(found, DIGITS), f"fitted on the {pictures}")


def _least_cross_entropy(logits: torch.Tensor, labels: torch.Tensor) -> float | None:
    """Newton's method on the slope, inside a bracket that halves in log T where a step leaves it: the cross-entropy is
    convex in 1 / T. None: its minimum is not within LOWEST to HIGHEST.
    """
    scores = logits.double()
    right = float(scores.gather(1, labels[:, None]).mean())

    def derivatives(scale: float) -> tuple[float, float]:
        """First and second, of the mean cross-entropy, by scale = 1 / T."""
        probabilities = (scores * scale).softmax(1)
        means = (probabilities * scores).sum(1)
        squares = (probabilities * scores.square()).sum(1)
        return float(means.mean()) - right, float((squares - means.square()).mean())

    low, high = 1 / HIGHEST, 1 / LOWEST
    if derivatives(low)[0] >= 0 or derivatives(high)[0] <= 0:
        return None
    scale = 1.0
    for _ in range(STEPS):
        slope, curvature = derivatives(scale)
        low, high = (scale, high) if slope < 0 else (low, scale)
        step = scale - slope / curvature if curvature > 0 else low
        following = step if low < step < high else math.sqrt(low * high)
        if abs(following / scale - 1) < PRECISION:
            return 1 / following
        scale = following
    return 1 / scale
