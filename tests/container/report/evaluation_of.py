"""An `Evaluation` with the figures of a confusion matrix."""

from container.report.record import Evaluation
from container.training.evaluation import wilson_interval


def evaluation_of(*matrix: list[int], split: str = "test") -> Evaluation:
    """Rows of the matrix, by true class; the classes are called A, B, C, ..."""
    n, right = sum(map(sum, matrix)), sum(row[place] for place, row in enumerate(matrix))
    return Evaluation(
        split=split,
        n=n,
        top1=right / n if n else None,
        top1_interval_95=list(wilson_interval(right, n)) if n else [],
        classes=[chr(ord("A") + place) for place in range(len(matrix))],
        confusion_matrix=list(matrix),
    )
