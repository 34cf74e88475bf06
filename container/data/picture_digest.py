"""Digests of a run's pictures: their classes, names and content, in the order of training.

The content decides whether an interrupted run is resumed and a feature bank is used. Modification times do not: a
restarted job has its channels downloaded anew.
"""

import hashlib
import os
from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from container.data.class_folders import Split


def digest_of_split(split: Split) -> str:
    """SHA-256 over every picture of the split; reads them all."""
    with ThreadPoolExecutor(len(os.sched_getaffinity(0))) as pool:
        return combined(split, pool.map(_digest, split.paths))


def digest_of_listing(splits: Iterable[Split]) -> str:
    """SHA-256 over the names, classes and sizes of all pictures, in milliseconds: opens none, and overlooks a
    replaced picture of the same size.
    """
    whole = hashlib.sha256()
    for split in splits:
        for path, label in zip(split.paths, split.labels, strict=True):
            whole.update(
                f"{split.name}/{split.classes[label]}/{path.name} {path.stat().st_size}\0".encode(
                    errors="surrogateescape"
                )
            )
    return whole.hexdigest()


def digest_of_run(splits: Mapping[str, str]) -> str:
    """SHA-256 over the digests of a run's splits, by name."""
    return hashlib.sha256(
        "".join(f"{name} {split_digest}\0" for name, split_digest in splits.items()).encode()
    ).hexdigest()


def digest(content: bytes) -> bytes:
    """SHA-256 of a picture's file; of one that cannot be read the content is b""."""
    return hashlib.sha256(content).digest()


def combined(split: Split, digests: Iterable[bytes]) -> str:
    """The digest of a split from the SHA-256 of each picture, in the order of split.paths."""
    whole = hashlib.sha256()
    for path, label, digest in zip(split.paths, split.labels, digests, strict=True):
        whole.update(f"{split.classes[label]}/{path.name}\0".encode(errors="surrogateescape") + digest)
    return whole.hexdigest()


def _digest(path: Path) -> bytes:
    try:
        return digest(path.read_bytes())
    except OSError:  # left out of the features, too
        return digest(b"")
