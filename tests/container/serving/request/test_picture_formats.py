"""Every kind of file that a client may send gives the right picture: colours and layout, by quadrants."""

import pytest
from PIL import Image, ImageOps

from container.pictures.preprocessing import open_picture
from tests.container.serving.request.quadrants import (
    BLUE,
    GREEN,
    GREY,
    QUADRANTS,
    RED,
    assert_seen,
    encoded,
    quadrants,
)


@pytest.mark.parametrize(
    ("kind", "options", "tolerance"),
    [
        ("PNG", {}, 1),
        ("BMP", {}, 1),
        ("WEBP", {"lossless": True}, 1),
        ("WEBP", {"quality": 90}, 12),
        ("TIFF", {}, 1),
        ("TIFF", {"compression": "tiff_lzw"}, 1),
        ("TIFF", {"compression": "tiff_adobe_deflate"}, 1),
        ("AVIF", {"quality": 90}, 8),
        ("JPEG", {"quality": 95}, 4),
        ("JPEG", {"quality": 95, "progressive": True}, 4),
        ("JPEG", {"quality": 95, "subsampling": 0, "optimize": True}, 4),
        ("JPEG", {"quality": 95, "restart_marker_blocks": 2}, 4),
    ],
)
def test_a_colour_file_keeps_its_colours_and_places(kind, options, tolerance):
    assert_seen(encoded(quadrants(), kind, **options), tolerance=tolerance)
    assert_seen(encoded(quadrants(1600), kind, **options), tolerance=tolerance)


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "TIFF", "AVIF"])
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
    assert open_picture(content).format == "MPO"
    assert_seen(content, tolerance=4)
