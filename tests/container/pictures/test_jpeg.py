"""JPEG files decoded at once: Pillow's pixels, and Pillow's word on what is broken."""

import io
import math

import numpy as np
import pytest
from PIL import Image, ImageOps

from container.pictures.jpeg import KEPT, decode_jpeg, orientation_of, upright
from container.pictures.preprocessing import Preprocessing, open_picture


@pytest.fixture(scope="module")
def photograph() -> Image.Image:
    """Soft shapes and some noise, as a photograph has."""
    random = np.random.default_rng(0)
    coarse = Image.fromarray(random.integers(0, 256, (12, 16, 3), dtype=np.uint8)).resize(
        (1600, 1200), Image.Resampling.BICUBIC
    )
    return Image.fromarray((np.asarray(coarse) * 0.9 + random.integers(0, 25, (1200, 1600, 1))).astype(np.uint8))


def jpeg(picture: Image.Image, **options) -> bytes:
    buffer = io.BytesIO()
    picture.save(buffer, "JPEG", **options)
    return buffer.getvalue()


def pillow_pixels(content: bytes, scale: int) -> np.ndarray:
    picture = open_picture(content)
    picture.draft("RGB", (picture.width // scale, picture.height // scale))
    return np.array(picture.convert("RGB"))


@pytest.mark.parametrize("subsampling", [0, 1, 2])
@pytest.mark.parametrize("progressive", [False, True])
@pytest.mark.parametrize(("size", "scale"), [((250, 187), 1), ((256, 200), 2), ((640, 480), 4), ((1600, 1200), 8)])
def test_the_pixels_are_pillows_at_every_scale(photograph, size, scale, subsampling, progressive):
    content = jpeg(photograph.resize(size), quality=85, subsampling=subsampling, progressive=progressive)
    pixels = decode_jpeg(open_picture(content), 100)
    assert pixels.shape == (math.ceil(size[1] / scale), math.ceil(size[0] / scale), 3)
    assert np.array_equal(pixels, pillow_pixels(content, scale))


def test_a_grey_file_becomes_rgb(photograph):
    content = jpeg(photograph.convert("L").resize((150, 120)))
    assert np.array_equal(decode_jpeg(open_picture(content), 100), pillow_pixels(content, 1))


def test_of_several_pictures_in_a_file_the_first_is_taken(photograph):
    """As some cameras and phones write them."""
    buffer = io.BytesIO()
    photograph.resize((150, 120)).save(
        buffer, "MPO", save_all=True, append_images=[ImageOps.invert(photograph).resize((150, 120))]
    )
    assert open_picture(buffer.getvalue()).format == "MPO"
    assert np.array_equal(decode_jpeg(open_picture(buffer.getvalue()), 100), pillow_pixels(buffer.getvalue(), 1))


def test_what_a_thread_has_no_memory_for_is_decoded_as_well(photograph):
    content = jpeg(photograph.resize((9000, 600)))
    assert KEPT < 9000 * 600 * 3
    assert np.array_equal(decode_jpeg(open_picture(content), 400), pillow_pixels(content, 1))


@pytest.mark.parametrize("side", [120, 64])
def test_a_square_stays_when_the_next_picture_is_decoded(photograph, side):
    preprocessing = Preprocessing(image_size=side, square_size=side)
    first = preprocessing.to_square(open_picture(jpeg(photograph.resize((160, 120)))))
    before = first.copy()
    preprocessing.to_square(open_picture(jpeg(ImageOps.invert(photograph).resize((160, 120)))))
    assert np.array_equal(first, before)


def test_other_formats_and_cmyk_are_left_to_pillow(photograph):
    small, buffer = photograph.resize((80, 60)), io.BytesIO()
    small.save(buffer, "PNG")
    assert decode_jpeg(open_picture(buffer.getvalue()), 32) is None
    assert decode_jpeg(open_picture(jpeg(small.convert("CMYK"))), 32) is None
    assert decode_jpeg(small, 32) is None  # never was a file


def test_a_picture_that_was_changed_after_it_was_opened_stays_as_it_is(photograph):
    """As a user's own input_fn may hand it over."""
    picture = open_picture(jpeg(photograph.resize((160, 120))))
    picture.thumbnail((80, 60))
    assert decode_jpeg(picture, 60) is None
    square = Preprocessing(image_size=60, square_size=60).to_square(picture)
    assert np.array_equal(square, np.array(picture)[:, 10:70])


def test_a_file_that_libjpeg_warns_about_is_read_as_pillow_reads_it(photograph):
    content = bytearray(jpeg(photograph.resize((160, 120))))
    content[-2000:-1990] = b"\xff\xd3" * 5  # restart markers where none belong
    assert decode_jpeg(open_picture(bytes(content)), 120) is None
    square = Preprocessing(image_size=120, square_size=120).to_square(open_picture(bytes(content)))
    assert np.array_equal(square, pillow_pixels(bytes(content), 1)[:, 20:140])


@pytest.mark.parametrize("orientation", range(1, 9))
def test_every_orientation_is_applied_as_pillow_applies_it(photograph, orientation):
    exif = Image.Exif()
    exif[0x0112] = orientation
    picture = open_picture(jpeg(photograph.resize((100, 100)), exif=exif))
    turned = upright(decode_jpeg(picture, 100), orientation_of(picture))
    assert np.array_equal(turned, np.array(ImageOps.exif_transpose(picture)))
