"""Colours that a file names by number: the same as with the embedded profile of these colours."""

import io
import struct
import zlib

import numpy as np
import pytest
from PIL import Image

from container.pictures.declared_colour import declared_profile
from container.pictures.preprocessing import Preprocessing, open_picture
from tests.container.pictures import heic_files
from tests.container.pictures.icc_profile import SRGB, rgb_profile

PREPROCESSING = Preprocessing(image_size=64, square_size=64)
COLOUR = (200, 80, 60)
BT709, BT2020, DISPLAY_P3 = 1, 9, 12
SRGB_CURVE, PQ = 13, 16
# By the matrices of https://www.w3.org/TR/css-color-4/#color-conversion-code.
IN_SRGB = {DISPLAY_P3: (216, 69, 50), BT2020: (245, 37, 50), BT709: COLOUR}


def encoded(kind: str, picture: Image.Image | None = None, **options) -> bytes:
    buffer = io.BytesIO()
    (picture or Image.new("RGB", (96, 64), COLOUR)).save(buffer, kind, **options)
    return buffer.getvalue()


def png(primaries: int, curve: int = SRGB_CURVE) -> bytes:
    content = encoded("PNG")
    chunk = b"cICP" + bytes((primaries, curve, 0, 1))
    place = content.index(b"IDAT") - 4
    return content[:place] + struct.pack(">I", 4) + chunk + struct.pack(">I", zlib.crc32(chunk)) + content[place:]


def avif(primaries: int, curve: int = SRGB_CURVE) -> bytes:
    return with_numbers(encoded("AVIF", quality=100, subsampling="4:4:4"), primaries, curve)


def with_numbers(content: bytes, primaries: int, curve: int = SRGB_CURVE) -> bytes:
    place = content.index(b"colrnclx") + 8
    return content[:place] + struct.pack(">HH", primaries, curve) + content[place + 4 :]


def colour_of(content: bytes) -> np.ndarray:
    return PREPROCESSING.to_square(open_picture(content))[32, 32].astype(int)


@pytest.mark.parametrize("make", [png, avif])
@pytest.mark.parametrize("primaries", IN_SRGB)
def test_named_primaries_become_srgb(make, primaries):
    assert np.abs(colour_of(make(primaries)) - IN_SRGB[primaries]).max() <= 3


def test_a_heic_follows_its_numbers_as_an_avif_does():
    """Its pure red and blue are at the edge of any gamut, so that the profile is looked at, not the pixels."""
    assert open_picture(heic_files.COLOUR).info["icc_profile"] is None
    wide = open_picture(with_numbers(heic_files.COLOUR, DISPLAY_P3))
    assert wide.info["icc_profile"] == declared_profile(avif(DISPLAY_P3)) is not None


@pytest.mark.parametrize("make", [png, avif])
def test_brighter_than_white_and_unknown_primaries_are_left_alone(make):
    assert declared_profile(make(BT2020, PQ)) is None
    assert declared_profile(make(200)) is None
    assert np.abs(colour_of(make(BT2020, PQ)) - COLOUR).max() <= 3


def test_an_embedded_profile_comes_before_the_numbers():
    """The numbers are of BT.2020, in which green would be 43 levels less; the profile's gamma differs from sRGB's."""
    content = png(BT2020)
    place = content.index(b"cICP") - 4
    buffer = io.BytesIO()
    Image.open(io.BytesIO(content)).save(buffer, "PNG", icc_profile=rgb_profile(SRGB))
    head = buffer.getvalue()
    begin = head.index(b"IDAT") - 4
    both = head[:begin] + content[place : place + 16] + head[begin:]
    assert declared_profile(both) is not None
    assert np.abs(colour_of(both) - COLOUR).max() <= 6


def test_the_numbers_of_a_thumbnail_are_not_the_pictures():
    """The second item has other colours than the first, which is the picture."""
    content = heic_files.TRANSPARENT
    main = content.index(b"pitm") + 8
    assert declared_profile(with_numbers(content, DISPLAY_P3)) is not None
    assert declared_profile(with_numbers(content[:main] + b"\0\2" + content[main + 2 :], DISPLAY_P3)) is None


@pytest.mark.parametrize("make", [png, avif])
def test_a_torn_file_declares_nothing_or_the_same_and_never_fails(make):
    content = make(DISPLAY_P3)
    whole = declared_profile(content)
    for end in range(min(len(content), 600)):
        assert declared_profile(content[:end]) in (None, whole)
    for place in range(min(len(content), 600)):
        declared_profile(content[:place] + b"\xff" + content[place + 1 :])


def test_a_container_of_countless_boxes_is_not_read_to_its_end():
    assert declared_profile(heic_files.COLOUR[:28] + struct.pack(">I4s", 8, b"free") * 3_000_000) is None
