"""mixup and CutMix: pictures and targets of a batch blended with those of other pictures of the batch.

mixup: https://arxiv.org/abs/1710.09412. CutMix: https://arxiv.org/abs/1905.04899.
"""

import math

import numpy as np
import torch


def mix(
    inputs: torch.Tensor, targets: torch.Tensor, mixup: float, cutmix: float, random: torch.Generator
) -> tuple[torch.Tensor, torch.Tensor]:
    """Blend each picture of a batch with another, and its target alike. Where both are on, each step draws one of them.

    Args:
        inputs: float [b, 3, h, w].
        targets: float [b, classes].
        mixup, cutmix: alpha of the Beta distribution that a batch's weight is drawn from; 0 is off.
        random: decides, on the CPU.

    Returns inputs and targets of the same shapes.
    """
    cuts = cutmix > 0 and (mixup == 0 or float(torch.rand(1, generator=random)) < 0.5)
    alpha = cutmix if cuts else mixup
    if alpha == 0:
        return inputs, targets
    # numpy's, since torch draws from a Beta distribution with its global generator alone.
    seed = int(torch.randint(2**63 - 1, (1,), generator=random))
    weight = float(np.random.default_rng(seed).beta(alpha, alpha))
    order = torch.randperm(len(inputs), generator=random).to(inputs.device, non_blocking=True)
    if cuts:
        return _paste(inputs, targets, 1 - weight, order, random)
    return inputs.lerp(inputs[order], 1 - weight), targets.lerp(targets[order], 1 - weight)


def _paste(
    inputs: torch.Tensor, targets: torch.Tensor, share: float, order: torch.Tensor, random: torch.Generator
) -> tuple[torch.Tensor, torch.Tensor]:
    """Paste a rectangle of `share` of the area from another picture, at a random place; the edges may cut it off."""
    height, width = inputs.shape[-2:]
    across, down = torch.rand(2, generator=random).tolist()
    left, right = _span(across * width, math.sqrt(share) * width, width)
    top, bottom = _span(down * height, math.sqrt(share) * height, height)
    pasted = inputs.clone()
    pasted[..., top:bottom, left:right] = inputs[order, :, top:bottom, left:right]
    covered = (right - left) * (bottom - top) / (height * width)
    return pasted, targets.lerp(targets[order], covered)


def _span(centre: float, length: float, most: int) -> tuple[int, int]:
    return max(0, round(centre - length / 2)), min(most, round(centre + length / 2))
