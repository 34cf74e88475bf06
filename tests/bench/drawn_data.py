"""Pictures for a benchmark that was given none: drawn, in the layout of the photographs."""

from pathlib import Path

from local_test.demo.sample_data import SampleSize, draw_sample_data


def drawn(folder: Path) -> Path:
    draw_sample_data(folder, SampleSize(breeds=10, train=140, valid=30, test=30))
    return folder
