"""Every format of contract/picture_formats.py is read, and one odd file is an error with a reason, whatever its decoder
raises.
"""

import io

import numpy as np
import pytest
from PIL import Image

from container.pictures.preprocessing import Preprocessing, UnreadablePicture, open_picture
from contract.picture_formats import FORMATS, format_of
from tests.container.pictures.heic_files import COLOUR, GREY, TRANSPARENT, TURNED, WITH_THUMBNAIL
from tests.hostile.whole_pictures import whole_pictures

PREPROCESSING = Preprocessing(image_size=64, square_size=64)


@pytest.fixture
def halves() -> Image.Image:
    """Red on the left, blue on the right."""
    picture = Image.new("RGB", (200, 100), "blue")
    picture.paste("red", (0, 0, 100, 100))
    return picture


def encoded(picture: Image.Image, kind: str, **options) -> bytes:
    buffer = io.BytesIO()
    picture.save(buffer, kind, **options)
    return buffer.getvalue()


def reason(content: bytes) -> str:
    with pytest.raises(UnreadablePicture) as error:
        PREPROCESSING.to_square(open_picture(content))
    return str(error.value)


@pytest.mark.parametrize("kind", [one.decoder for one in FORMATS])
def test_every_format_shows_the_same_picture(halves, kind):
    content = COLOUR if kind == "HEIF" else encoded(halves, kind)
    square = PREPROCESSING.to_square(open_picture(content)).astype(int)
    assert np.abs(square[32, 10] - (255, 0, 0)).max() <= 10 and np.abs(square[32, 54] - (0, 0, 255)).max() <= 10


def test_the_hostile_bodies_begin_with_whole_pictures_of_every_format():
    assert {format_of(content).name for content in whole_pictures()} == {one.name for one in FORMATS}
    for content in whole_pictures():
        assert PREPROCESSING.to_square(open_picture(content)).shape == (64, 64, 3)


def test_grey_and_transparency_of_what_phones_write(halves):
    transparent = halves.convert("RGBA")
    transparent.putalpha(0)
    for content, expected in (
        (GREY, 76),
        (TRANSPARENT, 255),
        (encoded(halves.convert("L"), "AVIF"), 76),
        (encoded(transparent, "AVIF"), 255),
    ):
        square = PREPROCESSING.to_square(open_picture(content)).astype(int)
        assert np.abs(square[32, 10] - expected).max() <= 6


def test_a_heic_is_turned_upright_once(halves):
    """Its own properties say how; the orientation in its EXIF repeats it."""
    exif = Image.Exif()
    exif[0x0112] = 6
    seen = PREPROCESSING.to_square(open_picture(TURNED)).astype(int)
    upright = PREPROCESSING.to_square(open_picture(encoded(halves, "PNG", exif=exif))).astype(int)
    assert np.abs(seen - upright).mean() < 6


def test_an_embedded_thumbnail_is_never_shown_for_the_picture():
    picture = open_picture(WITH_THUMBNAIL)
    assert picture.draft("RGB", (100, 50)) is None and picture.size == (800, 400)


def test_a_heic_cannot_be_written_in_the_images():
    """The encoder is left out of them: docker/Dockerfile."""
    with pytest.raises(RuntimeError, match="Encoder plugin"):
        open_picture(COLOUR).save(io.BytesIO(), "HEIF")


@pytest.mark.parametrize("kind", ["AVIF", "HEIF"])
def test_pixels_that_a_decoder_gives_up_on_are_that_files_error(halves, kind):
    content = COLOUR if kind == "HEIF" else encoded(halves, kind)
    pixels = content.index(b"mdat") + 4
    assert open_picture(content[:pixels] + b"\xff" * (len(content) - pixels)).size == (200, 100)
    assert reason(content[:pixels] + b"\xff" * (len(content) - pixels)).startswith("not a readable picture: ")


def test_an_error_of_any_kind_is_that_files(halves, monkeypatch):
    for error, said in (
        (NotImplementedError("Unimplemented pixel format 0"), "Unimplemented pixel format 0"),
        (RuntimeError("Decoding of color planes failed"), "Decoding of color planes failed"),
        (MemoryError(), "MemoryError"),
        (AssertionError(), "AssertionError"),
        (KeyError("tile"), "tile"),
    ):
        picture = open_picture(encoded(halves, "PNG"))

        def load(error=error):
            raise error

        monkeypatch.setattr(picture, "load", load)
        with pytest.raises(UnreadablePicture, match=f"not a readable picture: '?{said}"):
            PREPROCESSING.to_square(picture)


def test_the_name_of_a_file_does_not_decide(tmp_path):
    (tmp_path / "a.png").write_bytes(COLOUR)
    assert open_picture(tmp_path / "a.png").format == "HEIF"
    (tmp_path / "b.jpg").write_bytes(b"DDS |\0\0\0")
    with pytest.raises(UnreadablePicture, match="a DDS texture, which is not taken; use JPEG"):
        open_picture(tmp_path / "b.jpg")


def test_a_broken_row_of_a_tiff_writes_nothing_on_stderr(capfd):
    content = bytearray(encoded(Image.effect_noise((300, 200), 80), "TIFF", compression="tiff_lzw"))
    content[2000:4000] = bytes(2000)
    assert reason(bytes(content)).startswith("not a readable picture: ")
    assert capfd.readouterr().err == ""
