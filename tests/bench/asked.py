"""What a bench of the train image is asked on the command line: the image, and the pictures."""

import argparse
from pathlib import Path

from local_test.demo.data_folder import data_folder
from tests.bench.drawn_data import drawn


def image_and_pictures(description: str) -> tuple[str, Path]:
    """--train-image, and the folder of --data, which may be a zip; without it the pictures are drawn."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--train-image", required=True)
    parser.add_argument("--data", type=Path, help="folder or zip of pictures; default: some that are drawn")
    chosen = parser.parse_args()
    return chosen.train_image, data_folder(chosen.data, Path("out/data")) if chosen.data else drawn(
        Path("out/data/bench")
    )
