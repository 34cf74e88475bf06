"""The splits of a data set, which are channels of a job, and what users call their folders.

The layout is that of Udacity's dogImages.zip: `<split>/<number>.<Class_name>/<picture>`.
"""

SPLITS = ("train", "valid", "test")
_MEANT = {
    "train": "train",
    "training": "train",
    "valid": "valid",
    "val": "valid",
    "validation": "valid",
    "test": "test",
    "testing": "test",
}


def split_meant(folder: str) -> str | None:
    """`train`, `Train`, `training` -> train; `val`, `validation` -> valid; None for a folder that is no split."""
    return _MEANT.get(folder.casefold())
