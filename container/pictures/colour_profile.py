"""Embedded ICC profiles: a picture's colours as sRGB, in which models are trained.

A camera's Display P3 or Adobe RGB has the same numbers for other colours. A profile that is broken, or is for other
pixels than the file has, is ignored, as browsers do.
"""

import io
from functools import lru_cache
from typing import Any

import numpy as np
from PIL import Image, ImageCms

MAX_PROFILE = 4_000_000  # bytes; those of printing presses have up to 3 MB
KEPT = 16  # conversions; the pictures of a data set come from a few cameras
UNSEEN = 1  # levels: a conversion that changes no colour by more is sRGB's own
SPACES = {"RGB": "RGB ", "L": "GRAY", "CMYK": "CMYK"}  # of profiles, by mode of the pixels


def square_to_srgb(square: np.ndarray, mode: str, profile: object) -> np.ndarray:
    """Convert a decoded square, whose size makes it cheap.

    Args:
        square: uint8 [side, side, 3].
        mode: of the picture as Pillow opened it.
        profile: bytes of the embedded profile; None where there is none.
    """
    if mode in ("CMYK", "LAB") or not isinstance(profile, bytes):
        return square
    grey = mode in ("1", "L", "LA", "La", "F") or mode.startswith("I")
    convert = _conversion(profile, "L" if grey else "RGB")
    if convert is None:
        return square
    pixels = Image.fromarray(np.ascontiguousarray(square[..., 0]) if grey else square)
    return np.array(ImageCms.applyTransform(pixels, convert))


def cmyk_to_srgb(picture: Image.Image, profile: object) -> Image.Image:
    """Convert the inks of a printing press, by their profile, or as if they were the opposite colours."""
    convert = _conversion(profile, "CMYK") if isinstance(profile, bytes) else None
    converted = ImageCms.applyTransform(picture, convert) if convert is not None else None
    return picture.convert("RGB") if converted is None else converted


@lru_cache(KEPT)
def _conversion(profile: bytes, mode: str) -> Any:
    """None where there is nothing to convert, or nothing that can be. mode: RGB, L or CMYK."""
    if len(profile) > MAX_PROFILE:
        return None
    try:
        opened = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        if opened.profile.xcolor_space != SPACES[mode]:
            return None
        conversion = ImageCms.buildTransform(opened, ImageCms.createProfile("sRGB"), mode, "RGB")
        return None if mode != "CMYK" and _changes_nothing(conversion, mode) else conversion
    except (ImageCms.PyCMSError, OSError, ValueError, TypeError):
        return None


def _changes_nothing(conversion: Any, mode: str) -> bool:
    levels = np.linspace(0, 255, 18).astype(np.uint8)
    grid = np.stack(np.meshgrid(levels, levels, levels), axis=-1).reshape(18, -1, 3)
    colours = np.arange(256, dtype=np.uint8).reshape(16, 16, 1) if mode == "L" else grid
    converted = np.asarray(ImageCms.applyTransform(Image.fromarray(colours.squeeze()), conversion)).astype(int)
    return bool(np.abs(converted - colours).max() <= UNSEEN)
