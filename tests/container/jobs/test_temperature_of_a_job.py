"""A job fits the temperature on valid, keeps it in the model file and tells what it does on test."""

import json

import pytest
import torch

from container import train
from container.data.class_folders import read_splits
from container.data.picture_examples import PictureExamples
from container.data.picture_store import decode_split
from container.model.model_file import Checkpoint, load_checkpoint
from container.report.calibration import calibration
from container.runtime.device import ComputeDevice
from container.training.evaluation import Evaluation, evaluate
from tests.container.conftest import COLOURS, write_picture
from tests.container.small_job import small_job

CPU = ComputeDevice(torch.device("cpu"), torch.float32)
JOBS = {
    "pictures": small_job(epochs=3, lr=0.003, mixed_precision=False),
    "features": small_job(epochs=3, lr=0.01, freeze_backbone=True),
}


@pytest.fixture
def enough(job, channels):
    """54 pictures of valid, of which every fifth looks like another class."""
    colours = list(COLOURS.values())
    for number, folder in enumerate(COLOURS):
        for index in range(4, 18):
            colour = colours[(number + (index % 5 == 0)) % 3]
            write_picture(channels / "valid" / folder / f"{index}.jpg", colour, seed=number * 100 + index)
    return job


def evaluated(checkpoint: Checkpoint, split: str, folder) -> Evaluation:
    store = decode_split(read_splits()[split], checkpoint.preprocessing, folder / "store")
    return evaluate(checkpoint.model, PictureExamples(store, checkpoint.preprocessing, 0.35), CPU)


def figures_of(job) -> dict:
    return json.loads((job / "output/data/evaluation.json").read_text())


@pytest.mark.parametrize("kind", JOBS)
def test_the_temperature_of_valid_is_in_the_model_file_and_in_the_figures_of_test(enough, capfd, kind):
    assert train.main([*JOBS[kind], "--unknown-below", "0.6"]) == 0
    said, checkpoint, figures = capfd.readouterr().out, load_checkpoint(enough / "model"), figures_of(enough)
    assert f"temperature {checkpoint.temperature:g}, fitted on the 54 pictures of valid" in said
    assert figures["temperature"] == checkpoint.temperature != 1
    assert checkpoint.unknown_below == figures["unknown_below"] == 0.6
    found = evaluated(checkpoint, "test", enough)
    # Losses stay those of the logits, to be compared with training's and other runs'.
    assert found.loss == pytest.approx(figures["loss"], abs=5e-3)
    answered = (found.logits / checkpoint.temperature).softmax(1)
    assert figures["ece"] == pytest.approx(calibration(answered, found.labels).ece, abs=0.02)
    before = calibration(found.logits.softmax(1), found.labels).ece
    assert figures["ece_without_temperature"] == pytest.approx(before, abs=0.02)
    assert figures["unknown"] == int((answered.max(1).values < 0.6).sum())
    assert f"unknown-below 0.6: {figures['unknown']} of 12 test pictures have no label" in said


def test_metric_lines_of_valid_are_without_the_temperature(enough):
    assert train.main(JOBS["pictures"]) == 0
    checkpoint = load_checkpoint(enough / "model")
    found = evaluated(checkpoint, "valid", enough)
    assert checkpoint.temperature != 1 and found.temperature.value == 1
    assert checkpoint.facts["valid_loss"] == pytest.approx(found.loss, abs=1e-3)


def test_a_small_valid_split_leaves_the_probabilities_as_they_are_and_says_so(job, capfd):
    assert train.main(JOBS["pictures"]) == 0
    checkpoint, figures = load_checkpoint(job / "model"), figures_of(job)
    assert (checkpoint.temperature, checkpoint.unknown_below) == (1.0, 0.0)
    assert "temperature 1, not fitted: 12 pictures of valid are too few, 50 are needed" in capfd.readouterr().out
    assert figures["ece"] == figures["ece_without_temperature"] and "unknown" not in figures


def test_the_report_has_the_error_before_and_after_and_what_thresholds_do(enough):
    assert train.main([*JOBS["pictures"], "--profiler", "true", "--unknown-below", "0.55"]) == 0
    found = json.loads((enough / "output/data/report.json").read_text())["evaluation"]
    assert found["temperature_origin"] == "fitted on the 54 pictures of valid"
    assert [one["value"] for one in found["thresholds"]] == [0.3, 0.5, 0.55, 0.7, 0.8, 0.9, 0.95]
    figures = figures_of(enough)
    assert found["calibration"]["ece"] == figures["ece"]
    assert found["uncalibrated"]["ece"] == figures["ece_without_temperature"]
    page = (enough / "output/data/report.html").read_text()
    assert "Without the temperature" in page and "With unknown-below 0.55" in page
