"""Random crops, mirroring and colour changes, drawn for every picture of a batch on its own.

Crops are cut from uint8 pixels, picture by picture, for which torch's resampling has vector instructions; colours and
normalisation are three multiplications of the whole batch, on whatever device it is on. Random resized crops:
https://arxiv.org/abs/1409.4842 (section 6).
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import torch
import torch.nn.functional as F

from container.pictures.preprocessing import Preprocessing

MAX_ASPECT = 4 / 3
COLOUR = 0.2  # brightness, contrast and saturation vary by this factor either way


@dataclass(frozen=True)
class Variations:
    """The random decisions for each of b pictures.

    boxes: int64 [b, 4], the crop's left, top, width and height in pixels. mirrored: bool [b]. colours: float32 [b, 3],
    the factors of brightness, contrast and saturation.
    """

    boxes: torch.Tensor
    mirrored: torch.Tensor
    colours: torch.Tensor

    def __getitem__(self, part: slice) -> "Variations":
        return Variations(self.boxes[part], self.mirrored[part], self.colours[part])


def draw_variations(
    count: int, side: int, min_crop: float, random: torch.Generator, mirrored: torch.Tensor | None = None
) -> Variations:
    """Draw crops, mirroring and colours for square pictures.

    Args:
        count: number of pictures.
        side: edge of the squares, pixels.
        min_crop: smallest share of a square's area that a crop shows, (0, 1].
        random: decides.
        mirrored: bool [count]; None: drawn, too.
    """
    area = _uniform(count, min_crop, 1, random)
    aspect = torch.exp(_uniform(count, -math.log(MAX_ASPECT), math.log(MAX_ASPECT), random))
    shares = torch.stack([(area * aspect).sqrt(), (area / aspect).sqrt()], 1).clamp(max=1)
    sizes = (shares * side).round().clamp(min=1)
    room = side - sizes
    corners = torch.minimum((torch.rand((count, 2), generator=random) * (room + 1)).floor(), room)
    chance = torch.rand(count, generator=random) < 0.5
    colours = 1 + _uniform((count, 3), -COLOUR, COLOUR, random)
    return Variations(torch.cat([corners, sizes], 1).long(), chance if mirrored is None else mirrored, colours)


def cut(squares: Sequence[torch.Tensor], variations: Variations, pixels: torch.Tensor) -> None:
    """Write the crop of each square into `pixels`, mirrored where the variations say so.

    Args:
        squares: uint8 [1, 3, side, side] each, on the CPU, channels last in memory.
        variations: of the same pictures.
        pixels: uint8 [b, 3, image_size, image_size], is written to.
    """
    for square, box, mirrored, crop in zip(
        squares, variations.boxes.tolist(), variations.mirrored.tolist(), pixels, strict=True
    ):
        left, top, width, height = box
        piece = square[:, :, top : top + height, left : left + width]
        [resized] = F.interpolate(piece, crop.shape[1:], mode="bilinear", antialias=True, align_corners=False)
        crop.copy_(resized.flip(-1) if mirrored else resized)


def cut_together(squares: torch.Tensor, variations: Variations, image_size: int) -> torch.Tensor:
    """Crop all squares at once, each by two matrix products, which a GPU has time for. As `cut`, within a step of 255.

    Args:
        squares: uint8 [b, 3, side, side], on any device.
        variations: of the same pictures.
        image_size: edge of the crops, pixels.

    Returns float [b, 3, image_size, image_size] in 0..255 on the same device.
    """
    count, channels, side, _ = squares.shape
    device = squares.device
    # float16 tells 255 steps apart, and eighths of them.
    dtype = torch.float16 if device.type == "cuda" else torch.float32
    left, top, width, height = variations.boxes.to(device, non_blocking=True).unbind(1)
    mirrored = variations.mirrored.to(device, non_blocking=True)
    across = _resampling(left, width, side, image_size, dtype, mirrored)
    down = _resampling(top, height, side, image_size, dtype, torch.zeros_like(mirrored))
    by_row = torch.empty((count, side, channels, side), dtype=dtype, device=device).copy_(squares.transpose(1, 2))
    rows = torch.bmm(down, by_row.view(count, side, channels * side)).view(count, image_size * channels, side)
    pixels = torch.bmm(rows, across.transpose(1, 2))
    return pixels.view(count, image_size, channels, image_size).transpose(1, 2)


def _resampling(
    start: torch.Tensor, length: torch.Tensor, side: int, size: int, dtype: torch.dtype, mirrored: torch.Tensor
) -> torch.Tensor:
    """Weights of the antialiased bilinear filter of Pillow and torch: what each new pixel takes of each old one.

    A triangle as wide as a new pixel, or as an old one where those are wider.

    Args:
        start, length: int64 [b], the part of the old pixels that is shown.
        side, size: number of old and of new pixels.
        dtype: of the result.
        mirrored: bool [b], whether the new pixels are in reverse order.

    Returns [b, size, side]; each row sums to 1.
    """
    start, length, mirrored = (one[:, None, None] for one in (start, length, mirrored))
    scale = length / size
    width = scale.clamp(min=1)
    new, old = (torch.arange(count, device=start.device) + 0.5 for count in (size, side))
    centres = start + scale * torch.where(mirrored, size - new[:, None], new[:, None])
    shown = (old > start) & (old < start + length)  # [b, 1, side]
    # In few passes over memory: on a GPU this is what costs.
    weights = (old / width - centres / width).abs_().neg_().add_(1).clamp_(min=0).mul_(shown)
    return torch.div(
        weights, weights.sum(-1, keepdim=True), out=torch.empty(weights.shape, dtype=dtype, device=weights.device)
    )


def recolour(pixels: torch.Tensor, colours: torch.Tensor, preprocessing: Preprocessing) -> torch.Tensor:
    """Change brightness, contrast and saturation, and normalise.

    Brightness multiplies, contrast blends with the picture's mean grey and saturation with each pixel's own; none of
    the three is cut off at black or white. Factors of 1 give `preprocessing.normalise`.

    Args:
        pixels: uint8 or float [b, 3, h, w] in 0..255.
        colours: float32 [b, 3], of `Variations`.
        preprocessing: has mean and standard deviation.

    Returns float32 of the same shape and device, channels first in memory.
    """
    mean, std = (torch.tensor(values).view(1, 3, 1, 1) for values in (preprocessing.mean, preprocessing.std))
    brightness, contrast, saturation = colours.view(-1, 3, 1, 1, 1).unbind(1)  # each [b, 1, 1, 1]
    factor = brightness * contrast / (255 * std)  # [b, 3, 1, 1]
    of_pixel, of_own_grey, of_mean_grey = (
        saturation * factor,
        (1 - saturation) * factor,
        brightness * (1 - contrast) / (255 * std),
    )
    # Made on the CPU and sent without waiting: what torch makes on a GPU from Python's numbers waits for all of its
    # work.
    of_pixel, of_own_grey, of_mean_grey, offset = (
        one.to(pixels.device, non_blocking=True) for one in (of_pixel, of_own_grey, of_mean_grey, mean / std)
    )
    # Channel by channel: three numbers for each pixel in a row would leave most of a vector instruction unused. And in
    # place: new memory costs more than what is computed into it.
    planes = pixels.contiguous().to(torch.float32, copy=True)
    own_grey = planes.mean(1, keepdim=True)
    mean_grey = own_grey.mean((2, 3), keepdim=True)
    return planes.mul_(of_pixel).addcmul_(own_grey, of_own_grey).add_(mean_grey * of_mean_grey - offset)


def _uniform(shape: int | tuple[int, ...], low: float, high: float, random: torch.Generator) -> torch.Tensor:
    return torch.rand(shape, generator=random) * (high - low) + low
