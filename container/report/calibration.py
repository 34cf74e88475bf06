"""Calibration: whether a model is right as often as its probabilities say.

Guo et al. 2017, section 2: https://arxiv.org/abs/1706.04599
"""

import torch

from container.report.record import Bin, Calibration

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
