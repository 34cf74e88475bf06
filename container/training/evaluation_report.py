"""The figures of a split, for JSON: top-1 with its 95% interval, top-5, and the confusion matrix."""

import math
from typing import Any

import torch

from container.training.evaluation import Evaluation


def evaluation_report(evaluation: Evaluation, classes: tuple[str, ...]) -> dict[str, Any]:
    """`confusion_matrix[i][j]` counts pictures of `classes[i]` that were named `classes[j]`."""
    labels, best_first = evaluation.labels, evaluation.logits.argsort(dim=1, descending=True)
    named = best_first[:, 0]
    correct = int((named == labels).sum())
    within = {k: float((best_first[:, :k] == labels[:, None]).any(1).float().mean()) for k in (1, 5)}
    matrix = torch.zeros(len(classes), len(classes), dtype=torch.int64)
    matrix.index_put_((labels, named), torch.ones_like(labels), accumulate=True)
    low, high = wilson_interval(correct, len(labels))
    return {
        "n": len(labels),
        "loss": evaluation.loss,
        "top1": within[1],
        "top1_interval_95": [low, high],
        "top5": within[5],
        "classes": list(classes),
        "confusion_matrix": matrix.tolist(),
    }


def wilson_interval(correct: int, count: int, z: float = 1.959964) -> tuple[float, float]:
    """95% interval of a share, honest near 0 and 1 and for few pictures (Wilson 1927, doi:10.2307/2276774)."""
    share, z2 = correct / count, z * z
    centre = (share + z2 / (2 * count)) / (1 + z2 / count)
    half = z / (1 + z2 / count) * math.sqrt(share * (1 - share) / count + z2 / (4 * count * count))
    return max(0.0, centre - half), min(1.0, centre + half)
