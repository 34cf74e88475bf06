"""The one preprocessing: what a picture goes through in training, in evaluation and on the endpoint.

Every picture becomes the same square first (`to_square`). Evaluation and serving take its centre; training takes
random parts of it. The settings travel inside the checkpoint, so an endpoint cannot prepare pictures differently from
the run that made its model.
"""

import math
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from PIL import Image, ImageFile, UnidentifiedImageError

from container.pictures.colour_profile import square_to_srgb
from container.pictures.declared_colour import declared_profile
from container.pictures.decoders import MAX_PIXELS, open_file
from container.pictures.decoding_cost import why_not_decoded, why_not_opened
from container.pictures.jpeg import decode_jpeg, orientation_of, upright
from container.pictures.pixels import decode_pixels
from contract.picture_formats import format_of, why_not_taken

IMAGENET_MEAN = (0.485, 0.456, 0.406)
IMAGENET_STD = (0.229, 0.224, 0.225)
INTERPOLATIONS = ("bilinear", "bicubic")  # both with antialiasing

ImageFile.LOAD_TRUNCATED_IMAGES = False  # half a picture is an error, not a grey half


class UnreadablePicture(ValueError):
    """The bytes are not a picture that can be decoded; the message says why."""


@dataclass(frozen=True)
class Preprocessing:
    """How a picture becomes a tensor.

    image_size: side of the model's input, pixels.
    square_size: side of the square that the picture is resized to before the centre is taken, pixels; >= image_size.
    mean, std: per RGB channel, for values in [0, 1] (torchvision's ImageNet constants by default).
    interpolation: of that resizing, one of INTERPOLATIONS.
    """

    image_size: int
    square_size: int
    mean: tuple[float, float, float] = IMAGENET_MEAN
    std: tuple[float, float, float] = IMAGENET_STD
    interpolation: str = "bilinear"

    @classmethod
    def for_image_size(cls, image_size: int) -> "Preprocessing":
        """The usual margin: 256 for 224 (https://arxiv.org/abs/1409.1556, section 3.2), in proportion."""
        return cls(image_size=image_size, square_size=math.ceil(image_size * 256 / 224))

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> "Preprocessing":
        return cls(**{**values, "mean": tuple(values["mean"]), "std": tuple(values["std"])})

    def to_dict(self) -> dict[str, Any]:
        return asdict(self)

    def to_square(self, picture: Image.Image) -> np.ndarray:
        """Make a picture square: its short side resized to `square_size`, the centre kept.

        Returns uint8 [square_size, square_size, 3], sRGB: EXIF orientation applied, transparency on white.
        Raises UnreadablePicture when the file behind `picture` turns out to be broken.
        """
        with _broken_files_named():
            mode = picture.mode
            pixels = decode_jpeg(picture, self.square_size)
            if pixels is None:
                pixels = decode_pixels(picture, self.square_size)
        square = _centred_square(pixels, self.square_size, self.interpolation)
        return upright(square_to_srgb(square, mode, picture.info.get("icc_profile")), orientation_of(picture))

    def centre(self, squares: torch.Tensor) -> torch.Tensor:
        """uint8 [n, 3, square_size, square_size] -> uint8 [n, 3, image_size, image_size]."""
        start = (self.square_size - self.image_size) // 2
        return squares[..., start : start + self.image_size, start : start + self.image_size]

    def normalise(self, pixels: torch.Tensor) -> torch.Tensor:
        """uint8 or float [n, 3, h, w] in 0..255 -> float32 of the same shape, channels last in memory, zero mean and
        unit variance by channel.
        """
        count, _, height, width = pixels.shape
        mean, std = torch.tensor(self.mean), torch.tensor(self.std)
        # Made on the CPU and sent without waiting: what torch makes on a GPU from Python's numbers waits for all of its
        # work.
        scale, offset = (
            one.repeat(width).to(pixels.device, non_blocking=True) for one in (1 / (255 * std), -mean / std)
        )
        # A whole row of pixels at a time: a vector instruction takes more numbers than a pixel has.
        rows = pixels.float().permute(0, 2, 3, 1).reshape(count, height, width * 3)
        return torch.addcmul(offset, rows, scale).view(count, height, width, 3).permute(0, 3, 1, 2)


def open_picture(source: bytes | Path) -> Image.Image:
    """Read a picture's header; its pixels are decoded when they are needed.

    Its content decides which of contract/picture_formats.py's formats it is. Raises UnreadablePicture, whose message
    goes on after "this file is": none of these, broken, too costly to decode, or of a shape that no classifier can use.
    """
    with _broken_files_named():
        content = source if isinstance(source, bytes) else source.read_bytes()
        known = format_of(content)
        refusal = why_not_taken(content) if known is None else why_not_opened(content)
        if known is None or refusal:
            raise UnreadablePicture(refusal)
        picture = open_file(content, known)
        refusal = why_not_decoded(picture, content)
        if refusal:
            picture.close()
            raise UnreadablePicture(refusal)
        if known.decoder in ("AVIF", "HEIF", "PNG") and not picture.info.get("icc_profile"):
            picture.info["icc_profile"] = declared_profile(content)
        return picture


@contextmanager
def _broken_files_named() -> Iterator[None]:
    """Decoders answer a broken file with any exception: RuntimeError and NotImplementedError are among them."""
    try:
        yield
    except UnreadablePicture:
        raise
    except Image.DecompressionBombError as error:
        raise UnreadablePicture(f"a picture of far more pixels than the {MAX_PIXELS:,} that are taken") from error
    except UnidentifiedImageError as error:
        raise UnreadablePicture("not a readable picture: its header is broken") from error
    except Exception as error:
        raise UnreadablePicture(f"not a readable picture: {str(error) or type(error).__name__}") from error


def _centred_square(pixels: np.ndarray, side: int, interpolation: str = "bilinear") -> np.ndarray:
    """uint8 [h, w, 3] -> uint8 [side, side, 3], with memory of its own: the centre, resized as Pillow's antialiased
    filter of this name does.

    torch's is four times as fast: https://pytorch.org/vision/stable/transforms.html#performance-considerations
    """
    height, width, _ = pixels.shape
    edge = min(height, width)
    top, left = (height - edge) // 2, (width - edge) // 2
    square = pixels[top : top + edge, left : left + edge]
    if edge == side:
        return square.copy()
    # With NumPy's own new axis torch does not see that it is.
    channels_last = torch.from_numpy(square).unsqueeze(0).permute(0, 3, 1, 2)
    resized = F.interpolate(channels_last, (side, side), mode=interpolation, antialias=True, align_corners=False)
    return np.ascontiguousarray(resized[0].permute(1, 2, 0).numpy())
