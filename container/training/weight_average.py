"""An exponential moving average of the weights, which is often a better model than the last step's.

https://arxiv.org/abs/1806.05594 (averages of the weights),
https://www.tensorflow.org/api_docs/python/tf/train/ExponentialMovingAverage (the warm-up of the decay)."""

import copy

import torch
from torch import nn
from torch.optim.swa_utils import get_ema_multi_avg_fn


class WeightAverage:
    """`model` is the average: a model like the one that is trained, whose batch normalisation's statistics are
    averaged, too.
    """

    def __init__(self, trained: nn.Module, decay: float):
        """decay: share of the average that a step keeps, in (0, 1); in the first steps less, so that the start is soon
        forgotten.
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
