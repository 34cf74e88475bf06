"""The moving average of the weights, and what it becomes in a run."""

import pytest
import torch
from torch import nn

from container import train
from container.model.model_file import load_checkpoint
from container.training.optimization import WeightAverage
from tests.container.small_job import small_job

SHORT = small_job(epochs=2)


def test_the_average_follows_the_weights_and_remembers():
    model = nn.Linear(1, 1, bias=False)
    average = WeightAverage(model, 0.9)
    expected = model.weight.item()
    for step in range(1, 200):
        with torch.no_grad():
            model.weight.fill_(step)
        average.update(step)
        decay = min(0.9, (1 + step) / (10 + step))
        expected = decay * expected + (1 - decay) * step
        assert average.model.weight.item() == pytest.approx(expected, rel=1e-4)
    assert average.model.weight.item() == pytest.approx(199 - 9, abs=0.1)  # 9 steps behind with 0.9
    assert model.weight.item() == 199 and not average.model.weight.requires_grad


def test_statistics_are_averaged_and_counters_copied():
    model = nn.BatchNorm1d(2)
    average = WeightAverage(model, 0.5)
    for step in range(1, 4):
        model(torch.randn(8, 2) + 5)
        average.update(step)
    assert average.model.num_batches_tracked == 3
    assert 0 < float(average.model.running_mean[0]) < float(model.running_mean[0])


def test_the_average_is_the_model_that_a_run_leaves(job):
    weights = []
    for ema in ("0", "0.9"):
        assert train.main([*SHORT, "--ema", ema]) == 0
        weights.append(load_checkpoint(job / "model").model.state_dict())
    assert not torch.equal(weights[0]["conv1.weight"], weights[1]["conv1.weight"])
