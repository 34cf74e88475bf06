"""The splits of a data set, which are channels of a job, and its class folders.

The layout is that of Udacity's dogImages.zip: `<split>/<number>.<Class_name>/<picture>`.
"""

import re

SPLITS = ("train", "valid", "test")
PICTURE_SUFFIXES = frozenset({".jpg", ".jpeg", ".png", ".webp", ".bmp", ".gif", ".tif", ".tiff"})


def class_name(folder: str) -> str:
    """`001.Affenpinscher` -> `Affenpinscher`; a folder without a number keeps its name."""
    return re.sub(r"^\d+\.", "", folder) or folder
