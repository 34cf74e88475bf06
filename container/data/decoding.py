"""The pictures of a run, decoded once on each host and read by all of its processes."""

import shutil
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from container.data.class_folders import Split
from container.data.picture_store import PictureStore, decode_split, open_split
from container.data.repeated_pictures import RepeatedPictures, find_repeated
from container.pictures.preprocessing import Preprocessing
from container.runtime.ranks import Ranks


@contextmanager
def decoded(
    splits: dict[str, Split], preprocessing: Preprocessing, workers: int, ranks: Ranks
) -> Iterator[dict[str, PictureStore]]:
    """The stores of the splits for as long as the context lasts; their files are removed after it.

    Args:
        splits: by name. Pictures of train that are repeated (`find_repeated`) are left out of its store.
        preprocessing: decides the size of the squares.
        workers: threads that decode; 0: one for each core.
        ranks: the run's processes. The first of each host decodes for all; process 0 prints what is in each channel.

    Raises TrainingFailure as `decode_split` does.
    """
    started = time.monotonic()
    folder = Path(tempfile.mkdtemp(prefix="pictures-")) if ranks.local_rank == 0 else None
    try:
        stores: dict[str, PictureStore] = {}
        repeated = RepeatedPictures((), ())
        if folder:
            stores = {name: decode_split(split, preprocessing, folder, workers) for name, split in splits.items()}
            digests = {name: store.digests for name, store in stores.items()}
            repeated = find_repeated(splits, digests, {name: store.reasons for name, store in stores.items()})
        decoded_there = {name: (store.reasons, store.content_digest) for name, store in stores.items()}
        where, decoded_there, repeated = ranks.from_first_on_host((folder, decoded_there, repeated))
        if folder is None:
            assert where is not None  # the host's first process has one
            stores = {
                name: open_split(split, preprocessing, where, *decoded_there[name]) for name, split in splits.items()
            }
        stores["train"] = stores["train"].without(repeated.left_out)
        if ranks.rank == 0:
            for warning in repeated.warnings:
                print(f"warning: {warning}", file=sys.stderr)
            for name, store in stores.items():
                print(channel_line(name, len(store), len(splits[name].classes), len(store.unreadable), store.repeated))
            print(f"pictures decoded in {time.monotonic() - started:.1f} s")
        yield stores
    finally:
        if folder:
            shutil.rmtree(folder, ignore_errors=True)


def channel_line(name: str, pictures: int, classes: int, unreadable: int, repeated: int) -> str:
    """What a channel holds, for the log. unreadable, repeated: pictures left out, which are not among `pictures`."""
    left_out = "".join(
        f", {count} {why} left out" for count, why in ((unreadable, "unreadable"), (repeated, "repeated")) if count
    )
    return f"channel {name}: {pictures} pictures, {classes} classes{left_out}"
