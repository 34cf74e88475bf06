"""The splits of a data set, which are channels of a job, and what users call their folders.

The layout is that of Udacity's dogImages.zip: `<split>/<number>.<Class_name>/<picture>`. Class folders without splits
are split here: the same picture is in the same split on every run, on every machine.
"""

import hashlib
import unicodedata
from collections.abc import Iterable, Mapping

SPLITS = ("train", "valid", "test")
SHARES = {"train": 80, "valid": 10, "test": 10}  # percent
_SEED = 0
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


def split_pictures(pictures: Mapping[str, Iterable[str]]) -> dict[str, str]:
    """The split of each picture, class by class: of each 80% train, 10% valid, 10% test, and one at least of each where
    there are three.

    pictures: names of pictures by class, as they are below the folder that holds the classes. A name alone decides
    where a picture comes in its class's order, so that a new picture moves few others.
    """
    split_of = {}
    for names in pictures.values():
        ordered = sorted(names, key=_place)
        valid, test = _counts(len(ordered))
        for index, name in enumerate(ordered):
            split_of[name] = "valid" if index < valid else "test" if index < valid + test else "train"
    return split_of


def _place(name: str) -> tuple[str, str]:
    composed = unicodedata.normalize("NFC", name)
    content = f"{_SEED}/{composed}".encode(errors="surrogateescape")
    return hashlib.sha256(content).hexdigest(), name


def _counts(pictures: int) -> tuple[int, int]:
    """How many pictures of a class go to valid, and to test."""
    valid, test = (max(1, (pictures * SHARES[split] + 50) // 100) for split in ("valid", "test"))
    return (valid if pictures > 1 else 0), (test if pictures > 2 else 0)
