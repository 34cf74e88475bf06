"""A picture file of a data set as a square; what is odd about it is said with its name."""

import sys
from pathlib import Path

import numpy as np

from container.pictures.preprocessing import Preprocessing, UnreadablePicture, open_picture

FLAT = 2  # levels between the darkest and the brightest value of a square that shows nothing


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


def _is_flat(pixels: np.ndarray) -> bool:
    content = pixels.tobytes()  # faster than NumPy for a few
    return all(max(content[band::3]) - min(content[band::3]) <= FLAT for band in range(3))
