"""The rate of every step: rises, the head's own epochs, half a cosine; and smaller rates for earlier layers."""

import pytest
import torch

from container.model.head import head_of, set_backbone_trainable, set_training_mode
from container.model.network import create_model
from container.training.optimization import Schedule, create_optimizer, set_rate


def rates(**changes):
    schedule = Schedule(
        **{"peak": 0.01, "steps_per_epoch": 10, "epochs": 10, "head_epochs": 0, "warmup_epochs": 1, **changes}
    )
    return [schedule.rate(step) for step in range(schedule.epochs * schedule.steps_per_epoch)]


def test_the_rate_rises_then_falls_to_almost_nothing():
    found = rates()
    assert found[0] == pytest.approx(0.001) and max(found) == pytest.approx(0.01)
    assert found[:10] == sorted(found[:10]) and found[10:] == sorted(found[10:], reverse=True)
    assert found[-1] < 1e-5


def test_the_heads_epochs_hold_the_peak_and_the_whole_network_rises_anew():
    found = rates(head_epochs=3)
    assert found[10:30] == [0.01] * 20 and found[30] == pytest.approx(0.001)
    assert found[30:] == pytest.approx(rates(epochs=7))


@pytest.mark.parametrize("warmup", [0, 0.5, 20])
def test_no_rate_is_above_the_peak_or_below_nothing(warmup):
    assert all(0 < rate <= 0.01 for rate in rates(warmup_epochs=warmup, head_epochs=2))


def test_the_backbone_is_trained_after_the_heads_epochs():
    schedule = Schedule(0.01, 10, 10, 3, 1)
    assert [epoch for epoch in range(1, 11) if schedule.trains_backbone(epoch)] == list(range(4, 11))


@pytest.mark.parametrize("arch", ["resnet18", "vgg11_bn", "convnext_tiny"])
def test_rates_grow_from_the_first_layer_to_the_head(arch):
    model = create_model(arch, 3)
    optimizer = create_optimizer(model, 0.01, 0.1)
    set_rate(optimizer, 0.5)
    rate = {id(parameter): group["lr"] for group in optimizer.param_groups for parameter in group["params"]}
    in_order = [
        rate[id(parameter)]
        for name, parameter in model.named_parameters()
        if not name.startswith(f"{model.head_name}.")
    ]
    assert in_order == sorted(in_order) and in_order[0] == pytest.approx(0.05) and in_order[-1] < 0.5
    assert {rate[id(parameter)] for parameter in head_of(model).parameters()} == {0.5}
    assert len(rate) == len(list(model.parameters()))


def test_biases_and_normalisation_do_not_decay():
    model = create_model("resnet18", 3)
    decay = {
        id(one): group["weight_decay"]
        for group in create_optimizer(model, 0.03, 1.0).param_groups
        for one in group["params"]
    }
    assert all(decay[id(parameter)] == (0.03 if parameter.ndim > 1 else 0) for parameter in model.parameters())


def test_layers_that_are_frozen_now_learn_when_they_are_no_longer():
    torch.manual_seed(0)
    model = create_model("resnet18", 3)
    optimizer = create_optimizer(model, 0.01, 0.5)
    changed = []
    for trainable in (False, True):
        before = {name: tensor.clone() for name, tensor in model.state_dict().items()}
        set_backbone_trainable(model, trainable)
        set_training_mode(model)
        set_rate(optimizer, 0.01)
        optimizer.zero_grad()
        model(torch.randn(4, 3, 64, 64)).square().sum().backward()
        optimizer.step()
        changed.append({name for name, tensor in model.state_dict().items() if not torch.equal(tensor, before[name])})
    assert changed[0] and all(name.startswith("fc.") for name in changed[0])
    assert {"conv1.weight", "bn1.running_mean"} <= changed[1]
