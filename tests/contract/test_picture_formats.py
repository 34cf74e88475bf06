"""The formats of pictures: told by content, chosen by name, and what is not taken has a name."""

import pytest

from contract.picture_formats import FORMATS, HEAD, format_of, is_picture, pictures_not_taken, why_not_taken

STARTS = {
    "JPEG": b"\xff\xd8\xff\xe0\0\x10JFIF",
    "PNG": b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR",
    "WebP": b"RIFF\x10\n\0\0WEBPVP8 ",
    "BMP": b"BM6\0",
    "GIF": b"GIF89a\1\0\1\0",
    "TIFF": b"MM\0*\0\0\0\x08\0\x0e",
    "AVIF": b"\0\0\0\x20ftypavif\0\0\0\0avifmif1miaf",
    "HEIC": b"\0\0\0\x18ftypheic\0\0\0\0mif1heic",
}


def never() -> bytes:
    raise AssertionError("a name with a suffix needs no look at the file")


@pytest.mark.parametrize("name", STARTS)
def test_every_format_is_told_by_its_first_bytes(name):
    assert format_of(STARTS[name]).name == name
    assert {one.name for one in FORMATS} == set(STARTS)


@pytest.mark.parametrize("start", [b"II*\0\x08\0\0\0", b"II+\0\x08\0\0\0", b"MM\0+\0\x08\0\0"])
def test_tiff_of_either_byte_order_and_of_64_bits_is_tiff(start):
    assert format_of(start).name == "TIFF"


def test_a_general_brand_is_avif_where_avif_stands_among_the_others():
    assert format_of(b"\0\0\0\x1cftypmif1\0\0\0\0mif1avifmiaf").name == "AVIF"
    assert format_of(b"\0\0\0\x1cftypmif1\0\0\0\0mif1heicmiaf").name == "HEIC"
    assert format_of(b"\0\0\0\x18ftypmsf1\0\0\0\0hevcmsf1").name == "HEIC"


@pytest.mark.parametrize(
    ("head", "said"),
    [
        (b"\0\0\0\x0cjP  \r\n\x87\n", "a JPEG 2000 picture, which is not taken; use JPEG, "),
        (b"\xff\x0a\xfa\x1f", "a JPEG XL picture, which"),
        (b"II*\0\x10\0\0\0CR\2\0", "a camera's raw picture, which"),
        (b"\0\0\0\x18ftypcrx \0\0\0\1crx isom", "a camera's raw picture, which"),
        (b"\0\0\0\x20ftypisom\0\0\2\0isomiso2", "a video, which"),
        (b"DDS |\0\0\0", "a DDS texture, which"),
        (b'<?xml version="1.0"?>\n<svg xmlns=', "an SVG drawing, which"),
        (b"\n<!DOCTYPE html><html>", "a web page, which"),
        (b"version https://git-lfs.github.com/spec/v1", "a Git LFS pointer"),
        (b"no picture", "not a picture in any known format; use JPEG, "),
        (b"", "an empty file"),
    ],
)
def test_what_is_not_taken_has_a_name(head, said):
    assert format_of(head) is None
    assert why_not_taken(head).startswith(said)


@pytest.mark.parametrize("name", ["a.JPG", "b/a.jpe", "a.jfif", "a.HEIC", "a.heif", "a.avif", "a.tiff", "a.webp"])
def test_a_picture_is_known_by_its_suffix(name):
    assert is_picture(name, never)


@pytest.mark.parametrize("name", ["a.txt", "a.jp2", "b.jpg/a.json", "a.csv"])
def test_another_suffix_is_no_picture(name):
    assert not is_picture(name, never)


def test_a_name_without_suffix_is_a_picture_by_its_content():
    assert is_picture("train/cat/0001", lambda: STARTS["JPEG"] + bytes(HEAD))
    assert not is_picture("train/cat/LICENSE", lambda: b"MIT License")


def test_pictures_of_other_formats_are_counted_by_kind():
    assert pictures_not_taken(["a.JP2", "b.jp2", "c.svg", "notes.txt"]) == "2 JPEG 2000 (.jp2) and 1 SVG (.svg)"
    assert pictures_not_taken(["a.dng"]) == "1 camera raw (.dng)"
    assert pictures_not_taken(["notes.txt", "a.jpg"]) == ""
