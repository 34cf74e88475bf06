"""Calibration: whether a model is right as often as its probabilities say.

Guo et al. 2017, section 2: https://arxiv.org/abs/1706.04599
"""

from collections.abc import Iterable

import torch

from container.report.record import Bin, Calibration, Threshold

BINS = 10
THRESHOLDS = (0.3, 0.5, 0.7, 0.8, 0.9, 0.95)


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


def thresholds(probabilities: torch.Tensor, labels: torch.Tensor, values: Iterable[float]) -> list[Threshold]:
    """How many pictures each value of `unknown-below` leaves without a name, and how often the others are right.

    Args:
        probabilities: float32 [n, classes].
        labels: int64 [n].
        values: 0..1 each; the result is in their ascending order, each once.
    """
    confidences, named = probabilities.max(1)
    right = named == labels
    found = []
    for value in sorted(set(values)):
        kept = confidences >= value
        count = int(kept.sum())
        found.append(Threshold(value, len(labels) - count, float(right[kept].double().mean()) if count else None))
    return found
