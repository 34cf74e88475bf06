"""Pillow's decoders, loaded when a file first needs one, and the work that opening a file may be.

Sizes alone do not bound that work: a file of 25 MB can hold millions of empty segments, which Pillow reads one by one
in Python.
"""

import ctypes
import importlib
import io
import warnings
from functools import cache
from pathlib import Path

from PIL import Image

from contract.picture_formats import PictureFormat

MAX_PIXELS = 250_000_000  # of any picture; by what decoding it costs most formats have less: decoding_cost.py
MAX_READS = 100_000  # of a file; PNG takes three for each chunk, and a photograph of 25 MB has some thousand

# Before GIF and WebP take memory on opening Pillow refuses what has more than twice as many.
Image.MAX_IMAGE_PIXELS = MAX_PIXELS // 2
warnings.filterwarnings("ignore", category=Image.DecompressionBombWarning)  # below that it is none
# What is not among the plugins that Pillow loads by itself. It would look for an unknown name in all that it has.
_PLUGINS = {"WEBP": "PIL.WebPImagePlugin", "TIFF": "PIL.TiffImagePlugin", "AVIF": "PIL.AvifImagePlugin"}


def open_file(content: bytes, format: PictureFormat) -> Image.Image:
    """Read a file's header as that of one format. Raises whatever Pillow and its plugins raise; OSError for a file that
    is too much work to open.
    """
    _load(format.decoder)
    return Image.open(CountedReads(content), formats=(format.decoder,))


@cache
def _load(decoder: str) -> None:
    """One thread for a picture: training and endpoint have pictures beside each other."""
    if decoder in _PLUGINS:
        importlib.import_module(_PLUGINS[decoder])
    if decoder == "AVIF":
        from PIL import AvifImagePlugin

        AvifImagePlugin.DEFAULT_MAX_THREADS = 1
    if decoder == "TIFF":
        _silence_libtiff()
    if decoder == "HEIF":
        import pillow_heif

        # An embedded thumbnail need not show the picture, and nothing here asks for the others.
        pillow_heif.register_heif_opener(thumbnails=False, depth_images=False, aux_images=False, decode_threads=1)


def _silence_libtiff() -> None:
    """It writes a line on stderr for every row that is broken, and the error of such a file says it once.

    https://libtiff.gitlab.io/libtiff/functions/TIFFError.html
    """
    loaded = {line.split()[-1] for line in Path("/proc/self/maps").read_text().splitlines() if "/libtiff" in line}
    for library in loaded:
        ctypes.CDLL(library).TIFFSetErrorHandler(None)


class CountedReads(io.BytesIO):
    """Every step of Pillow's parsers, which are Python, begins with a read: their number is the work."""

    _reads = 0

    def read(self, size: int | None = -1) -> bytes:
        self._reads += 1
        if self._reads > MAX_READS:
            raise OSError(f"it has more than {MAX_READS:,} parts")
        return super().read(size)
