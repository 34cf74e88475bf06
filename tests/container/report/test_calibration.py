"""Reliability bins and the expected calibration error, against examples worked by hand."""

import pytest
import torch

from container.report.calibration import calibration, thresholds
from container.report.record import Threshold


def answers(*confidences: float) -> torch.Tensor:
    """Two classes, of which the first is named with this probability."""
    return torch.tensor([[one, 1 - one] for one in confidences])


def test_a_worked_example():
    # Two bins of five: (0.6, 0.8] has 0.7 right and 0.75 wrong; (0.8, 1] has 0.9 right, 0.95 right, 0.85 wrong.
    found = calibration(answers(0.7, 0.75, 0.9, 0.95, 0.85), torch.tensor([0, 1, 0, 0, 1]), bins=5)
    assert [one.n for one in found.bins] == [0, 0, 0, 2, 3]
    assert (found.bins[3].confidence, found.bins[3].accuracy) == pytest.approx((0.725, 0.5))
    assert (found.bins[4].confidence, found.bins[4].accuracy) == pytest.approx((0.9, 2 / 3))
    assert found.ece == pytest.approx(2 / 5 * 0.225 + 3 / 5 * (0.9 - 2 / 3))


def test_the_bins_cover_0_to_1_without_gaps():
    found = calibration(answers(0.9), torch.tensor([0]))
    assert [(one.low, one.high) for one in found.bins] == [(place / 10, (place + 1) / 10) for place in range(10)]


def test_a_bin_has_its_high_end_and_not_its_low_one():
    # Halves and quarters are exact in binary.
    found = calibration(torch.tensor([[0.5, 0.5], [0.75, 0.25], [1.0, 0.0]]), torch.tensor([0, 0, 0]), bins=4)
    assert [one.n for one in found.bins] == [0, 1, 1, 1]


def test_a_model_as_right_as_it_is_sure_has_no_error():
    found = calibration(answers(0.75, 0.75, 0.75, 0.75), torch.tensor([0, 0, 0, 1]))
    assert found.ece == pytest.approx(0)


def test_a_bin_without_pictures_has_neither_confidence_nor_accuracy():
    found = calibration(answers(0.95), torch.tensor([0]))
    assert (found.bins[0].confidence, found.bins[0].accuracy) == (None, None)


def test_without_pictures_there_is_no_error():
    found = calibration(torch.empty(0, 3), torch.empty(0, dtype=torch.int64))
    assert found.ece is None and sum(one.n for one in found.bins) == 0


def test_a_threshold_leaves_out_what_is_below_it_and_says_how_right_the_others_are():
    found = thresholds(answers(0.5, 0.625, 0.75, 0.875), torch.tensor([1, 0, 1, 0]), [1.0, 0.75, 0.625, 0.75, 0.0])
    assert found == [
        Threshold(0.0, 0, 0.5),
        Threshold(0.625, 1, pytest.approx(2 / 3)),
        Threshold(0.75, 2, 0.5),
        Threshold(1.0, 4, None),
    ]


def test_thresholds_of_no_pictures_are_of_none():
    assert thresholds(torch.empty(0, 3), torch.empty(0, dtype=torch.int64), [0.5]) == [Threshold(0.5, 0, None)]
