"""What strangers send: a square or an error of the client's, in bounded time and memory, and never anything else."""

import io
import struct
import threading
import time
import zlib
from pathlib import Path

import pytest
from PIL import Image

from container.pictures.decoders import MAX_READS
from container.pictures.decoding_cost import MAX_HELD_PIXELS, MAX_SCANS
from container.pictures.preprocessing import Preprocessing, UnreadablePicture, open_picture
from container.serving.request.request_body import read_body
from container.serving.request.request_errors import RequestError
from tests.hostile.bodies import hostile_bodies

PREPROCESSING = Preprocessing(image_size=64, square_size=64)
MEMORY = 900_000_000  # bytes that one picture may take while it is decoded


class Watch:
    """Within it: seconds of the processor, and the most memory that the process had beyond what it had before."""

    def __enter__(self):
        self._before, self.memory, self._over = resident(), 0, threading.Event()
        self._thread, self._started = threading.Thread(target=self._look), time.process_time()
        self._thread.start()
        return self

    def _look(self):
        while not self._over.wait(0.005):
            self.memory = max(self.memory, resident() - self._before)

    def __exit__(self, *_):
        self.seconds = time.process_time() - self._started
        self._over.set()
        self._thread.join()


def resident() -> int:
    return int(Path("/proc/self/statm").read_text().split()[1]) * 4096


def square_of(content: bytes):
    return PREPROCESSING.to_square(open_picture(content))


def refused(content: bytes, seconds: float, memory: int = 250_000_000) -> str:
    with Watch() as watch, pytest.raises(UnreadablePicture) as error:
        square_of(content)
    assert watch.seconds < seconds and watch.memory < memory, (watch.seconds, watch.memory)
    return str(error.value)


def encoded(picture: Image.Image, kind: str, **options) -> bytes:
    buffer = io.BytesIO()
    picture.save(buffer, kind, **options)
    return buffer.getvalue()


def chunk(name: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))


def png(width: int, height: int, *chunks: bytes) -> bytes:
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))
        + b"".join(chunks)
        + chunk(b"IEND", b"")
    )


def test_two_thousand_bodies_are_squares_or_the_clients_errors():
    answers = {"square": 0, "error": 0}
    with Watch() as watch:
        for content_type, body in hostile_bodies(2000, seed=1):
            started = time.monotonic()
            try:
                for picture in read_body(body, content_type, None).pictures:
                    square = PREPROCESSING.to_square(picture)
                    assert square.shape == (64, 64, 3) and square.dtype == "uint8"
                answers["square"] += 1
            except (RequestError, UnreadablePicture):
                answers["error"] += 1
            assert time.monotonic() - started < 10, (content_type, body[:100])
    assert min(answers.values()) > 200  # the mutations neither destroy everything nor nothing
    assert watch.memory < MEMORY


def test_the_bodies_are_the_same_for_a_seed_and_differ_between_seeds():
    assert list(hostile_bodies(60, seed=3)) == list(hostile_bodies(60, seed=3)) != list(hostile_bodies(60, seed=4))


@pytest.mark.parametrize("size", [(30_000, 30_000), (16_000, 15_000), (10_000, 10_001)])
def test_a_png_of_too_many_pixels_is_refused_by_its_header(size):
    assert "pixels" in refused(png(*size, chunk(b"IDAT", zlib.compress(bytes(1_000_000)))), 0.5)


def test_a_gif_with_a_huge_screen_or_a_huge_frame_is_refused_by_its_header():
    for screen, frame in (((65535, 65535), (1, 1)), ((1, 1), (65535, 65535)), ((11_000, 10_000), (1, 1))):
        # A disposal method makes Pillow fill the whole frame on opening.
        content = (
            b"GIF89a"
            + struct.pack("<HHBBB", *screen, 0x80, 0, 0)
            + bytes(6)
            + b"!\xf9\x04\x08\0\0\0\0,"
            + struct.pack("<HHHHB", 0, 0, *frame, 0)
            + b"\x02\x02\x44\x01\x00;"
        )
        assert "pixels" in refused(content, 0.5)


def test_a_webp_of_16383_squared_is_refused_by_its_header():
    lossless = b"VP8L" + struct.pack("<IBI", 5, 0x2F, 16382 | 16382 << 14) + b"\0"
    extended = b"VP8X" + struct.pack("<I", 10) + bytes(4) + b"\xfe\x3f\0\xfe\x3f\0" + lossless
    for body in (lossless, extended):
        refused(b"RIFF" + struct.pack("<I", len(body) + 4) + b"WEBP" + body, 0.5)
    assert "pixels" in refused(encoded(Image.new("RGB", (6000, 6000)), "WEBP", quality=1, method=0), 0.5)


def test_a_progressive_jpeg_is_bounded_as_what_cannot_be_scaled_and_a_baseline_one_is_not():
    picture = Image.new("L", (8000, 8000))
    assert f"{MAX_HELD_PIXELS:,}" in refused(encoded(picture, "JPEG", progressive=True), 0.5)
    largest = encoded(picture.resize((16_000, 15_600)), "JPEG")
    with Watch() as watch:
        assert square_of(largest).shape == (64, 64, 3)
    assert watch.memory < 250_000_000


