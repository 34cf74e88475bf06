"""Every kind of file that a client may send gives the right picture: colours and layout, by quadrants.

The files are made here: by Pillow, or chunk by chunk where Pillow cannot write them.
"""

import io
import struct
import zlib

import numpy as np
import pytest
from PIL import Image, ImageOps

from container.pictures.preprocessing import Preprocessing
from container.serving.request.picture_file import open_request_picture

PREPROCESSING = Preprocessing(image_size=64, square_size=64)
RED, GREEN, BLUE, GREY = (230, 30, 30), (30, 200, 30), (40, 40, 220), (128, 128, 128)
QUADRANTS = (RED, GREEN, BLUE, GREY)  # top left, top right, bottom left, bottom right
WHITE = (255, 255, 255)


def quadrants(size=128, mode="RGB") -> Image.Image:
    picture = Image.new("RGB", (size, size))
    for index, colour in enumerate(QUADRANTS):
        picture.paste(
            colour,
            (index % 2 * size // 2, index // 2 * size // 2, (index % 2 + 1) * size // 2, (index // 2 + 1) * size // 2),
        )
    return picture.convert(mode)


def encoded(picture: Image.Image, kind: str, **options) -> bytes:
    buffer = io.BytesIO()
    picture.save(buffer, kind, **options)
    return buffer.getvalue()


def seen(content: bytes) -> list[tuple[int, ...]]:
    """Mean colour of each quadrant's middle."""
    square = PREPROCESSING.to_square(open_request_picture(content)).astype(float)
    assert square.shape == (64, 64, 3)
    return [
        tuple(square[top : top + 16, left : left + 16].mean((0, 1)))
        for top, left in ((8, 8), (8, 40), (40, 8), (40, 40))
    ]


def assert_seen(content: bytes, expected=QUADRANTS, tolerance: float = 1) -> None:
    assert np.abs(np.array(seen(content)) - np.array(expected)).max() <= tolerance, (seen(content), expected)


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


@pytest.mark.parametrize(
    ("kind", "options", "tolerance"),
    [
        ("PNG", {}, 1),
        ("BMP", {}, 1),
        ("WEBP", {"lossless": True}, 1),
        ("WEBP", {"quality": 90}, 12),
        ("JPEG", {"quality": 95}, 4),
        ("JPEG", {"quality": 95, "progressive": True}, 4),
        ("JPEG", {"quality": 95, "subsampling": 0, "optimize": True}, 4),
        ("JPEG", {"quality": 95, "restart_marker_blocks": 2}, 4),
    ],
)
def test_a_colour_file_keeps_its_colours_and_places(kind, options, tolerance):
    assert_seen(encoded(quadrants(), kind, **options), tolerance=tolerance)
    assert_seen(encoded(quadrants(1600), kind, **options), tolerance=tolerance)


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
@pytest.mark.parametrize(
    ("orientation", "expected"),
    [  # DC-008-2012, 4.6.4 A: where row 0 and column 0 of the file are in the picture
        (1, (RED, GREEN, BLUE, GREY)),
        (2, (GREEN, RED, GREY, BLUE)),
        (3, (GREY, BLUE, GREEN, RED)),
        (4, (BLUE, GREY, RED, GREEN)),
        (5, (RED, BLUE, GREEN, GREY)),
        (6, (BLUE, RED, GREY, GREEN)),
        (7, (GREY, GREEN, BLUE, RED)),
        (8, (GREEN, GREY, RED, BLUE)),
        (0, QUADRANTS),
        (9, QUADRANTS),
    ],
)
def test_exif_orientation_turns_the_picture_upright(kind, orientation, expected):
    exif = Image.Exif()
    exif[0x0112] = orientation
    options = {"lossless": True} if kind == "WEBP" else {}
    assert_seen(encoded(quadrants(), kind, exif=exif, **options), expected, tolerance=8)


@pytest.mark.parametrize(
    "exif",
    [
        b"Exif\0\0",
        b"Exif\0\0MM\0*",
        b"Exif\0\0II*\0\x08\0\0\0\xff\xff",
        b"Exif\0\0nonsense",
        b"Exif\0\0II*\0\xff\xff\xff\xff",
    ],
)
@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_a_picture_with_broken_exif_is_taken_as_upright(kind, exif):
    assert_seen(encoded(quadrants(), kind, exif=exif), tolerance=12)


def test_cmyk_jpegs_have_the_colours_that_pillow_and_adobe_wrote():
    assert_seen(encoded(quadrants(mode="CMYK"), "JPEG", quality=95), tolerance=6)
    assert_seen(encoded(quadrants(1600, "CMYK"), "JPEG", quality=95, progressive=True), tolerance=6)


def test_ycck_jpegs_as_photoshop_writes_them_are_converted():
    """Adobe's marker says transform 2: the four planes are Y, Cb, Cr of the ink, and K inverted. No program here writes
    such a file.
    """
    inverted_black = Image.new("L", (128, 128), 255)  # no black ink, as Adobe stores it
    planes = [*ImageOps.invert(quadrants()).convert("YCbCr").split(), inverted_black]  # of the ink, C = 255 - R
    as_cmyk = Image.merge(
        "CMYK", [plane.point(lambda value: 255 - value) for plane in planes]
    )  # Pillow inverts once more
    content = encoded(as_cmyk, "JPEG", quality=95, subsampling=0)
    marker = content.index(b"Adobe")
    assert content[marker + 11] == 0
    ycck = content[: marker + 11] + b"\x02" + content[marker + 12 :]
    assert_seen(ycck, tolerance=8)


def test_a_grey_jpeg_is_grey():
    luma = [(quadrants(mode="L").getpixel(at),) * 3 for at in ((1, 1), (100, 1), (1, 100), (100, 100))]
    assert_seen(encoded(quadrants(mode="L"), "JPEG", quality=95), luma, tolerance=3)


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


@pytest.mark.parametrize(
    ("kind", "options"),
    [
        ("GIF", {}),
        ("WEBP", {"lossless": True}),
        ("PNG", {}),
        ("PNG", {"default_image": True}),
        ("GIF", {"disposal": 2}),
        ("GIF", {"disposal": 3}),
    ],
)
def test_an_animation_shows_its_first_picture(kind, options):
    others = [Image.new("RGB", (128, 128), "black"), Image.new("RGB", (128, 128), "white")]
    content = encoded(quadrants(), kind, save_all=True, append_images=others, duration=100, **options)
    assert_seen(content, tolerance=2)


def test_the_first_picture_of_an_mpo_is_shown():
    content = encoded(
        quadrants(), "MPO", save_all=True, append_images=[Image.new("RGB", (128, 128), "black")], quality=95
    )
    assert open_request_picture(content).format == "MPO"
    assert_seen(content, tolerance=4)


def test_an_interlaced_gif_and_a_bmp_with_a_palette_are_read():
    assert_seen(encoded(quadrants().quantize(4, dither=Image.Dither.NONE), "GIF", interlace=True), tolerance=2)
    assert_seen(encoded(quadrants().quantize(4, dither=Image.Dither.NONE), "BMP"), tolerance=2)


def test_opening_does_not_decide_anything_that_training_would_decide_otherwise():
    """One preprocessing: the square is that of the same bytes as a file of the data set."""
    from container.pictures.preprocessing import open_picture

    for content in (
        encoded(quadrants(700), "JPEG"),
        encoded(quadrants(700), "PNG"),
        encoded(quadrants(700), "WEBP"),
        encoded(quadrants(700, "CMYK"), "JPEG"),
    ):
        assert np.array_equal(
            PREPROCESSING.to_square(open_picture(content)), PREPROCESSING.to_square(open_request_picture(content))
        )
