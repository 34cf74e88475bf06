"""What tests of several folders run their trials with."""

from pathlib import Path

import pytest

from tests.service.program_image import program_image


@pytest.fixture(scope="session")
def trial_image(engine, train_image):
    """An image whose `train` runs run.py of the channel `code`."""
    with program_image(engine, train_image, Path(__file__).parent / "tuning/train.py") as tag:
        yield tag
