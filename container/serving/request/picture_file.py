"""A picture that a stranger sent: opened with few formats, and refused when decoding it would cost too much.

Limits of size alone do not bound a request: a file of 25 MB can hold millions of empty segments, which Pillow reads one
by one in Python, or thousands of scans, each of which libjpeg adds to every pixel. What is bounded here is the work,
before it is done."""

import io
import warnings

from PIL import Image, WebPImagePlugin  # noqa: F401  what is registered already need not be looked for among all of Pillow's plugins

from container.pictures.jpeg import is_held_whole
from container.pictures.preprocessing import UnreadablePicture, open_picture

FORMATS = ("JPEG", "PNG", "WEBP", "BMP", "GIF")  # JPEG stands for MPO as well, as phones write it
# of what cannot be made smaller while it is decoded; a WebP of so many takes 0.73 GB, the others 0.2 to 0.5
MAX_WHOLE_PIXELS = 32_000_000
MAX_READS = 100_000  # of a file; PNG takes three for each chunk, and a photograph of 25 MB has some thousand
MAX_COMPRESSED_CHUNKS = 64  # of a PNG: texts and profiles, each of which may unpack to 1 MB
MAX_SCANS = 100  # of a progressive JPEG; encoders write about ten
RUN_LENGTHS = (1, 2)  # BMP's compressions RLE8 and RLE4

# What Pillow remarks on a client's damaged file is not this log's; and Python remembers every remark that it has shown,
# for ever.
warnings.filterwarnings("ignore", module=r"PIL\.")


def open_request_picture(content: bytes) -> Image.Image:
    """Read the header of one of FORMATS. Decoding stays within 0.75 GB and some seconds, whatever the bytes are.

    Raises UnreadablePicture, whose message goes on after "The body is": no picture of these formats, or one that is
    refused. Errors of the pixels appear when they are decoded."""
    if sum(content.count(name) for name in (b"iCCP", b"zTXt", b"iTXt")) > MAX_COMPRESSED_CHUNKS and content.startswith(
        b"\x89PNG"
    ):
        raise UnreadablePicture(f"a PNG with more than {MAX_COMPRESSED_CHUNKS} compressed texts and profiles")
    picture = open_picture(_CountedReads(content), FORMATS)
    if picture.format == "BMP" and picture.info.get("compression") in RUN_LENGTHS:
        raise UnreadablePicture("a run-length encoded BMP; send it as PNG")  # Pillow unpacks it in Python, byte by byte
    if picture.format in ("JPEG", "MPO"):
        if not is_held_whole(picture):
            return picture
        if content.count(b"\xff\xda") > MAX_SCANS:
            raise UnreadablePicture(f"a JPEG of more than {MAX_SCANS} scans")
    if picture.width * picture.height > MAX_WHOLE_PIXELS:
        raise UnreadablePicture(
            f"a picture of {picture.width}x{picture.height} pixels; at most {MAX_WHOLE_PIXELS:,} are taken, more only "
            "in a baseline JPEG"
        )
    return picture


class _CountedReads(io.BytesIO):
    """Every step of Pillow's parsers, which are Python, begins with a read: their number is the work."""

    _reads = 0

    def read(self, size: int | None = -1) -> bytes:
        self._reads += 1
        if self._reads > MAX_READS:
            raise OSError(f"it has more than {MAX_READS:,} parts")
        return super().read(size)
