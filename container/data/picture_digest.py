"""What pictures a split holds, as one digest: their classes, their names and their content, in the order of
training.
"""

import hashlib
import os
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from container.data.class_folders import Split


def digest_of_split(split: Split) -> str:
    """SHA-256 over every picture of the split; reads them all."""
    with ThreadPoolExecutor(len(os.sched_getaffinity(0))) as pool:
        return combined(split, pool.map(_digest, split.paths))


def digest_of_listing(splits: Iterable[Split]) -> str:
    """SHA-256 over the names, classes and sizes of all pictures; opens none."""
    whole = hashlib.sha256()
    for split in splits:
        for path, label in zip(split.paths, split.labels, strict=True):
            whole.update(
                f"{split.name}/{split.classes[label]}/{path.name} {path.stat().st_size}\0".encode(
                    errors="surrogateescape"
                )
            )
    return whole.hexdigest()


def digest(content: bytes) -> bytes:
    """SHA-256 of a picture's file; of one that cannot be read the content is b""."""
    return hashlib.sha256(content).digest()


def combined(split: Split, digests: Iterable[bytes]) -> str:
    """The same from the SHA-256 of each picture, in the order of split.paths."""
    whole = hashlib.sha256()
    for path, label, digest in zip(split.paths, split.labels, digests, strict=True):
        whole.update(f"{split.classes[label]}/{path.name}\0".encode(errors="surrogateescape") + digest)
    return whole.hexdigest()


def _digest(path: Path) -> bytes:
    try:
        return digest(path.read_bytes())
    except OSError:  # left out of the features, too
        return digest(b"")
