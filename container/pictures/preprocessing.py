"""The one preprocessing: what a picture goes through in training, in evaluation and on the endpoint.

Every picture becomes the same square first (`to_square`). Evaluation and serving take its centre; training takes
random parts of it. The settings travel inside the checkpoint, so an endpoint cannot prepare pictures differently from
the run that made its model.
"""

import io
import math
import struct
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
import torch
import torch.nn.functional as F
from PIL import Image, ImageFile, UnidentifiedImageError

from container.pictures.jpeg import decode_jpeg, orientation_of, upright

IMAGENET_MEAN = (0.485, 0.456, 0.406)
IMAGENET_STD = (0.229, 0.224, 0.225)
MAX_PIXELS = 100_000_000  # beyond nearly every camera, within memory when decoded
MAX_STRETCH = 100  # long side over short side

# Beyond twice as many Pillow refuses by itself, before GIF and WebP take memory on opening.
Image.MAX_IMAGE_PIXELS = MAX_PIXELS
ImageFile.LOAD_TRUNCATED_IMAGES = False  # half a picture is an error, not a grey half


class UnreadablePicture(ValueError):
    """The bytes are not a picture that can be decoded; the message says why."""


@dataclass(frozen=True)
class Preprocessing:
    """How a picture becomes a tensor.

    image_size: side of the model's input, pixels.
    square_size: side of the square that the picture is resized to before the centre is taken, pixels; >= image_size.
    mean, std: per RGB channel, for values in [0, 1] (torchvision's ImageNet constants by default).
    """

    image_size: int
    square_size: int
    mean: tuple[float, float, float] = IMAGENET_MEAN
    std: tuple[float, float, float] = IMAGENET_STD

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

        Returns uint8 [square_size, square_size, 3], RGB: EXIF orientation applied, transparency on white.
        Raises UnreadablePicture when the file behind `picture` turns out to be broken.
        """
        with _broken_files_named():
            pixels = decode_jpeg(picture, self.square_size)
            if pixels is None:
                pixels = _decode(picture, self.square_size)
        return upright(_centred_square(pixels, self.square_size), orientation_of(picture))

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


def open_picture(source: bytes | Path | BinaryIO, formats: tuple[str, ...] | None = None) -> Image.Image:
    """Read a picture's header; its pixels are decoded when they are needed.

    formats: Pillow's names of those that may be opened; None: all that it knows. Raises UnreadablePicture when it is
    none of them, or has a shape that no classifier can use."""
    with _broken_files_named():
        picture = Image.open(io.BytesIO(source) if isinstance(source, bytes) else source, formats=formats)
    width, height = picture.size
    if width * height > MAX_PIXELS or max(width, height) > MAX_STRETCH * min(width, height):
        picture.close()
        raise UnreadablePicture(
            f"a picture of {width}x{height} pixels; at most {MAX_PIXELS:,} pixels and a stretch of {MAX_STRETCH} to 1 "
            "are taken"
        )
    return picture


@contextmanager
def _broken_files_named() -> Iterator[None]:
    try:
        yield
    except UnidentifiedImageError as error:
        raise UnreadablePicture("not a picture in any known format") from error
    except Image.DecompressionBombError as error:
        raise UnreadablePicture(f"a picture of far more pixels than the {MAX_PIXELS:,} that are taken") from error
    # Pillow answers a broken file with any of these, depending on the format.
    except (OSError, SyntaxError, ValueError, EOFError, TypeError, LookupError, ArithmeticError, struct.error) as error:
        raise UnreadablePicture(f"not a readable picture: {error}") from error


def _decode(picture: Image.Image, side: int) -> np.ndarray:
    """Pixels of any format as they are in the file: uint8 [h, w, 3], at least `side` on both sides where the picture
    has that.
    """
    scale = side / min(picture.size)
    # libjpeg can decode at 1/2, 1/4 or 1/8 for a fraction of the time; draft() never goes below the size asked for.
    picture.draft("RGB", (math.ceil(picture.width * scale), math.ceil(picture.height * scale)))
    # Gone when the pixels are there.
    raw_mode = picture.tile[0].args if isinstance(picture, ImageFile.ImageFile) and picture.tile else None
    picture.load()
    return np.array(_to_rgb(_with_transparency_of_8_bits(picture, raw_mode)))


def _centred_square(pixels: np.ndarray, side: int) -> np.ndarray:
    """uint8 [h, w, 3] -> uint8 [side, side, 3], with memory of its own: the centre, resized as Pillow's antialiased
    bilinear filter does.

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
    resized = F.interpolate(channels_last, (side, side), mode="bilinear", antialias=True, align_corners=False)
    return np.ascontiguousarray(resized[0].permute(1, 2, 0).numpy())


def _with_transparency_of_8_bits(picture: Image.Image, raw_mode: object) -> Image.Image:
    """PNG says which colour is transparent in the depth of the file (https://www.w3.org/TR/png-3/#11tRNS); Pillow's
    pixels have 8 bits.
    """
    transparent = picture.info.get("transparency")
    if raw_mode in ("L;2", "L;4"):
        if transparent is not None:
            picture.info["transparency"] = transparent * 255 // (2 ** int(raw_mode[-1]) - 1)
    elif raw_mode == "RGB;16B" and transparent is not None:
        picture.info["transparency"] = tuple(value >> 8 for value in transparent)
    elif picture.mode.startswith("I;16"):
        grey = np.asarray(picture)
        eight = (grey >> 8).astype(np.uint8)
        if transparent is not None:
            eight[grey == transparent] = 255
        return Image.fromarray(eight)
    return picture


def _to_rgb(picture: Image.Image) -> Image.Image:
    if picture.mode in ("RGBA", "LA", "PA") or "transparency" in picture.info:
        picture = picture.convert("RGBA")
        return Image.alpha_composite(Image.new("RGBA", picture.size, "white"), picture).convert("RGB")
    return picture if picture.mode == "RGB" else picture.convert("RGB")
