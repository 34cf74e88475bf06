"""Augmentation of whole batches: every picture of a batch is cut, flipped, turned and recoloured at once, as a tensor.

One bilinear look-up does crop, scale, flip and rotation together, on whatever device the batch is on.
Random resized crops: https://arxiv.org/abs/1409.4842 (section 6). mixup: https://arxiv.org/abs/1710.09412.
"""

import math

import torch
import torch.nn.functional as F

MAX_ROTATION = math.radians(5)
MAX_ASPECT = 4 / 3
COLOUR = 0.2  # brightness, contrast and saturation vary by this factor either way


def augment(
    squares: torch.Tensor, image_size: int, min_crop: float, random: torch.Generator, mirrored: torch.Tensor | None = None
) -> torch.Tensor:
    """uint8 [b, 3, s, s] -> float32 [b, 3, image_size, image_size] in 0..255, each picture varied on its own.

    min_crop: smallest share of the picture's area that a crop shows, (0, 1]. mirrored: bool [b]; None: by chance.
    """
    pixels = squares.to(torch.float32, memory_format=torch.channels_last)
    views = _views(len(pixels), min_crop, random, mirrored).to(pixels.device)
    grid = F.affine_grid(views, [len(pixels), 3, image_size, image_size], False)
    pixels = F.grid_sample(pixels, grid, mode="bilinear", padding_mode="reflection", align_corners=False)
    return _recolour(pixels, random)


def mix(inputs: torch.Tensor, targets: torch.Tensor, alpha: float, random: torch.Generator) -> tuple[torch.Tensor, torch.Tensor]:
    """mixup: each picture becomes a blend of itself and another, its target the same blend.

    inputs: float [b, ...]; targets: float [b, classes]. One weight from Beta(alpha, alpha) for the batch.
    """
    gammas = torch._standard_gamma(torch.full((2,), alpha), generator=random)
    weight = float(gammas[0] / gammas.sum())
    order = torch.randperm(len(inputs), generator=random).to(inputs.device)
    return inputs.lerp(inputs[order], 1 - weight), targets.lerp(targets[order], 1 - weight)


def _views(count: int, min_crop: float, random: torch.Generator, mirrored: torch.Tensor | None) -> torch.Tensor:
    """Affine maps [count, 2, 3] from the output's coordinates to the picture's, both in [-1, 1]."""
    area = _uniform(count, min_crop, 1, random)
    aspect = torch.exp(_uniform(count, -math.log(MAX_ASPECT), math.log(MAX_ASPECT), random))
    width, height = (area * aspect).sqrt().clamp(max=1), (area / aspect).sqrt().clamp(max=1)
    x, y = _uniform(count, -1, 1, random) * (1 - width), _uniform(count, -1, 1, random) * (1 - height)
    angle = _uniform(count, -MAX_ROTATION, MAX_ROTATION, random)
    flip = (torch.rand(count, generator=random) < 0.5 if mirrored is None else mirrored) * -2.0 + 1
    cos, sin = angle.cos(), angle.sin()
    rows = [torch.stack([flip * width * cos, -height * sin, x], 1), torch.stack([flip * width * sin, height * cos, y], 1)]
    return torch.stack(rows, 1)


def _recolour(pixels: torch.Tensor, random: torch.Generator) -> torch.Tensor:
    factors = 1 + _uniform((3, len(pixels), 1, 1, 1), -COLOUR, COLOUR, random).to(pixels.device)
    brightness, contrast, saturation = factors
    pixels = pixels * brightness
    pixels = torch.lerp(pixels.mean((1, 2, 3), keepdim=True), pixels, contrast)
    return torch.lerp(pixels.mean(1, keepdim=True), pixels, saturation).clamp_(0, 255)


def _uniform(shape, low: float, high: float, random: torch.Generator) -> torch.Tensor:
    return torch.rand(shape, generator=random) * (high - low) + low
