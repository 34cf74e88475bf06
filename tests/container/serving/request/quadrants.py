"""A picture of four colours, its files, and what is seen of one."""

import io

import numpy as np
from PIL import Image

from container.pictures.preprocessing import Preprocessing, open_picture

PREPROCESSING = Preprocessing(image_size=64, square_size=64)

RED, GREEN, BLUE, GREY = (230, 30, 30), (30, 200, 30), (40, 40, 220), (128, 128, 128)

QUADRANTS = (RED, GREEN, BLUE, GREY)  # top left, top right, bottom left, bottom right


def quadrants(size=128, mode="RGB") -> Image.Image:
    picture = Image.new("RGB", (size, size))
    for index, colour in enumerate(QUADRANTS):
        picture.paste(
            colour,
            (index % 2 * size // 2, index // 2 * size // 2, (index % 2 + 1) * size // 2, (index // 2 + 1) * size // 2),
        )
    return picture.convert(mode)


def encoded(picture: Image.Image, kind: str, **options) -> bytes:
    buffer = io.BytesIO()
    picture.save(buffer, kind, **options)
    return buffer.getvalue()


def seen(content: bytes) -> list[tuple[int, ...]]:
    """Mean colour of each quadrant's middle."""
    square = PREPROCESSING.to_square(open_picture(content)).astype(float)
    assert square.shape == (64, 64, 3)
    return [
        tuple(square[top : top + 16, left : left + 16].mean((0, 1)))
        for top, left in ((8, 8), (8, 40), (40, 8), (40, 40))
    ]


def assert_seen(content: bytes, expected=QUADRANTS, tolerance: float = 1) -> None:
    assert np.abs(np.array(seen(content)) - np.array(expected)).max() <= tolerance, (seen(content), expected)
