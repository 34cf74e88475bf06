"""Limits by what decoding costs: cameras' pictures are read, and what would take too much is refused by its header."""

import io
import os
import resource
import struct

import pytest
from PIL import Image

from container.pictures.decoding_cost import MAX_HELD_PIXELS, MAX_PLAIN_PIXELS, MAX_WHOLE_PIXELS
from container.pictures.preprocessing import Preprocessing, UnreadablePicture, open_picture

PREPROCESSING = Preprocessing(image_size=64, square_size=64)


def encoded(picture: Image.Image, kind: str, **options) -> bytes:
    buffer = io.BytesIO()
    picture.save(buffer, kind, **options)
    return buffer.getvalue()


def refusal(content: bytes) -> str:
    with pytest.raises(UnreadablePicture) as error:
        PREPROCESSING.to_square(open_picture(content))
    return str(error.value)


@pytest.mark.parametrize(
    ("kind", "size", "options"),
    [
        ("JPEG", (16_000, 15_600), {}),
        ("JPEG", (8_000, 7_400), {"progressive": True}),
        ("PNG", (10_000, 9_900), {"compress_level": 1}),
        ("TIFF", (9_000, 8_000), {"compression": "tiff_lzw"}),
    ],
)
def test_what_the_largest_cameras_write_is_read(kind, size, options):
    square = PREPROCESSING.to_square(open_picture(encoded(Image.new("L", size, 90), kind, **options)))
    assert square.shape == (64, 64, 3) and abs(int(square[30, 30, 0]) - 90) <= 1


@pytest.mark.parametrize(
    ("kind", "mode", "size", "options", "most"),
    [
        ("JPEG", "L", (8_000, 8_000), {"progressive": True}, MAX_HELD_PIXELS),
        ("PNG", "L", (12_000, 9_000), {"compress_level": 1}, MAX_PLAIN_PIXELS),
        ("PNG", "LA", (6_000, 6_000), {"compress_level": 1}, MAX_WHOLE_PIXELS),
        ("PNG", "I;16", (6_000, 6_000), {"compress_level": 1}, MAX_WHOLE_PIXELS),
        ("WEBP", "RGB", (6_000, 6_000), {"quality": 1, "method": 0}, MAX_WHOLE_PIXELS),
    ],
)
def test_what_would_take_too_much_memory_is_refused_with_its_limit(kind, mode, size, options, most):
    message = refusal(encoded(Image.new(mode, size), kind, **options))
    assert message.startswith(f"a picture of {size[0]}x{size[1]} pixels; at most {most:,} are taken in ")
    assert message.endswith("in baseline JPEG 250,000,000")


def test_a_progressive_jpeg_with_a_video_behind_it_is_read():
    """As phones write it: https://developer.android.com/media/platform/motion-photo-format."""
    picture = encoded(Image.effect_noise((640, 480), 60), "JPEG", progressive=True)
    video = b"\0\0\0\x18ftypmp42" + os.urandom(1_000_000).replace(b"\xff\xd8", b"\xff\xda") + b"\xff\xda" * 500
    assert PREPROCESSING.to_square(open_picture(picture + video)).shape == (64, 64, 3)


def test_scans_that_are_in_the_picture_count_wherever_markers_seem_to_be():
    """A comment that holds a mark of a picture's end hides none of them."""
    content = encoded(Image.new("L", (100, 100)), "JPEG", progressive=True)
    last = content.rindex(b"\xff\xda")
    comment = b"\xff\xfe\x00\x06\xff\xd9\xff\xd9"
    many = content[:last] + comment + content[last:-2] * 200 + content[-2:]
    assert "more than 100 scans" in refusal(many)


def test_a_jpeg_of_more_segments_than_can_be_looked_through_is_refused():
    content = encoded(Image.new("L", (100, 100)), "JPEG", progressive=True)
    last = content.rindex(b"\xff\xda")
    assert "more than 100,000 parts" in refusal(content[:last] + b"\xff\xfe\x00\x02" * 200_000 + content[last:])


def test_a_tiff_whose_entries_all_name_the_same_megabyte_takes_no_memory():
    count = 60_000
    entries = b"".join(struct.pack("<HHII", tag, 7, 1_000_000, 8) for tag in range(1_000, 1_000 + count))
    directory = struct.pack("<H", count) + entries + bytes(4)
    content = b"II*\0" + struct.pack("<I", 1_000_008) + bytes(1_000_000) + directory
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    assert refusal(content).startswith("not a readable picture: ")
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 100_000  # kilobytes


@pytest.mark.parametrize(
    ("tags", "said"),
    [
        ({322: 30_000, 323: 30_000, 324: 8, 325: 100}, "tiles are far larger than the picture"),
        ({259: 34925, 273: 8, 279: 100}, "a TIFF compressed with lzma; use LZW"),
        ({259: 6, 273: 8, 279: 100}, "a TIFF compressed with tiff_jpeg; use LZW"),
    ],
)
def test_a_tiff_that_takes_memory_as_it_says_is_refused(tags, said):
    tags = {256: 64, 257: 64, 258: 8, 259: 5, 262: 1, 277: 1, **tags}
    entries = b"".join(struct.pack("<HHII", tag, 4, 1, value) for tag, value in sorted(tags.items()))
    content = b"II*\0" + struct.pack("<I", 108) + bytes(100) + struct.pack("<H", len(tags)) + entries + bytes(4)
    assert said in refusal(content)


def test_a_run_length_encoded_bmp_is_refused():
    bmp = bytearray(encoded(Image.new("P", (64, 64)), "BMP"))
    bmp[30:34] = struct.pack("<I", 1)
    assert refusal(bytes(bmp)) == "a run-length encoded BMP; use PNG"
