"""Results of single classes and of pairs, against numbers worked by hand."""

import math

import pytest

from container.report.class_statistics import (
    ClassResult,
    MixedUpPair,
    binomial_tail,
    class_results,
    constant_accuracy,
    mixed_up_most,
)
from tests.container.report.evaluation_of import evaluation_of


@pytest.mark.parametrize(
    ("successes", "trials", "share", "expected"),
    [
        (0, 3, 0.5, 1 / 8),
        (1, 3, 0.5, 4 / 8),
        (3, 3, 0.5, 1.0),
        (2, 4, 0.9, 6 * 0.81 * 0.01 + 4 * 0.9 * 0.001 + 0.0001),
        (0, 5, 0.0, 1.0),
        (4, 5, 1.0, 0.0),
        (5, 5, 1.0, 1.0),
        (450, 1000, 0.5, 0.00086522),  # scipy.stats.binom.cdf
    ],
)
def test_the_tail_of_the_binomial_distribution(successes, trials, share, expected):
    assert binomial_tail(successes, trials, share) == pytest.approx(expected, rel=1e-4)


def test_a_large_class_has_a_tail_too():
    tail = binomial_tail(60_000, 100_000, 0.9)
    assert tail == 0 or 0 < tail < 1e-300
    assert math.isfinite(binomial_tail(89_900, 100_000, 0.9))


def test_the_weakest_class_is_the_one_that_chance_explains_least():
    """None of 1 right is less surprising than 2 of 10."""
    found = evaluation_of([0, 1, 0], [0, 2, 8], [0, 0, 30])
    results = class_results(found)
    assert [(one.name, one.right, one.n) for one in results] == [("B", 2, 10), ("A", 0, 1), ("C", 30, 30)]
    assert results[0].recall == 0.2 and results[0].p_value == pytest.approx(binomial_tail(2, 10, 32 / 41))


def test_a_class_without_pictures_has_no_result():
    assert class_results(evaluation_of([0, 0], [1, 3])) == [ClassResult("B", 3, 4, pytest.approx(1 - 0.75**4))]
    assert class_results(evaluation_of([0, 0], [0, 0])) == []


def test_mistakes_in_both_directions_count_for_a_pair():
    found = evaluation_of([5, 2, 3], [3, 5, 0], [1, 0, 5])
    assert mixed_up_most(found) == MixedUpPair("A", "B", 5, 9)
    assert mixed_up_most(evaluation_of([5, 0], [0, 5])) is None


def test_the_constant_answer_is_the_largest_class():
    assert constant_accuracy(evaluation_of([1, 1], [3, 3])) == 0.75
    assert constant_accuracy(evaluation_of([0, 0], [0, 0])) == 0
