"""Test-time flip: what a model makes of a picture and of its mirror image, averaged. Twice the work, a little more
accuracy.
"""

import torch
from torch import nn


def logits_of(model: nn.Module, inputs: torch.Tensor, test_flip: bool) -> torch.Tensor:
    """inputs: float32 [b, 3, h, w] -> logits [b, classes], the mean of both where test_flip."""
    logits = model(inputs)
    return (logits + model(inputs.flip(-1))) / 2 if test_flip else logits
