"""A run's files for TensorBoard and MLflow: as it goes on, at its end, and where they cannot be written."""

import json

import pytest

from container.tracking.run_files import RunFiles
from tests.container.tracking.event_files import scalars_of

RUN_ID = "0123456789abcdef0123456789abcdef"


def begun(folder, job="dogbreed-train-x", **more):
    return RunFiles(folder, job=job, run_id=RUN_ID, host="algo-1", hyperparameters={"lr": "0.001", "rules": ""}, **more)


def meta(file):
    """What YAML's subset JSON reads of it."""
    return {name: json.loads(value) for name, value in (line.split(": ", 1) for line in file.read_text().splitlines())}


def test_a_run_that_goes_on_can_be_read(tmp_path):
    files = begun(tmp_path)
    files.figures(1, {"valid_loss": 0.5, "train_accuracy": None})
    files.figures(2, {"valid_loss": 0.25})
    run = tmp_path / "mlruns/0" / RUN_ID
    assert [line.split()[1:] for line in (run / "metrics/valid_loss").read_text().splitlines()] == [
        ["0.5", "1"],
        ["0.25", "2"],
    ]
    assert not (run / "metrics/train_accuracy").exists()
    assert (run / "params/lr").read_text() == "0.001" and (run / "params/rules").read_text() == ""
    found = meta(run / "meta.yaml")
    assert (found["status"], found["end_time"], found["run_name"]) == (1, None, "dogbreed-train-x")
    assert found["artifact_uri"] == f"mlflow-artifacts:/0/{RUN_ID}/artifacts"
    assert meta(tmp_path / "mlruns/0/meta.yaml")["experiment_id"] == "0"
    assert (run / "tags/sagemaker.training_job").read_text() == "dogbreed-train-x"
    [events] = (tmp_path / "tensorboard").iterdir()
    assert scalars_of(events) == {"valid_loss": [(1, 0.5), (2, 0.25)]}


@pytest.mark.parametrize(("status", "known"), [("Completed", 3), ("Failed", 4), ("Stopped", 5)])
def test_how_the_run_ended_is_told(tmp_path, status, known):
    begun(tmp_path).close(status)
    found = meta(tmp_path / "mlruns/0" / RUN_ID / "meta.yaml")
    assert found["status"] == known and found["end_time"] >= found["start_time"] > 1_700_000_000_000


def test_a_run_by_hand_has_a_name_too(tmp_path):
    begun(tmp_path, job="").close("Completed")
    run = tmp_path / "mlruns/0" / RUN_ID
    assert meta(run / "meta.yaml")["run_name"] == "run of algo-1"
    assert sorted(path.name for path in (run / "tags").iterdir()) == ["mlflow.runName"]


def test_a_name_in_other_letters_is_kept(tmp_path):
    begun(tmp_path, job='jöb: "x"').close("Completed")
    run = tmp_path / "mlruns/0" / RUN_ID
    assert meta(run / "meta.yaml")["run_name"] == 'jöb: "x"' == (run / "tags/mlflow.runName").read_text()


def test_event_files_go_where_the_platform_wants_them(tmp_path):
    begun(tmp_path / "output", events=tmp_path / "kept").figures(1, {"valid_loss": 0.5})
    assert len(list((tmp_path / "kept").iterdir())) == 1
    assert sorted(path.name for path in (tmp_path / "output").iterdir()) == ["mlruns"]


def test_files_that_cannot_be_written_cost_a_warning_and_no_run(tmp_path, capsys):
    (tmp_path / "mlruns").write_text("in the way")
    files = begun(tmp_path)
    files.figures(1, {"valid_loss": 0.5})
    files.close("Completed")
    said = capsys.readouterr().err
    assert said.count("warning: no more figures are written for TensorBoard and MLflow, and training continues: ") == 1


def test_a_disk_that_fills_up_costs_one_warning(tmp_path, capsys):
    files = begun(tmp_path)
    (tmp_path / "mlruns/0" / RUN_ID / "metrics/valid_loss").symlink_to("/dev/full")
    for epoch in range(1, 4):
        files.figures(epoch, {"valid_loss": 0.5})
    files.close("Completed")
    assert capsys.readouterr().err.count("warning: ") == 1
