"""The learning rate of every step, and which part of the network it trains: first the head alone, then all of it."""

import math
from dataclasses import dataclass


@dataclass(frozen=True)
class Schedule:
    """peak: the head's highest rate. head_epochs: how many epochs train the head alone. warmup_epochs: length of the
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
