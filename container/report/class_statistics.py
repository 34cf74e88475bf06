"""Statistics of classes: which have few pictures, and what a confusion matrix says of single ones and of pairs.

Of a weak class also whether that can be chance.
"""

import math
from dataclasses import dataclass
from statistics import median

from container.report.record import Evaluation

FEW = 10  # pictures of a class
FEW_SHARE = 1 / 3  # of the median class's


@dataclass(frozen=True)
class ClassResult:
    """right: of the n pictures of a class those that were named so.

    p_value: the probability of so few right ones or fewer in a class that is as easy as all pictures together: a
    one-sided binomial test against the top-1 accuracy.
    """

    name: str
    right: int
    n: int
    p_value: float

    @property
    def recall(self) -> float:
        return self.right / self.n


@dataclass(frozen=True)
class MixedUpPair:
    """Two classes and how many pictures were taken for each other, in either direction. of: mistakes in all."""

    first: str
    second: str
    mistakes: int
    of: int


def small_classes(counts: dict[str, int]) -> dict[str, int]:
    """Classes with fewer than FEW pictures, or than FEW_SHARE of the median class's, the smallest first."""
    limit = max(FEW, FEW_SHARE * median(counts.values())) if counts else 0
    return dict(
        sorted(((one, count) for one, count in counts.items() if count < limit), key=lambda pair: (pair[1], pair[0]))
    )


def class_results(found: Evaluation) -> list[ClassResult]:
    """Results of the classes that have pictures in this split, the weakest first: by p_value, then by name."""
    rows = list(zip(found.classes, found.confusion_matrix, strict=False))
    right = sum(row[place] for place, (_, row) in enumerate(rows))
    count = sum(sum(row) for _, row in rows)
    share = right / count if count else 0.0
    results = [
        ClassResult(name, row[place], sum(row), binomial_tail(row[place], sum(row), share))
        for place, (name, row) in enumerate(rows)
        if any(row)
    ]
    return sorted(results, key=lambda one: (one.p_value, one.recall, one.name))


def binomial_tail(successes: int, trials: int, share: float) -> float:
    """Probability of at most so many successes in independent trials that succeed with probability `share`."""
    if successes >= trials or share <= 0:
        return 1.0
    if share >= 1:
        return 0.0

    def term(k: int) -> float:
        combinations = math.lgamma(trials + 1) - math.lgamma(k + 1) - math.lgamma(trials - k + 1)
        return math.exp(combinations + k * math.log(share) + (trials - k) * math.log1p(-share))

    return min(1.0, math.fsum(map(term, range(successes + 1))))


def mixed_up_most(found: Evaluation) -> MixedUpPair | None:
    """The two classes with the most mistakes between them; None where there is no mistake."""
    matrix, count = found.confusion_matrix, min(len(found.classes), len(found.confusion_matrix))
    of = sum(sum(row) - row[place] for place, row in enumerate(matrix[:count]))
    between = {
        (one, other): mistakes
        for one in range(count)
        for other in range(one + 1, count)
        if (mistakes := matrix[one][other] + matrix[other][one])
    }
    if not between:
        return None
    one, other = max(between, key=between.__getitem__)
    return MixedUpPair(found.classes[one], found.classes[other], between[one, other], of)


def constant_accuracy(found: Evaluation) -> float:
    """Top-1 accuracy of always naming the class with the most pictures in this split, 0..1."""
    sizes = [sum(row) for row in found.confusion_matrix]
    return max(sizes, default=0) / (sum(sizes) or 1)
