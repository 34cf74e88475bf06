"""Pictures and channels that the tests make."""

import numpy as np
import pytest
from PIL import Image

COLOURS = {"001.Amber_hound": (200, 120, 20), "002.Slate_setter": (60, 70, 120), "003.Fern_terrier": (40, 150, 60)}


def write_picture(path, colour, seed=0, size=(90, 70)):
    """A noisy picture of one colour: easy to learn, different each time."""
    noise = np.random.default_rng(seed).normal(0, 25, (size[1], size[0], 3))
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray((np.array(colour) + noise).clip(0, 255).astype(np.uint8)).save(path)


@pytest.fixture
def channels(tmp_path):
    """train, valid and test with three classes that differ in colour."""
    root = tmp_path / "data"
    for of_split, (split, count) in enumerate((("train", 10), ("valid", 4), ("test", 4))):
        for number, (folder, colour) in enumerate(COLOURS.items()):
            for index in range(count):
                seed = of_split * 1000 + number * 100 + index  # no picture twice
                write_picture(root / split / folder / f"{index}.jpg", colour, seed)
    return root


@pytest.fixture
def job(tmp_path, channels, monkeypatch):
    """The environment that sagemaker-training gives the program; returns its folders."""
    for split in ("train", "valid", "test"):
        monkeypatch.setenv(f"SM_CHANNEL_{split.upper()}", str(channels / split))
    for channel in ("PRETRAINED", "FEATURES"):
        monkeypatch.delenv(f"SM_CHANNEL_{channel}", raising=False)
    for name in ("model", "output"):
        monkeypatch.setenv(f"SM_{name.upper()}_DIR", str(tmp_path / name))
    monkeypatch.setenv("SM_OUTPUT_DATA_DIR", str(tmp_path / "output/data"))
    return tmp_path
