"""The same pixels give nearly the same square as JPEG, which is scaled down while it is decoded, and as PNG."""

import io

import numpy as np
import pytest
from PIL import Image

from container.pictures.preprocessing import Preprocessing, open_picture


def photograph(seed: int) -> Image.Image:
    """Soft colours, as a photograph has them, with edges and grain in brightness, 2000x1500."""
    random = np.random.default_rng(seed)
    soft = Image.fromarray(random.integers(0, 256, (15, 20, 3), dtype=np.uint8)).resize((2000, 1500), Image.BICUBIC)
    hard = Image.fromarray(random.integers(0, 256, (75, 100), dtype=np.uint8)).resize((2000, 1500), Image.NEAREST)
    grain = random.normal(0, 8, (1500, 2000, 1))
    mixed = np.asarray(soft) * 0.6 + np.asarray(hard)[..., None] * 0.4 + grain
    return Image.fromarray(mixed.clip(0, 255).astype(np.uint8))


@pytest.mark.parametrize("image_size", [96, 224])
@pytest.mark.parametrize("width", [500, 640, 1000, 2000])
def test_jpeg_and_png_of_the_same_pixels_give_nearly_the_same_square(width, image_size):
    preprocessing, differences = Preprocessing.for_image_size(image_size), []
    for seed in range(3):
        as_jpeg, as_png = io.BytesIO(), io.BytesIO()
        photograph(seed).resize((width, width * 3 // 4), Image.LANCZOS).save(as_jpeg, "JPEG", quality=90)
        Image.open(as_jpeg).convert("RGB").save(as_png, "PNG")
        squares = [preprocessing.to_square(open_picture(one.getvalue())).astype(int) for one in (as_jpeg, as_png)]
        differences.append(np.abs(squares[0] - squares[1]).mean())
    print(f"{width} to {image_size}: {np.mean(differences):.2f}, worst {max(differences):.2f}")
    assert np.mean(differences) < 0.5 and max(differences) < 1.5
