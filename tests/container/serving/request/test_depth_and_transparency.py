"""Grey, palettes, depths and transparency give the right picture.

The files are made here: by Pillow, or chunk by chunk where Pillow cannot write them.
"""

import struct
import zlib

import numpy as np
import pytest
from PIL import Image

from tests.container.serving.request.quadrants import BLUE, GREEN, GREY, QUADRANTS, RED, assert_seen, encoded, quadrants

WHITE = (255, 255, 255)


def png(
    width: int, height: int, depth: int, colour_type: int, rows: list[bytes], *chunks: tuple[bytes, bytes]
) -> bytes:
    """https://www.w3.org/TR/png-3/"""
    header = struct.pack(">IIBBBBB", width, height, depth, colour_type, 0, 0, 0)
    pixels = zlib.compress(b"".join(b"\0" + row for row in rows))
    parts = ((b"IHDR", header), *chunks, (b"IDAT", pixels), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data)) for name, data in parts
    )


def rows_of(samples: np.ndarray) -> list[bytes]:
    """PNG's samples of 16 bits begin with the high byte, NumPy's with the low one."""
    return [row.tobytes() for row in samples.astype(samples.dtype.newbyteorder(">"))]


def greys(dtype, values) -> np.ndarray:
    """[128, 128] of four values, by quadrants."""
    return np.kron(np.array(values, dtype=dtype).reshape(2, 2), np.ones((64, 64), dtype=dtype))


def test_sixteen_bits_keep_their_high_eight():
    grey = greys(np.uint16, (0x0A00, 0x80FF, 0xFFFF, 0x4000))
    shown = [(0x0A,) * 3, (0x80,) * 3, (0xFF,) * 3, (0x40,) * 3]
    assert_seen(png(128, 128, 16, 0, rows_of(grey)), shown)
    assert_seen(png(128, 128, 16, 2, rows_of(np.repeat(grey, 3, axis=1))), shown)
    colours = np.stack(
        [greys(np.uint16, [colour[channel] * 256 + 77 for colour in QUADRANTS]) for channel in range(3)], axis=-1
    )
    assert_seen(png(128, 128, 16, 2, rows_of(colours)))


def test_sixteen_bits_with_alpha_show_white_where_they_are_transparent():
    grey_and_alpha = np.stack(
        [greys(np.uint16, (0x1000, 0x8000, 0xF000, 0)), greys(np.uint16, (0, 0xFFFF, 0xFFFF, 0))], axis=-1
    )
    assert_seen(png(128, 128, 16, 4, rows_of(grey_and_alpha)), (WHITE, (0x80,) * 3, (0xF0,) * 3, WHITE))
    colour_and_alpha = np.stack(
        [greys(np.uint16, (0x1000, 0x8000, 0xF000, 0))] * 3 + [greys(np.uint16, (0, 0xFFFF, 0xFFFF, 0x8000))], axis=-1
    )
    assert_seen(png(128, 128, 16, 6, rows_of(colour_and_alpha)), (WHITE, (0x80,) * 3, (0xF0,) * 3, (127,) * 3))


