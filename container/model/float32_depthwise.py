"""Depthwise convolutions that are trained in float32 on a processor, while the rest of the network is in bfloat16.

oneDNN's backward pass for them is slow in bfloat16: with 240 channels and a 3x3 of stride 2 it took 122 ms, in float32
1.4; the gradient of a 5x5's weights takes four to six times as long (torch 2.10, AVX512-BF16). With these in float32 a
training step takes 0.6 of the time with EfficientNet-Lite0, 0.5 with MobileNetV3 and MnasNet, 0.7 with ConvNeXt. A 3x3
of stride 1, grouped and ordinary convolutions are faster in bfloat16, and stay in it."""

from collections.abc import Callable
from functools import partial

import torch
from torch import nn


def train_depthwise_in_float32(model: nn.Module) -> None:
    """Change `model` in place: under autocast its depthwise convolutions that bfloat16 slows down compute in float32.

    What they take and give keeps its dtype; parameters and their names stay as they are."""
    for module in model.modules():
        if isinstance(module, nn.Conv2d) and is_slow_in_bfloat16(module):
            module.forward = partial(_in_float32, module.forward)


def is_slow_in_bfloat16(convolution: nn.Conv2d) -> bool:
    """Whether it is a depthwise convolution other than a 3x3 of stride 1, one output channel for each input's."""
    if convolution.groups == 1 or convolution.groups != convolution.in_channels:
        return False
    return (
        max(convolution.stride) > 1
        or max(convolution.kernel_size) > 3
        or convolution.out_channels > convolution.in_channels
    )


def _in_float32(forward: Callable[[torch.Tensor], torch.Tensor], inputs: torch.Tensor) -> torch.Tensor:
    with torch.autocast(inputs.device.type, enabled=False):
        return forward(inputs.float()).to(inputs.dtype)
