"""How the weights change from step to step: the optimiser, its learning-rate schedule, and the average of the weights.

The optimiser is AdamW, with smaller rates the nearer a layer is to the picture. The schedule also says which part of
the network a step trains: first the head alone, then all of it. An exponential moving average of the weights is often a
better model than the last step's: https://arxiv.org/abs/1806.05594
"""

import copy
import inspect
import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from torch import nn
from torch.optim.swa_utils import get_ema_multi_avg_fn

from container.model.head import head_of
from container.runtime.torch_compiler import optimizer_methods_uncompiled

BANDS = 8  # of the backbone, from the picture to the head; each has one rate
_adam_step = inspect.unwrap(torch.optim.Adam.step)  # AdamW's is Adam's


class EagerAdamW(torch.optim.AdamW):
    """torch.optim.AdamW for a loop in eager mode: the same arithmetic, state and options, except `differentiable`.

    For a training loop that compiles nothing: without the import of torch's compiler, a third of the time of a trial on
    features.
    """

    def __init__(self, *arguments: Any, **options: Any):
        with optimizer_methods_uncompiled(torch.optim.Optimizer):
            super().__init__(*arguments, **options)

    @torch.no_grad()
    def step(self, closure: Callable[[], float] | None = None) -> float | None:
        # Adam's own decorator switches gradients off, too, but tells the compiler about it.
        return _adam_step(self, closure)


def create_optimizer(model: nn.Module, weight_decay: float, early_lr: float) -> EagerAdamW:
    """AdamW over the trainable parameters; biases and normalisation layers do not decay.

    early_lr: the first layers' rate as a share of the head's, (0, 1]; between them it grows by equal factors
    (https://arxiv.org/abs/1801.06146, section 3.2). `set_rate` gives it its rates.
    """
    in_head = {id(parameter) for parameter in head_of(model).parameters()}
    trainable = [parameter for parameter in model.parameters() if parameter.requires_grad]
    backbone = [parameter for parameter in trainable if id(parameter) not in in_head]
    depth = {id(parameter): number * BANDS // len(backbone) for number, parameter in enumerate(backbone)}
    groups: dict[tuple[float, bool], list[torch.Tensor]] = {}
    for parameter in trainable:
        share = early_lr ** (1 - depth.get(id(parameter), BANDS) / BANDS)
        groups.setdefault((share, parameter.ndim > 1), []).append(parameter)
    # fused: one pass over the weights instead of a dozen, on the CPU too
    return EagerAdamW(
        [
            {"params": parameters, "share": share, "weight_decay": weight_decay if decays else 0.0}
            for (share, decays), parameters in groups.items()
        ],
        fused=True,
    )


def set_rate(optimizer: torch.optim.Optimizer, rate: float) -> None:
    """rate: the head's; every group gets its share of it."""
    for group in optimizer.param_groups:
        group["lr"] = rate * group["share"]


@dataclass(frozen=True)
class Schedule:
    """The learning rate of every step, and which part of the network it trains.

    peak: the head's highest rate. head_epochs: how many epochs train the head alone. warmup_epochs: length of the
    rise.
    """

    peak: float
    steps_per_epoch: int
    epochs: int
    head_epochs: int
    warmup_epochs: float

    def trains_backbone(self, epoch: int) -> bool:
        """epoch: from 1."""
        return epoch > self.head_epochs

    def rate(self, step: int) -> float:
        """The head's rate for `step`, from 0.

        A linear rise to the peak, which holds for the rest of the head's own epochs; then, with the whole network, a
        rise again and half a cosine down towards 0 (https://arxiv.org/abs/1608.03983). The second rise keeps what the
        head has learnt from being shaken by the backbone's first steps."""
        rise = round(self.warmup_epochs * self.steps_per_epoch)
        alone = self.head_epochs * self.steps_per_epoch
        within = step if step < alone else step - alone
        if within < rise:
            return self.peak * (within + 1) / rise
        if step < alone:
            return self.peak
        fall = self.epochs * self.steps_per_epoch - alone - rise
        return self.peak * 0.5 * (1 + math.cos(math.pi * (within - rise) / max(1, fall)))


class WeightAverage:
    """An exponential moving average of the weights.

    `model` is the average: a model like the one that is trained, whose batch normalisation's statistics are averaged,
    too.
    """

    def __init__(self, trained: nn.Module, decay: float):
        """decay: share of the average that a step keeps, in (0, 1); in the first steps less, so that the start is soon
        forgotten (https://www.tensorflow.org/api_docs/python/tf/train/ExponentialMovingAverage).
        """
        self.model = copy.deepcopy(trained).requires_grad_(False)
        self._decay = decay
        pairs = list(zip(_tensors(self.model), _tensors(trained), strict=True))
        self._averaged = [pair for pair in pairs if pair[0].is_floating_point()]
        self._counters = [pair for pair in pairs if not pair[0].is_floating_point()]

    @torch.no_grad()
    def update(self, step: int) -> None:
        """Take in the trained weights as they are after `step` steps."""
        decay = min(self._decay, (1 + step) / (10 + step))
        mine, theirs = zip(*self._averaged, strict=True)
        get_ema_multi_avg_fn(decay)(list(mine), list(theirs), step)
        for counter, its in self._counters:
            counter.copy_(its)


def _tensors(model: nn.Module) -> list[torch.Tensor]:
    return [*model.parameters(), *model.buffers()]
