"""The pixels of a file of any format, as 8 bits of red, green and blue: depth, transparency, colour profile.

Pillow gives them as the file has them. What it would make black, white or transparent in silence is decided here.
"""

import math

import numpy as np
from PIL import Image, ImageFile

from container.pictures.colour_profile import cmyk_to_srgb
from container.pictures.jpeg import scale_of

DEPTHS = (8, 10, 12, 14, 16)  # bits of cameras, scanners and microscopes
PHOTOMETRIC, WHITE_IS_ZERO = 262, 0  # a TIFF's tag, and what it means by it


def decode_pixels(picture: Image.Image, side: int) -> np.ndarray:
    """Decode a picture, scaled down by 8, 4 or 2 where both sides stay at least `side`; orientation is not applied.

    Scaled as libjpeg scales a JPEG, so that the same picture gives the same square from any format. Returns uint8
    [h, w, 3], RGB. Raises ValueError for values whose range nobody can know, and whatever Pillow raises.
    """
    size, scale, ratio = picture.size, scale_of(picture.size, side), side / min(picture.size)
    # Gone when the pixels are there.
    raw_mode = picture.tile[0].args if isinstance(picture, ImageFile.ImageFile) and picture.tile else None
    # libjpeg scales while it decodes, for a fraction of the time; draft() never goes below the size asked for.
    picture.draft("RGB", (math.ceil(picture.width * ratio), math.ceil(picture.height * ratio)))
    picture.load()
    _check_range(picture, raw_mode)
    decoded = _opaque(_eight_bits(picture, raw_mode))
    if decoded.mode not in ("L", "RGB", "CMYK"):
        decoded = decoded.convert("RGB")
    if scale > 1 and decoded.size == size:
        decoded = decoded.reduce(scale)
    if decoded.mode == "CMYK":
        decoded = cmyk_to_srgb(decoded, picture.info.get("icc_profile"))
    return np.array(decoded if decoded.mode == "RGB" else decoded.convert("RGB"))


def _check_range(picture: Image.Image, raw_mode: object) -> None:
    """Of colours of 16 bits Pillow keeps the high 8. Raises ValueError where a camera's 12 bits are in them."""
    raw = raw_mode[0] if isinstance(raw_mode, tuple) else raw_mode
    if ";16" not in str(raw) or picture.mode not in ("RGB", "RGBA", "LA"):
        return
    if 0 < np.asarray(picture)[..., : 1 if picture.mode == "LA" else 3].max() < 16:
        raise ValueError("its colours have 16 bits, of which the upper 4 are not used; save it with 8 bits")


def _eight_bits(picture: Image.Image, raw_mode: object) -> Image.Image:
    """PNG says which colour is transparent in the depth of the file (https://www.w3.org/TR/png-3/#11tRNS); Pillow's
    pixels have 8 bits.
    """
    transparent = picture.info.get("transparency")
    if raw_mode in ("L;2", "L;4"):
        if transparent is not None:
            picture.info["transparency"] = transparent * 255 // (2 ** int(raw_mode[-1]) - 1)
    elif raw_mode == "RGB;16B" and transparent is not None:
        picture.info["transparency"] = tuple(value >> 8 for value in transparent)
    elif picture.mode.startswith("I") or picture.mode == "F":
        grey = np.asarray(picture)
        eight = _scaled(grey)
        if getattr(picture, "tag_v2", {}).get(PHOTOMETRIC) == WHITE_IS_ZERO:
            eight = 255 - eight
        if transparent is not None:
            eight[grey == transparent] = 255
        return Image.fromarray(eight)
    return picture


def _scaled(grey: np.ndarray) -> np.ndarray:
    """Brightness of 16 or 32 bits or in floating point -> uint8: of 0 to 1, or in the least of DEPTHS that holds it.

    A camera's 12 bits come as 16, and would be black. Raises ValueError for any other range.
    """
    low, high = grey.min(), grey.max()
    real = np.issubdtype(grey.dtype, np.floating)
    bits = next((bits for bits in DEPTHS if high < 2**bits), None)  # NaN is below nothing
    # Between 1 and 32 a fraction may be brightness beyond white, or of 8 bits and all but black.
    if bits is None or not low >= 0 or (real and 1 < high < 32):
        raise ValueError(
            f"its values go from {low:g} to {high:g}, and which of them is white is not known; save it with 8 or "
            "16 bits"
        )
    if not real:
        return (grey >> (bits - 8)).astype(np.uint8)
    return (grey * 255 + 0.5 if high <= 1 else grey / 2 ** (bits - 8)).astype(np.uint8)


def _opaque(picture: Image.Image) -> Image.Image:
    """Transparency on white."""
    if picture.mode not in ("RGBA", "LA", "PA", "RGBa", "La") and "transparency" not in picture.info:
        return picture
    picture = picture.convert("RGBA")
    return Image.alpha_composite(Image.new("RGBA", picture.size, "white"), picture).convert("RGB")
