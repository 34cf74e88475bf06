"""Embedded profiles: the same colour gives the same numbers, whatever camera it comes from."""

import io

import numpy as np
import pytest
from PIL import Image, ImageCms

from container.pictures.preprocessing import Preprocessing, open_picture
from tests.container.pictures.icc_profile import ADOBE_RGB, DISPLAY_P3, SRGB, grey_profile, rgb_profile

PREPROCESSING = Preprocessing(image_size=64, square_size=64)
COLOUR = (200, 80, 60)


def colour_of(picture: Image.Image, kind: str, **options) -> np.ndarray:
    buffer = io.BytesIO()
    picture.save(buffer, kind, **options)
    return PREPROCESSING.to_square(open_picture(buffer.getvalue()))[32, 32].astype(int)


@pytest.mark.parametrize("primaries", [DISPLAY_P3, ADOBE_RGB])
@pytest.mark.parametrize(
    ("kind", "options"),
    [("PNG", {}), ("JPEG", {"quality": 95}), ("WEBP", {"lossless": True}), ("TIFF", {}), ("AVIF", {"quality": 95})],
)
def test_a_wide_gamut_becomes_srgb_in_every_format(kind, options, primaries):
    profile = rgb_profile(primaries)
    expected = ImageCms.profileToProfile(
        Image.new("RGB", (1, 1), COLOUR), ImageCms.ImageCmsProfile(io.BytesIO(profile)), ImageCms.createProfile("sRGB")
    ).getpixel((0, 0))
    seen = colour_of(Image.new("RGB", (300, 200), COLOUR), kind, icc_profile=profile, **options)
    assert np.abs(seen - expected).max() <= 3
    assert np.abs(seen - COLOUR).max() >= 10  # it is another colour than its numbers would be in sRGB


def test_a_picture_in_srgb_stays_as_it_is_to_the_last_bit():
    noise = Image.effect_noise((64, 64), 90).convert("RGB")
    for profile in (ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes(), None):
        buffer = io.BytesIO()
        noise.save(buffer, "PNG", icc_profile=profile)
        assert np.array_equal(PREPROCESSING.to_square(open_picture(buffer.getvalue())), np.asarray(noise))


def test_a_grey_picture_follows_its_own_gamma():
    seen = colour_of(Image.new("L", (80, 80), 100), "PNG", icc_profile=grey_profile(1.0))
    assert len(set(seen)) == 1 and 164 <= seen[0] <= 172  # 100 / 255 of the light


@pytest.mark.parametrize("profile", [b"no profile", rgb_profile()[:200], grey_profile(1.0), b"\0" * 5_000_000], ids=len)
def test_a_broken_a_foreign_and_a_huge_profile_are_ignored(profile):
    seen = colour_of(Image.new("RGB", (80, 80), COLOUR), "WEBP", lossless=True, icc_profile=profile)
    assert np.abs(seen - COLOUR).max() <= 1


def test_a_profile_for_inks_is_used_on_inks_alone():
    """Without one CMYK is read as the opposite of red, green and blue."""
    cmyk = Image.new("CMYK", (80, 80), (0, 200, 200, 0))
    plain = colour_of(cmyk, "TIFF")
    assert np.abs(plain - (255, 55, 55)).max() <= 1
    assert np.array_equal(colour_of(cmyk, "TIFF", icc_profile=rgb_profile(SRGB)), plain)
