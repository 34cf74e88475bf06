"""Temperature scaling: the fit, beside scipy's minimiser, and when there is none."""

import math

import pytest
import torch
import torch.nn.functional as F
from scipy.optimize import minimize_scalar

from container.report.calibration import calibration
from container.training.evaluation import Evaluation, evaluation_report
from container.training.temperature import HIGHEST, LEAST_PICTURES, LOWEST, Temperature, fit_temperature


def outputs(
    temperature: float, count: int = 2000, classes: int = 10, seed: int = 0
) -> tuple[torch.Tensor, torch.Tensor]:
    """Logits of a model that is right as often as its probabilities say once they are divided by `temperature`."""
    random = torch.Generator().manual_seed(seed)
    exact = torch.randn(count, classes, generator=random) * 2.5
    labels = torch.multinomial(exact.softmax(1), 1, generator=random)[:, 0]
    return exact * temperature, labels


def cross_entropy(logits: torch.Tensor, labels: torch.Tensor, temperature: float) -> float:
    return float(F.cross_entropy(logits.double() / temperature, labels))


# 0.3: as label smoothing leaves a model, less sure than right; 3: as memorising does, more sure than right.
@pytest.mark.parametrize("true", [0.3, 0.8, 1.0, 3.0, 12.0])
def test_the_temperature_that_the_outputs_were_made_with_is_found(true):
    found = fit_temperature(*outputs(true))
    assert found.value == pytest.approx(true, rel=0.06) and found.origin == "fitted on the 2000 pictures of valid"


@pytest.mark.parametrize("seed", range(10))
@pytest.mark.parametrize(("true", "count", "classes"), [(0.2, 60, 3), (0.5, 250, 10), (2.0, 100, 133), (5.0, 80, 2)])
def test_the_fit_is_that_of_scipys_minimiser(seed, true, count, classes):
    logits, labels = outputs(true, count, classes, seed)
    found = fit_temperature(logits, labels).value
    theirs = minimize_scalar(
        lambda exponent: cross_entropy(logits, labels, math.exp(exponent)),
        bounds=(math.log(LOWEST), math.log(HIGHEST)),
        method="bounded",
        options={"xatol": 1e-7},
    )
    assert found == pytest.approx(math.exp(theirs.x), rel=2e-4, abs=1e-4)
    assert cross_entropy(logits, labels, found) <= theirs.fun + 1e-6


@pytest.mark.parametrize("true", [0.3, 3.0])
def test_pictures_that_were_not_fitted_on_are_calibrated_too(true):
    fitted_on, shown = outputs(true, seed=1), outputs(true, 10_000, seed=2)
    temperature = fit_temperature(*fitted_on)
    before, after = (
        calibration(Evaluation(0.0, *shown, one).probabilities, shown[1]).ece for one in (Temperature(), temperature)
    )
    assert before > 0.1 and after < 0.03


@pytest.mark.parametrize("value", [LOWEST, 0.3, 0.9999, 1.7, HIGHEST])
def test_a_temperature_changes_no_figure_but_the_probabilities(value):
    logits, labels = outputs(1.0, 500, 133)
    plain, scaled = (
        evaluation_report(Evaluation(0.5, logits, labels, Temperature(one)), tuple(map(str, range(133))))
        for one in (1.0, value)
    )
    assert plain == scaled
    probabilities = Evaluation(0.5, logits, labels, Temperature(value)).probabilities
    assert torch.equal(probabilities.argmax(1), logits.argmax(1))
    assert torch.allclose(probabilities, (logits / value).softmax(1)) and torch.allclose(
        probabilities.sum(1), torch.ones(500)
    )


def test_outputs_far_from_zero_are_fitted_as_well():
    """A constant of a picture's logits means nothing."""
    logits, labels = outputs(2.0, 300)
    moved = logits + torch.linspace(-3000, 3000, 300)[:, None]
    assert fit_temperature(moved, labels).value == pytest.approx(fit_temperature(logits, labels).value, rel=1e-2)


def right(count: int) -> tuple[torch.Tensor, torch.Tensor]:
    labels = torch.arange(count) % 3
    return F.one_hot(labels, 3).float(), labels


def not_numbers() -> tuple[torch.Tensor, torch.Tensor]:
    logits, labels = outputs(1.0, 60)
    logits[7, 3] = math.nan
    return logits, labels


def worse_than_chance() -> tuple[torch.Tensor, torch.Tensor]:
    logits, _ = outputs(1.0, 100, 3)
    return logits, logits.argmin(1)


def hardly_ever_wrong() -> tuple[torch.Tensor, torch.Tensor]:
    """Only one is wrong, and by next to nothing: the surer all were, the better."""
    logits, labels = right(100)
    logits[0] = torch.tensor([1.0, 1.0 + 2**-23, 0.0])
    return logits, labels


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (outputs(2.0, 49), "not fitted: 49 pictures of valid are too few, 50 are needed"),
        (outputs(2.0, 1), "not fitted: 1 picture of valid are too few, 50 are needed"),
        (right(60), "not fitted: all 60 pictures of valid are named rightly, which says nothing of wrong answers"),
        (not_numbers(), "not fitted: the outputs on the 60 pictures of valid are not all numbers"),
        (worse_than_chance(), "not fitted: the cross-entropy on the 100 pictures of valid has no minimum between"),
        (hardly_ever_wrong(), "not fitted: the cross-entropy on the 100 pictures of valid has no minimum between"),
    ],
)
def test_where_valid_says_too_little_the_temperature_is_1_and_the_reason_is_told(given, said):
    found = fit_temperature(*given)
    assert found.value == 1 and found.origin.startswith(said)


def test_the_least_number_of_pictures_is_enough():
    assert fit_temperature(*outputs(2.0, LEAST_PICTURES)).value == pytest.approx(2, rel=0.5)


def test_a_fit_on_many_classes_and_pictures_takes_no_time_that_an_epoch_would_notice(monkeypatch):
    logits, labels = outputs(1.4, 2000, 150)
    calls = []
    real = torch.Tensor.softmax
    monkeypatch.setattr(torch.Tensor, "softmax", lambda *arguments: calls.append(1) or real(*arguments))
    fit_temperature(logits, labels)
    assert len(calls) <= 15  # passes over the logits
