"""TrivialAugment: one random transformation, of a random strength, for each picture. https://arxiv.org/abs/2103.10158

The wide space of the paper's table 1; shears are about the centre. The transformations are torchvision's. Its own
TrivialAugmentWide draws from torch's global generator, in an order that depends on the threads.
"""

import math
from collections.abc import Callable

import torch
from torchvision.transforms.v2 import functional as F

STRENGTHS = 31
MAX_TRANSLATION = 32  # pixels


def trivial_augment(picture: torch.Tensor, random: torch.Generator) -> torch.Tensor:
    """One picture: uint8 [3, h, w] -> uint8 [3, h, w]. random: decides on transformation, strength and direction."""
    names = sorted(TRANSFORMATIONS)
    name = names[int(torch.randint(len(names), (1,), generator=random))]
    strength = int(torch.randint(STRENGTHS, (1,), generator=random)) / (STRENGTHS - 1)
    sign = -1 if float(torch.rand(1, generator=random)) < 0.5 else 1
    return TRANSFORMATIONS[name](picture, strength, sign)


def _affine(
    picture: torch.Tensor, angle: float = 0, translate: tuple[int, int] = (0, 0), shear: tuple[float, float] = (0, 0)
) -> torch.Tensor:
    return F.affine(picture, angle, list(translate), 1.0, list(shear))


def _shear(strength: float, sign: int) -> float:
    return math.degrees(math.atan(0.99 * strength * sign))


# A picture, a strength in 0..1 and a sign -> a picture.
TRANSFORMATIONS: dict[str, Callable[[torch.Tensor, float, int], torch.Tensor]] = {
    "identity": lambda picture, strength, sign: picture,
    "shear-x": lambda picture, strength, sign: _affine(picture, shear=(_shear(strength, sign), 0)),
    "shear-y": lambda picture, strength, sign: _affine(picture, shear=(0, _shear(strength, sign))),
    "translate-x": lambda picture, strength, sign: _affine(
        picture, translate=(round(MAX_TRANSLATION * strength * sign), 0)
    ),
    "translate-y": lambda picture, strength, sign: _affine(
        picture, translate=(0, round(MAX_TRANSLATION * strength * sign))
    ),
    "rotate": lambda picture, strength, sign: _affine(picture, angle=135 * strength * sign),
    "brightness": lambda picture, strength, sign: F.adjust_brightness(picture, 1 + 0.99 * strength * sign),
    "saturation": lambda picture, strength, sign: F.adjust_saturation(picture, 1 + 0.99 * strength * sign),
    "contrast": lambda picture, strength, sign: F.adjust_contrast(picture, 1 + 0.99 * strength * sign),
    "sharpness": lambda picture, strength, sign: F.adjust_sharpness(picture, 1 + 0.99 * strength * sign),
    "posterize": lambda picture, strength, sign: F.posterize(picture, 8 - round(6 * strength)),
    "solarize": lambda picture, strength, sign: F.solarize(picture, 255 * (1 - strength)),
    "autocontrast": lambda picture, strength, sign: F.autocontrast(picture),
    "equalize": lambda picture, strength, sign: F.equalize(picture),
}