@pytest.mark.parametrize(
    ("depth", "values"),
    [(1, (0, 1, 1, 0)), (2, (0, 1, 2, 3)), (4, (0, 3, 8, 15)), (8, (0, 3, 128, 255)), (16, (0, 3, 0x8000, 0xFFFF))],
)
@pytest.mark.parametrize("transparent", [None, 0, 1, 2, 3])
def test_grey_of_every_depth_is_scaled_and_its_transparent_value_is_white(depth, values, transparent):
    """transparent: the position in `values` of the one that tRNS names, in the depth of the file."""
    samples = greys(np.uint16 if depth == 16 else np.uint8, values)
    if depth < 8:
        bits = np.unpackbits(samples[..., None], axis=-1)[..., -depth:].reshape(128, -1)
        samples = np.packbits(bits, axis=1)
    chunks = [] if transparent is None else [(b"tRNS", struct.pack(">H", values[transparent]))]
    shown = [value * 255 // (2**depth - 1) for value in values]
    expected = [
        WHITE if transparent is not None and value == values[transparent] else (grey,) * 3
        for value, grey in zip(values, shown, strict=True)
    ]
    assert_seen(png(128, 128, depth, 0, rows_of(samples), *chunks), expected, tolerance=1 if depth < 16 else 2)


@pytest.mark.parametrize("depth", [8, 16])
def test_the_transparent_colour_of_a_colour_png_is_white(depth):
    factor = 257 if depth == 16 else 1
    colours = np.stack(
        [
            greys(np.uint16 if depth == 16 else np.uint8, [colour[channel] * factor for colour in QUADRANTS])
            for channel in range(3)
        ],
        axis=-1,
    )
    key = struct.pack(">HHH", *(value * factor for value in GREEN))
    assert_seen(png(128, 128, depth, 2, rows_of(colours), (b"tRNS", key)), (RED, WHITE, BLUE, GREY))


@pytest.mark.parametrize(
    ("alphas", "expected"),
    [
        (b"", QUADRANTS),
        (b"\xff\x00", (RED, WHITE, BLUE, GREY)),
        (b"\x00\xff\x00\xff", (WHITE, GREEN, WHITE, GREY)),
        (b"\xff\xff\x80", (RED, GREEN, (147, 147, 237), GREY)),
    ],
)
def test_a_palette_has_its_own_alpha(alphas, expected):
    palette = (b"PLTE", b"".join(bytes(colour) for colour in QUADRANTS))
    chunks = [palette] + ([(b"tRNS", alphas)] if alphas else [])
    assert_seen(png(128, 128, 8, 3, rows_of(greys(np.uint8, (0, 1, 2, 3))), *chunks), expected)


def test_a_palette_of_two_bits_is_read():
    palette = (b"PLTE", b"".join(bytes(colour) for colour in QUADRANTS))
    bits = np.unpackbits(greys(np.uint8, (0, 1, 2, 3))[..., None], axis=-1)[..., -2:].reshape(128, -1)
    assert_seen(png(128, 128, 2, 3, rows_of(np.packbits(bits, axis=1)), palette))


@pytest.mark.parametrize("kind", ["PNG", "WEBP"])
def test_alpha_is_laid_on_white(kind):
    picture = quadrants(mode="RGBA")
    picture.putalpha(Image.fromarray(greys(np.uint8, (255, 0, 255, 255))))
    assert_seen(encoded(picture, kind, **({"lossless": True} if kind == "WEBP" else {})), (RED, WHITE, BLUE, GREY))


def test_grey_with_alpha_is_laid_on_white():
    picture = Image.merge(
        "LA", [Image.fromarray(greys(np.uint8, (10, 20, 30, 40))), Image.fromarray(greys(np.uint8, (255, 0, 255, 255)))]
    )
    assert_seen(encoded(picture, "PNG"), [(10,) * 3, WHITE, (30,) * 3, (40,) * 3])


@pytest.mark.parametrize("kind", ["PNG", "BMP", "GIF"])
def test_one_bit_is_black_and_white(kind):
    black, white = (0,) * 3, WHITE
    assert_seen(
        encoded(Image.fromarray(greys(np.uint8, (0, 255, 255, 0))).convert("1"), kind), (black, white, white, black)
    )


def test_a_gif_with_a_transparent_index_is_laid_on_white():
    picture = quadrants().quantize(4, dither=Image.Dither.NONE)
    index = picture.getpixel((100, 10))
    assert_seen(encoded(picture, "GIF", transparency=index), (RED, WHITE, BLUE, GREY), tolerance=2)


def test_an_interlaced_gif_and_a_bmp_with_a_palette_are_read():
    assert_seen(encoded(quadrants().quantize(4, dither=Image.Dither.NONE), "GIF", interlace=True), tolerance=2)
    assert_seen(encoded(quadrants().quantize(4, dither=Image.Dither.NONE), "BMP"), tolerance=2)
