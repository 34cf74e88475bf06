"""Every training leaves its figures for TensorBoard and MLflow, however it ends; the same job has the same id."""

import json
import math

import pytest

from container import train
from container.jobs.run_records import event_folder, run_id, track
from container.training import trainer
from tests.container.small_job import small_job
from tests.container.tracking.event_files import scalars_of

ARN = "arn:aws:sagemaker:eu-west-1:123456789012:training-job/dogbreed-train-x"


@pytest.fixture
def named(job, monkeypatch):
    monkeypatch.setenv("TRAINING_JOB_NAME", "dogbreed-train-x")
    monkeypatch.setenv("TRAINING_JOB_ARN", ARN)
    return job


def mlflow_run(job):
    return job / "output/data/mlruns/0" / run_id(ARN)


def metric(job, name):
    """(step, value) of each line."""
    lines = (mlflow_run(job) / "metrics" / name).read_text().splitlines()
    return [(int(line.split()[2]), float(line.split()[1])) for line in lines]


@pytest.mark.parametrize("more", [{}, {"freeze_backbone": True}], ids=["whole", "features"])
def test_the_figures_are_those_of_the_metric_lines_and_of_the_test_split(named, capfd, more):
    assert train.main(small_job(epochs=3, **more)) == 0
    printed = [line for line in capfd.readouterr().out.splitlines() if line.startswith("epoch=")]
    in_log = [float(word.partition("=")[2]) for line in printed for word in line.split() if "valid_loss" in word]
    assert [step for step, _ in metric(named, "valid_loss")] == [1, 2, 3]
    assert [value for _, value in metric(named, "valid_loss")] == pytest.approx(in_log, abs=6e-5)
    tested = json.loads((named / "output/data/evaluation.json").read_text())
    assert metric(named, "test_accuracy") == [(3, tested["top1"])] and metric(named, "test_ece") == [(3, tested["ece"])]
    best = max(value for _, value in metric(named, "valid_accuracy"))
    assert [value for _, value in metric(named, "best_valid_accuracy")] == [best]
    [events] = (named / "output/data/tensorboard").iterdir()
    found = scalars_of(events)
    assert {name: len(points) for name, points in found.items() if name.startswith("valid")} == {
        "valid_loss": 3,
        "valid_accuracy": 3,
    }
    params = {path.name: path.read_text() for path in (mlflow_run(named) / "params").iterdir()}
    assert params["epochs"] == "3" and params["lr"] == "0.001" and params["image-size"] == "32"


def test_a_run_that_fails_leaves_what_there_was(named, monkeypatch):
    monkeypatch.setattr(trainer.Trainer, "_train_step", lambda trainer, inputs, targets: inputs.mean() * math.nan)
    assert train.main(small_job(epochs=3)) == 1
    assert "status: 4\n" in (mlflow_run(named) / "meta.yaml").read_text()
    assert (mlflow_run(named) / "params/epochs").read_text() == "3"


def test_a_job_that_makes_features_has_no_figures(named):
    assert train.main(small_job(freeze_backbone=True, features_only=True)) == 0
    assert not (named / "output/data/mlruns").exists()


def test_the_id_is_the_jobs_own():
    assert run_id(ARN) == run_id(ARN) != run_id(f"{ARN}2") and len(run_id(ARN)) == 32
    assert run_id("") != run_id("")


@pytest.mark.parametrize(
    ("content", "folder"),
    [
        (None, None),
        ("no json", None),
        ("[]", None),
        ("{}", "/opt/ml/output/tensorboard"),
        ('{"S3OutputPath": "s3://b/x", "LocalPath": "/opt/ml/output/mine"}', "/opt/ml/output/mine"),
    ],
)
def test_the_platforms_folder_is_where_its_configuration_says(tmp_path, content, folder):
    file = tmp_path / "tensorboardoutputconfig.json"
    if content is not None:
        file.write_text(content)
    found = event_folder(file)
    assert found is None if folder is None else str(found) == folder


def test_files_of_a_run_are_begun_with_all_its_hyperparameters(named, tmp_path):
    from container.jobs.run import Run
    from container.runtime.device import ComputeDevice
    from container.training.hyperparameters import parse

    arguments = ["--lr", "0.01"]
    device = ComputeDevice.choose(0, False)
    run = Run(parse(arguments), device, tmp_path / "model", tmp_path / "out", arguments=arguments)
    track(run, tmp_path / "none.json").close("Completed")
    params = tmp_path / "out/mlruns/0" / run_id(ARN) / "params"
    assert (params / "lr").read_text() == "0.01" and (params / "batch-size").read_text() == "64"
