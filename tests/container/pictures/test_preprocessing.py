"""The one preprocessing: the same square from every kind of file."""

import contextlib
import io
import random

import numpy as np
import pytest
import torch
from PIL import Image

from container.pictures.preprocessing import Preprocessing, UnreadablePicture, open_picture

PREPROCESSING = Preprocessing.for_image_size(56)  # square of 64


def encoded(picture: Image.Image, kind: str, **options) -> bytes:
    buffer = io.BytesIO()
    picture.save(buffer, kind, **options)
    return buffer.getvalue()


def square(data: bytes) -> np.ndarray:
    return PREPROCESSING.to_square(open_picture(data)).astype(int)


@pytest.fixture
def halves() -> Image.Image:
    """Red on the left, blue on the right."""
    picture = Image.new("RGB", (200, 100), "blue")
    picture.paste("red", (0, 0, 100, 100))
    return picture


def test_224_has_the_usual_margin():
    assert Preprocessing.for_image_size(224).square_size == 256


def test_the_centre_of_the_picture_is_kept(halves):
    result = square(encoded(halves, "PNG"))
    assert result.shape == (64, 64, 3)
    assert tuple(result[32, 10]) == (255, 0, 0) and tuple(result[32, 54]) == (0, 0, 255)


def test_exif_orientation_is_applied(halves):
    turned = Image.Exif()
    turned[0x0112] = 3  # upside down
    assert tuple(square(encoded(halves, "PNG", exif=turned))[32, 10]) == (0, 0, 255)


@pytest.mark.parametrize(
    ("mode", "kind"),
    [
        ("L", "PNG"),
        ("1", "PNG"),
        ("P", "PNG"),
        ("CMYK", "JPEG"),
        ("RGBA", "PNG"),
        ("LA", "PNG"),
        ("RGB", "WEBP"),
        ("P", "GIF"),
        ("RGB", "BMP"),
    ],
)
def test_every_mode_becomes_rgb(halves, mode, kind):
    assert square(encoded(halves.convert(mode), kind)).shape == (64, 64, 3)


def test_transparency_shows_white():
    assert tuple(square(encoded(Image.new("RGBA", (80, 80), (255, 0, 0, 0)), "PNG"))[5, 5]) == (255, 255, 255)


def test_sixteen_bits_are_scaled_and_not_cut():
    grey = Image.fromarray(np.full((80, 80), 128 * 256, dtype=np.uint16))
    assert abs(square(encoded(grey, "PNG"))[5, 5, 0] - 128) <= 1


def test_normalised_pixels_have_the_published_mean_and_deviation():
    pixels = torch.tensor(PREPROCESSING.mean).view(1, 3, 1, 1).expand(1, 3, 4, 4) * 255
    assert PREPROCESSING.normalise(pixels).abs().max() < 1e-5
    one_deviation = torch.tensor(PREPROCESSING.std).view(1, 3, 1, 1) * 255
    assert torch.allclose(PREPROCESSING.normalise(pixels + one_deviation), torch.ones(1, 3, 4, 4), atol=1e-5)


def test_settings_survive_their_way_through_json():
    import json

    assert Preprocessing.from_dict(json.loads(json.dumps(PREPROCESSING.to_dict()))) == PREPROCESSING


def test_a_cut_file_is_unreadable(halves):
    data = encoded(halves.resize((800, 400)), "JPEG")
    with pytest.raises(UnreadablePicture):
        square(data[: len(data) // 2])


@pytest.mark.parametrize("data", [b"", b"text", b"\xff\xd8\xff\xe0", b"\x89PNG\r\n\x1a\n"])
def test_what_is_no_picture_is_unreadable(data):
    with pytest.raises(UnreadablePicture):
        square(data)


def test_a_decompression_bomb_is_refused_before_it_is_decoded():
    with pytest.raises(UnreadablePicture, match="12000x10000"):
        open_picture(encoded(Image.new("1", (12_000, 10_000)), "PNG"))
    with pytest.raises(UnreadablePicture, match="far more pixels than the 250,000,000"):
        open_picture(encoded(Image.new("1", (20_000, 20_000)), "PNG"))


def test_a_strip_is_refused():
    with pytest.raises(UnreadablePicture, match="5000x1"):
        open_picture(encoded(Image.new("L", (5000, 1)), "PNG"))


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "GIF", "WEBP", "BMP", "TIFF", "AVIF"])
def test_damaged_files_are_read_or_refused_and_nothing_else(halves, kind):
    """300 seeded mutations of each format: a square or UnreadablePicture, never another error."""
    source, whole = random.Random(1), encoded(halves, kind)
    for _ in range(300):
        data = bytearray(whole)
        for _ in range(source.randint(1, 12)):
            data[source.randrange(len(data))] = source.randrange(256)
        with contextlib.suppress(UnreadablePicture):
            assert square(bytes(data)).shape == (64, 64, 3)
