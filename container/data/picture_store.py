"""The pictures of a split, decoded once into a file of uint8 squares that every epoch reads.

Decoding a photograph costs more than a small model's step on it. The file is memory-mapped: the memory in use does not
grow with the data set.
"""

import os
import shutil
import sys
from pathlib import Path

import numpy as np
import torch

from container.data.class_folders import Split
from container.data.picture_digest import combined, digest
from container.pictures.preprocessing import Preprocessing, UnreadablePicture, open_picture
from container.runtime.batch_threads import BatchThreads
from container.runtime.failure import TrainingFailure

PART = 8  # pictures that a thread takes at once
FLAT = 2  # levels between the darkest and the brightest value of a square that shows nothing
# Above both of these something else is wrong than a few bad files.
MAX_SHARE = 0.05
MAX_COUNT = 2


class PictureStore:
    """Squares and labels of the readable pictures of a split.

    labels: int64 [n]. paths: the n files, in the same order. unreadable: (file, reason) of those left out; reasons: the
    same by position in the split. content_digest: SHA-256 of the split's files, those left out included
    (`digest_of_split`). digests: of each file by position, where this process has decoded them, else empty. repeated:
    how many pictures `without` left out.
    """

    def __init__(
        self,
        split: Split,
        squares: np.ndarray,
        unreadable: dict[int, str],
        content_digest: str,
        repeated: tuple[int, ...] = (),
    ):
        """Args:
        split: what was decoded.
        squares: uint8 [len(split.paths), side, side, 3].
        unreadable: reasons by position in split.paths.
        content_digest: of the split's files.
        repeated: positions in split.paths of pictures that are left out, as they are elsewhere.
        """
        self._split, self._squares, self.reasons, self.content_digest = split, squares, unreadable, content_digest
        self.digests: list[bytes] = []
        self.repeated = len(repeated)
        left_out = {*unreadable, *repeated}
        rows = [row for row in range(len(split.paths)) if row not in left_out]
        self._flat, self._positions = (
            torch.from_numpy(squares.reshape(len(squares), -1)),
            torch.tensor(rows, dtype=torch.int64),
        )
        self.labels = torch.tensor([split.labels[row] for row in rows], dtype=torch.int64)
        self.paths = [split.paths[row] for row in rows]
        self.unreadable = [(split.paths[row], reason) for row, reason in unreadable.items()]

    def __len__(self) -> int:
        return len(self.labels)

    def without(self, repeated: tuple[int, ...]) -> "PictureStore":
        """The store of the same squares without the pictures at these positions in its split."""
        return PictureStore(self._split, self._squares, self.reasons, self.content_digest, repeated)

    def square(self, index: int) -> torch.Tensor:
        """uint8 [1, 3, square_size, square_size], channels last in memory: a view of the file, not to be changed."""
        row = int(self._positions[index])
        return torch.from_numpy(self._squares[row : row + 1]).permute(0, 3, 1, 2)

    def squares(self, indices: torch.Tensor, pin_memory: bool = False) -> torch.Tensor:
        """Copy several squares: int64 [b] -> uint8 [b, 3, square_size, square_size], channels last in memory.

        pin_memory: for a copy to a GPU that nothing waits for.
        """
        _, side, _, channels = self._squares.shape
        found = torch.empty((len(indices), side * side * channels), dtype=torch.uint8, pin_memory=pin_memory)
        torch.index_select(self._flat, 0, self._positions[indices], out=found)
        return found.view(-1, side, side, channels).permute(0, 3, 1, 2)


def decode_split(split: Split, preprocessing: Preprocessing, folder: Path, workers: int = 0) -> PictureStore:
    """Decode every picture of a split into one file; unreadable pictures are left out and reported.

    Args:
        split: what to decode.
        preprocessing: decides the size of the squares.
        folder: for the file.
        workers: threads; 0: one for each core.

    Raises TrainingFailure when too many are unreadable (`check_unreadable`), or when the disk is too small.
    """
    shape = _shape(split, preprocessing)
    folder.mkdir(parents=True, exist_ok=True)
    needed, free = int(np.prod(shape, dtype=np.int64)), shutil.disk_usage(folder).free
    if needed > free:
        raise TrainingFailure(
            f"Channel {split.name} needs {needed / 1e9:.1f} GB of disk for its decoded pictures and {folder} has "
            f"{free / 1e9:.1f} GB. Give the job a larger volume or a smaller image-size."
        )
    unreadable: dict[int, str] = {}
    digests = [b""] * len(split.paths)
    # Written, not mapped: the first touch of a page of a mapped file costs as much as the decoding, and a full disk
    # would be a SIGBUS.
    with _file(split, folder).open("wb", buffering=0) as file:
        file.truncate(needed)

        def decode(start: int, stop: int) -> None:
            for row in range(start, stop):
                content, square = read_square(split.paths[row], preprocessing)
                if isinstance(square, UnreadablePicture):
                    unreadable[row] = str(square)
                else:
                    _write_at(file.fileno(), square.data.cast("B"), row * square.nbytes)
                digests[row] = digest(content)

        BatchThreads(workers).run(decode, len(split.paths), PART)
    check_unreadable(split, unreadable)
    store = open_split(split, preprocessing, folder, unreadable, combined(split, digests))
    store.digests = digests
    return store


