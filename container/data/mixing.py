"""mixup and CutMix: the pictures and the targets of a step blended with each other's.

mixup: https://arxiv.org/abs/1710.09412. CutMix: https://arxiv.org/abs/1905.04899.
"""

import math

import torch


def mix(
    inputs: torch.Tensor, targets: torch.Tensor, mixup: float, cutmix: float, random: torch.Generator
) -> tuple[torch.Tensor, torch.Tensor]:
    """Blend each picture of a batch with another, and its target alike. Where both are on, each step takes one by
    chance.

    inputs: float [b, 3, h, w]; targets: float [b, classes]. mixup, cutmix: alpha of the Beta distribution that a
    batch's weight comes from; 0 is off."""
    cuts = cutmix > 0 and (mixup == 0 or float(torch.rand(1, generator=random)) < 0.5)
    alpha = cutmix if cuts else mixup
    if alpha == 0:
        return inputs, targets
    first, second = torch._standard_gamma(torch.full((2,), alpha, dtype=torch.float64), generator=random).tolist()
    weight = (
        1.0 if first == second else first / (first + second)
    )  # both are the smallest number there is for a tiny alpha
    order = torch.randperm(len(inputs), generator=random).to(inputs.device, non_blocking=True)
    if cuts:
        return _paste(inputs, targets, 1 - weight, order, random)
    return inputs.lerp(inputs[order], 1 - weight), targets.lerp(targets[order], 1 - weight)


def _paste(
    inputs: torch.Tensor, targets: torch.Tensor, share: float, order: torch.Tensor, random: torch.Generator
) -> tuple[torch.Tensor, torch.Tensor]:
    """A rectangle of `share` of the area from another picture, somewhere; the edges may cut it off."""
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
