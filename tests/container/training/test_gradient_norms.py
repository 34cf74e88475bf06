"""The gradients' norms that a report shows."""

import torch
from torch import nn

from container.training.monitors import GRADIENT_POINTS, GradientNorms


def test_a_long_run_is_measured_at_some_sixty_steps_and_a_short_one_at_each():
    model = nn.Linear(2, 2)
    assert sum(GradientNorms(model, 100_000).due(step) for step in range(100_000)) <= GRADIENT_POINTS
    assert all(GradientNorms(model, 20).due(step) for step in range(20))


def test_norms_are_those_of_the_gradients_and_a_layer_that_does_not_learn_has_none():
    model = nn.Sequential(nn.Linear(2, 2), nn.Linear(2, 2), nn.Linear(2, 2))
    norms = GradientNorms(model, 10)
    model[0].weight.grad = torch.tensor([[3.0, 0.0], [0.0, 4.0]])
    norms.take(0, 1.0)
    model[1].weight.grad = torch.full((2, 2), 6.0)
    norms.take(1, 2.0)
    assert norms.series() == {"steps": [0, 1], "layers": {"0": [5.0, 2.5], "1": [None, 6.0]}}


def test_a_gradient_that_overflowed_by_its_scale_is_none_and_one_that_overflowed_by_itself_is_shown():
    model = nn.Linear(2, 2)
    norms = GradientNorms(model, 10)
    model.weight.grad = torch.full((2, 2), float("inf"))
    for scale in (65536.0, 1.0):
        norms.take(0, scale)
    model.weight.grad = torch.ones(2, 2)
    norms.take(1, 1.0)
    assert norms.series()["layers"]["weight"] == [None, float("inf"), 2.0]