def open_split(
    split: Split, preprocessing: Preprocessing, folder: Path, reasons: dict[int, str], content_digest: str
) -> PictureStore:
    """Open what `decode_split`, perhaps of another process, has written.

    Args:
        split, preprocessing, folder: as they were given to `decode_split`.
        reasons, content_digest: of the store that it returned.
    """
    squares = np.memmap(_file(split, folder), dtype=np.uint8, mode="r+", shape=_shape(split, preprocessing))
    return PictureStore(split, squares, reasons, content_digest)


def read_square(path: Path, preprocessing: Preprocessing) -> tuple[bytes, np.ndarray | UnreadablePicture]:
    """The file's content, b"" where it cannot be read, and its square, uint8 [side, side, 3], or why it has none.

    Prints a warning for a picture that is left out, and for one that is the same colour all over.
    """
    content = b""
    try:
        try:
            content = path.read_bytes()
        except OSError as error:
            raise UnreadablePicture(f"not a readable picture: {error}") from error
        with open_picture(content) as picture:
            square = preprocessing.to_square(picture)
    except UnreadablePicture as error:
        print(f"warning: {path} is left out: {error}", file=sys.stderr)
        return content, error
    if _is_flat(square[::32, ::32]) and _is_flat(square):  # some pixels tell it of nearly every picture
        colour = tuple(int(value) for value in square[0, 0])
        print(
            f"warning: {path} is the same colour all over, {colour}: there is nothing to see on it, and it is used all "
            "the same",
            file=sys.stderr,
        )
    return content, square


def check_unreadable(split: Split, unreadable: dict[int, str]) -> None:
    """Raise TrainingFailure when so many pictures are unreadable that something else must be wrong.

    That is: more than two and more than one in twenty, all of them, or every picture of a class of the channel train.
    unreadable: reasons by position in split.paths.
    """
    allowed = max(MAX_COUNT, MAX_SHARE * len(split.paths))
    if len(unreadable) > min(allowed, len(split.paths) - 1):
        row, reason = min(unreadable.items())
        path = split.paths[row]
        raise TrainingFailure(
            f"Channel {split.name} has {len(unreadable)} unreadable pictures of {len(split.paths)}, too many to go on "
            f"without them. The first is {path.parent.name}/{path.name}: {reason}. Repair or remove them."
        )
    left = {label for row, label in enumerate(split.labels) if row not in unreadable}
    lost = sorted(set(split.labels) - left)
    if lost and split.name == "train":
        row = next(row for row, label in enumerate(split.labels) if label == lost[0])
        path = split.paths[row]
        raise TrainingFailure(
            f"Channel train has no readable picture of {split.classes[lost[0]]}. The first is {path.parent.name}/"
            f"{path.name}: {unreadable[row]}. Repair or replace its pictures."
        )


def _is_flat(pixels: np.ndarray) -> bool:
    content = pixels.tobytes()  # faster than NumPy for a few
    return all(max(content[band::3]) - min(content[band::3]) <= FLAT for band in range(3))


def _file(split: Split, folder: Path) -> Path:
    return folder / f"{split.name}.u8"


def _write_at(file: int, content: memoryview, offset: int) -> None:
    """Write all of `content`: os.pwrite may write a part of it where a disk is nearly full. Raises OSError."""
    while content:
        written = os.pwrite(file, content, offset)
        content, offset = content[written:], offset + written


def _shape(split: Split, preprocessing: Preprocessing) -> tuple[int, int, int, int]:
    return len(split.paths), preprocessing.square_size, preprocessing.square_size, 3