def test_a_progressive_jpeg_of_thousands_of_scans_is_refused():
    content = encoded(Image.new("L", (1000, 1000)), "JPEG", progressive=True)
    last = content.rindex(b"\xff\xda")
    assert f"more than {MAX_SCANS} scans" in refused(content[:last] + content[last:-2] * 5000 + content[-2:], 0.5)


@pytest.mark.parametrize(
    ("name", "unit"),
    [
        ("JPEG segments", b"\xff\xe1\x00\x08Exif\0\0"),
        ("JPEG comments", b"\xff\xfe\x00\x02"),
        ("JPEG junk", b"\x00"),
        ("JPEG fill", b"\xff"),
        ("PNG chunks", chunk(b"abCd", b"")),
        ("PNG data chunks", chunk(b"IDAT", b"")),
        ("GIF blocks", b"!\xfe\x01a\x00"),
        ("GIF sub-blocks", b"\x01a"),
        ("GIF junk", b"\x01"),
    ],
)
def test_a_file_of_millions_of_parts_is_refused_in_a_second(name, unit):
    start = {
        "J": b"\xff\xd8\xff\xe0\x00\x04ab",
        "P": png(9, 9)[:33],
        "G": b"GIF89a\x09\0\x09\0\0\0\0" + (b"!\xfe" if "sub" in name else b""),
    }[name[0]]
    message = refused(start + unit * (20_000_000 // len(unit)), 2, 400_000_000)
    assert f"more than {MAX_READS:,} parts" in message or "picture" in message


@pytest.mark.parametrize("name", [b"iCCP", b"zTXt", b"iTXt"])
def test_thousands_of_compressed_texts_are_refused_before_they_are_unpacked(name):
    megabyte = zlib.compress(bytes(1_000_000))
    text = {b"iCCP": b"a\0\0", b"zTXt": b"a\0\0", b"iTXt": b"a\0\1\0\0\0"}[name] + megabyte
    assert "compressed" in refused(png(9, 9, *[chunk(name, text)] * 5000), 1)


@pytest.mark.parametrize("name", [b"zTXt", b"iTXt", b"iCCP"])
def test_a_text_that_unpacks_to_a_gigabyte_is_refused(name):
    text = {b"iCCP": b"a\0\0", b"zTXt": b"a\0\0", b"iTXt": b"a\0\1\0\0\0"}[name] + zlib.compress(
        bytes(1_000_000_000), 1
    )
    refused(png(9, 9, chunk(name, text)), 1)


def test_exif_whose_entries_all_name_the_same_megabyte_takes_no_memory():
    entries = b"".join(struct.pack("<HHII", tag, 7, 1_000_000, 8) for tag in range(1, 60_000))
    exif = b"Exif\0\0II*\0\x08\0\0\0" + struct.pack("<H", 59_999) + entries + bytes(1_000_000)
    content = encoded(Image.new("RGB", (64, 64)), "PNG", exif=exif)
    with Watch() as watch:
        square_of(content)
    assert watch.seconds < 2 and watch.memory < 100_000_000


def test_a_run_length_encoded_bmp_is_refused():
    """Pillow unpacks it in Python, byte by byte."""
    bmp = bytearray(encoded(Image.new("P", (64, 64)), "BMP"))
    bmp[30:34] = struct.pack("<I", 1)
    assert "run-length" in refused(bytes(bmp), 0.5)


@pytest.mark.parametrize(
    ("kind", "mode"), [("PNG", "RGBA"), ("PNG", "P"), ("WEBP", "RGBA"), ("GIF", "P"), ("BMP", "RGB"), ("JPEG", "RGB")]
)
def test_the_largest_picture_of_each_format_stays_within_the_memory_of_one(kind, mode):
    options = {
        "JPEG": {"progressive": True, "quality": 20, "subsampling": 0},
        "WEBP": {"quality": 1, "method": 0},
        "PNG": {"compress_level": 1},
    }.get(kind, {})
    content = encoded(Image.new(mode, (8000, 4000)), kind, **options)
    with Watch() as watch:
        square_of(content)
    print(f"{kind} {mode} of 32 megapixels: {watch.memory / 1e6:.0f} MB, {watch.seconds:.1f} s")
    assert watch.memory < MEMORY


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "BMP", "GIF"])
def test_a_cut_file_and_an_empty_size_are_refused(kind):
    whole = encoded(Image.effect_noise((300, 200), 80).convert("RGB"), kind)
    for size in (len(whole) // 2, len(whole) // 10, 40, 20, 10):
        refused(whole[:size], 1)
    places = {"PNG": ((16, 4), (20, 4)), "BMP": ((18, 4), (22, 4)), "GIF": ()}.get(kind, ())
    for offset, length in places:
        refused(whole[:offset] + bytes(length) + whole[offset + length :], 1)
