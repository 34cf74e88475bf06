"""MLflow 3 reads what a training leaves, from the files and after its own migration to a database."""

import dataclasses
import os
import subprocess

import pytest

from scripts.compare import write_tracking
from tests.scripts.comparison.trainings import run
from tests.tracking.conftest import ENVIRONMENT, HYPERPARAMETERS, PROGRAMS, write_run


def test_a_run_is_whole(ask, tmp_path):
    run_id = write_run(tmp_path, epochs=3)
    [(found_id, found)] = ask("store", (tmp_path / "mlruns").as_uri()).items()
    assert found_id == run_id and found["name"] == "dogbreed-train-1" and found["status"] == "FINISHED"
    assert found["params"] == HYPERPARAMETERS
    assert found["history"]["valid_loss"] == [[1, 1.0], [2, 0.5], [3, 1 / 3]]
    assert found["last"]["test_accuracy"] == 0.87 and set(found["last"]) == {
        "valid_loss",
        "valid_accuracy",
        "test_accuracy",
    }
    assert found["tags"]["sagemaker.training_job"] == "dogbreed-train-1" and found["end"] >= found["start"]


@pytest.mark.parametrize(("status", "known"), [("Failed", "FAILED"), ("Stopped", "KILLED"), ("", "RUNNING")])
def test_how_a_run_ended_is_known(ask, tmp_path, status, known):
    write_run(tmp_path, status=status)
    [found] = ask("store", (tmp_path / "mlruns").as_uri()).values()
    assert found["status"] == known


def test_runs_of_several_jobs_are_one_store_where_their_folders_are_laid_over_each_other(ask, tmp_path):
    ids = {write_run(tmp_path, number, lr=f"0.0{number}") for number in (1, 2, 2)}
    found = ask("store", (tmp_path / "mlruns").as_uri())
    assert set(found) == ids and sorted(run["params"]["lr"] for run in found.values()) == ["0.01", "0.02"]


def test_what_make_compare_brings_together_is_read_also_of_a_run_without_any_metric(ask, tmp_path):
    brought = []
    for number, epochs in ((1, 3), (2, 0)):
        left = tmp_path / f"output-{number}"
        write_run(left, number, epochs, status="Completed" if epochs else "Failed")
        files = {path.relative_to(left).as_posix(): path.read_bytes() for path in left.rglob("*") if path.is_file()}
        brought.append(dataclasses.replace(run(number), tracking=files))
    shown = write_tracking(brought, tmp_path / "compare")
    assert [command for _, command in shown] == [
        f"tensorboard --logdir {tmp_path / 'compare/tensorboard'}",
        f"MLFLOW_ALLOW_FILE_STORE=true mlflow server --backend-store-uri {tmp_path / 'compare/mlruns'}",
    ]
    found = ask("store", (tmp_path / "compare/mlruns").as_uri())
    assert {one["status"] for one in found.values()} == {"FINISHED", "FAILED"}
    assert len(ask("events", tmp_path / "compare/tensorboard")) == 2


def test_mlflows_own_migration_brings_them_into_a_database(ask, tmp_path):
    for number in (1, 2):
        write_run(tmp_path, number)
    database = f"sqlite:///{tmp_path / 'mlflow.db'}"
    done = subprocess.run(
        [PROGRAMS / "mlflow", "migrate-filestore", "--source", tmp_path / "mlruns", "--target", database],
        env={**os.environ, **ENVIRONMENT},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    found = ask("store", database)
    assert {run["name"] for run in found.values()} == {"dogbreed-train-1", "dogbreed-train-2"}
    assert all(run["params"] == HYPERPARAMETERS for run in found.values())
    assert all(run["history"]["valid_loss"] == [[1, 1.0], [2, 0.5], [3, 1 / 3]] for run in found.values())
