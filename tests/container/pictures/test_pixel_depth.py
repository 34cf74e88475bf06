"""Brightness of more than 8 bits: scaled to what the picture shows, or refused with its range."""

import io
import struct
import zlib

import numpy as np
import pytest
from PIL import Image

from container.pictures.preprocessing import Preprocessing, UnreadablePicture, open_picture

PREPROCESSING = Preprocessing(image_size=64, square_size=64)


def square(values: np.ndarray, kind: str = "TIFF") -> np.ndarray:
    buffer = io.BytesIO()
    Image.fromarray(values).save(buffer, kind)
    return PREPROCESSING.to_square(open_picture(buffer.getvalue()))[..., 0]


def ramp(highest: float, dtype) -> np.ndarray:
    """[64, 64] from 0 to `highest`."""
    return np.linspace(0, highest, 64 * 64).reshape(64, 64).astype(dtype)


@pytest.mark.parametrize("bits", [8, 10, 12, 14, 16])
@pytest.mark.parametrize(("dtype", "kind"), [(np.uint16, "TIFF"), (np.uint16, "PNG"), (np.int32, "TIFF")])
def test_a_cameras_bits_fill_the_range_in_whatever_they_come(bits, dtype, kind):
    seen = square(ramp(2**bits - 1, dtype), kind).astype(int)
    assert np.abs(seen - ramp(255, float)).max() <= 1.01


@pytest.mark.parametrize("highest", [1.0, 255.0, 4095.0, 65535.0])
def test_floating_point_is_of_0_to_1_or_of_whole_bits(highest):
    assert np.abs(square(ramp(highest, np.float32)).astype(int) - ramp(255, float)).max() <= 1.01


@pytest.mark.parametrize(
    ("values", "said"),
    [
        (ramp(2.5, np.float32), "from 0 to 2.5"),
        (ramp(1, np.float32) - 0.5, "from -0.5 to 0.5"),
        (ramp(1e6, np.float32), "from 0 to 1e"),
        (np.full((64, 64), np.nan, np.float32), "nan"),
        (ramp(100_000, np.int32), "from 0 to 100000"),
        (ramp(100, np.int32) - 50, "from -50 to 50"),
    ],
)
def test_a_range_that_nobody_can_know_is_refused_and_named(values, said):
    with pytest.raises(UnreadablePicture, match=said):
        square(values)


def colour_png(highest: int) -> bytes:
    """RGB of 16 bits, which Pillow does not write: https://www.w3.org/TR/png-3/."""
    rows = np.repeat(ramp(highest, np.uint16)[..., None], 3, axis=-1).astype(">u2")
    pixels = zlib.compress(b"".join(b"\0" + row.tobytes() for row in rows))
    parts = ((b"IHDR", struct.pack(">IIBBBBB", 64, 64, 16, 2, 0, 0, 0)), (b"IDAT", pixels), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data)) for name, data in parts
    )


def test_colours_of_a_cameras_12_bits_in_16_are_refused_as_pillow_has_dropped_them():
    seen = PREPROCESSING.to_square(open_picture(colour_png(65535)))[..., 0].astype(int)
    assert np.abs(seen - ramp(255, float)).max() <= 1.01
    with pytest.raises(UnreadablePicture, match="16 bits, of which the upper 4 are not used"):
        PREPROCESSING.to_square(open_picture(colour_png(4095)))


def test_white_may_be_zero():
    buffer = io.BytesIO()
    Image.fromarray(ramp(65535, np.uint16)).save(buffer, "TIFF", tiffinfo={262: 0})
    content = buffer.getvalue()
    tag = content.index(b"\x06\x01\x03\x00\x01\x00\x00\x00")  # PhotometricInterpretation, a short
    content = content[: tag + 8] + b"\0\0" + content[tag + 10 :]
    seen = PREPROCESSING.to_square(open_picture(content))[..., 0].astype(int)
    assert np.abs(seen - (255 - ramp(255, float))).max() <= 1.01
