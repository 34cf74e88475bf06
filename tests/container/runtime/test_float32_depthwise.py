"""Depthwise convolutions in float32 within a network in bfloat16: which ones, and that nothing else changes."""

import copy

import pytest
import torch
from torch import nn

from container.model.network import create_model
from container.runtime.device import ComputeDevice, is_slow_in_bfloat16, train_depthwise_in_float32
from container.training.hyperparameters import parse
from container.training.trainer import Trainer
from contract.hyperparameters import EMBEDDED_ARCH
from tests.container.small_job import small_job

CPU = torch.device("cpu")


@pytest.mark.parametrize(
    "slow, convolution",
    [
        (True, nn.Conv2d(8, 8, 3, stride=2, groups=8)),
        (True, nn.Conv2d(8, 8, 5, groups=8)),
        (True, nn.Conv2d(8, 8, (1, 7), groups=8)),
        (True, nn.Conv2d(8, 16, 3, groups=8)),
        (False, nn.Conv2d(8, 8, 3, groups=8)),
        (False, nn.Conv2d(8, 8, 3, stride=2, groups=4)),
        (False, nn.Conv2d(8, 8, 5, stride=2)),
        (False, nn.Conv2d(1, 8, 5, stride=2)),
    ],
)
def test_which_convolutions_bfloat16_slows_down(slow, convolution):
    assert is_slow_in_bfloat16(convolution) is slow


def gradients(model: nn.Module, inputs: torch.Tensor) -> tuple[torch.Tensor, list[torch.Tensor]]:
    with torch.autocast("cpu", torch.bfloat16):
        made = model(inputs)
    model.zero_grad()
    made.float().square().mean().backward()
    return made.detach().float(), [one.grad for one in model.parameters()]


def test_outputs_and_gradients_are_float32s_and_what_goes_on_is_bfloat16():
    torch.manual_seed(0)
    model = nn.Sequential(nn.Conv2d(3, 8, 1), nn.Conv2d(8, 8, 5, stride=2, groups=8), nn.Conv2d(8, 4, 1))
    names, inputs = list(model.state_dict()), torch.randn(2, 3, 16, 16)
    changed = copy.deepcopy(model)
    train_depthwise_in_float32(changed)
    seen = []
    changed[1].register_forward_hook(lambda module, given, made: seen.append((given[0].dtype, made.dtype)))
    (plain, wanted), (found, given) = gradients(model, inputs), gradients(changed, inputs)
    assert seen == [(torch.bfloat16, torch.bfloat16)] and list(changed.state_dict()) == names
    assert all(one.dtype == torch.float32 for one in given)
    torch.testing.assert_close(found, plain, rtol=0.02, atol=0.02)
    for one, other in zip(given, wanted, strict=True):
        torch.testing.assert_close(one, other, rtol=0.05, atol=0.01)
    with torch.autocast("cpu", torch.bfloat16):
        hidden = changed[0](inputs)
    exact = nn.functional.conv2d(hidden.float(), model[1].weight, model[1].bias, 2, groups=8)
    with torch.autocast("cpu", torch.bfloat16):
        torch.testing.assert_close(changed[1](hidden), exact.bfloat16(), rtol=0, atol=0)


def test_a_copy_of_the_network_computes_with_its_own_weights():
    """As the moving average of the weights does."""
    model = nn.Sequential(nn.Conv2d(8, 8, 5, groups=8))
    train_depthwise_in_float32(model)
    average = copy.deepcopy(model)
    nn.init.zeros_(model[0].weight)
    nn.init.zeros_(model[0].bias)
    inputs = torch.randn(1, 8, 8, 8)
    assert not model(inputs).any() and average(inputs).abs().max() > 0


class Noise:
    """Random pictures of two classes."""

    labels = torch.arange(8) % 2

    def training_inputs(self, rows, epoch, random, device, part=None):
        return torch.randn(len(rows), 3, 32, 32, generator=random)


@pytest.mark.parametrize("dtype, changed", [(torch.bfloat16, True), (torch.float32, False)])
def test_a_training_in_bfloat16_has_them_and_one_in_float32_has_not(dtype, changed):
    hyperparameters = parse(small_job(arch=EMBEDDED_ARCH, batch_size=4, ema=0.9, head_epochs=0, early_lr=1))
    trainer = Trainer(create_model(EMBEDDED_ARCH, 2), Noise(), 2, hyperparameters, ComputeDevice(CPU, dtype))
    for model in (trainer.model, trainer.evaluated):
        slow = [one for one in model.modules() if isinstance(one, nn.Conv2d) and is_slow_in_bfloat16(one)]
        assert len(slow) > 5 and all(("forward" in vars(one)) is changed for one in slow)
    before = [one.detach().clone() for one in trainer.model.parameters()]
    assert trainer.train_one_epoch(1) < 10
    assert all((one != other).any() for one, other in zip(trainer.model.parameters(), before, strict=True))
