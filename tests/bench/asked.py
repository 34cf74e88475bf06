"""What a bench of the train image is asked on the command line: the image, and the pictures."""

import argparse
from pathlib import Path

from local_test.demo.data_folder import data_folder
from tests.bench.drawn_data import drawn


def asked(description: str) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--train-image", required=True)
    parser.add_argument("--data", type=Path, help="folder or zip of pictures; default: some that are drawn")
    return parser


def pictures(args: argparse.Namespace) -> Path:
    """The folder of --data, which may be a zip; without it the pictures are drawn."""
    return data_folder(args.data, Path("out/data")) if args.data else drawn(Path("out/data/bench"))
