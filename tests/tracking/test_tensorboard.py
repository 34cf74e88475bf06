"""TensorBoard reads what a training leaves: scalars by epoch, and hyperparameters in its tab HPARAMS."""

import pytest

from tests.tracking.conftest import write_run


def test_every_scalar_is_there_by_epoch(ask, tmp_path):
    write_run(tmp_path / "out", epochs=3)
    [found] = ask("events", tmp_path / "out/tensorboard").values()
    assert found["scalars"]["valid_loss"] == [[1, 1.0], [2, 0.5], [3, pytest.approx(1 / 3)]]
    assert found["scalars"]["test_accuracy"] == [[3, pytest.approx(0.87)]]
    assert set(found["scalars"]) == {"valid_loss", "valid_accuracy", "test_accuracy"}


def test_hyperparameters_are_numbers_truths_and_words(ask, tmp_path):
    write_run(tmp_path / "out")
    [found] = ask("events", tmp_path / "out/tensorboard").values()
    assert found["hparams"] == {
        "lr": 0.001,
        "arch": "timm/tf_efficientnet_lite0",
        "freeze-backbone": True,
        "rules": "default",
    }


@pytest.mark.parametrize(("status", "known"), [("Completed", 1), ("Failed", 2), ("Stopped", 0), ("", 0)])
def test_how_a_run_ended_is_known(ask, tmp_path, status, known):
    write_run(tmp_path / "out", status=status)
    [found] = ask("events", tmp_path / "out/tensorboard").values()
    assert found["status"] == known and len(found["scalars"]["valid_loss"]) == 3


def test_several_runs_side_by_side_are_told_apart_by_their_folders(ask, tmp_path):
    for number in (1, 2):
        write_run(tmp_path / "out", number, lr=f"0.0{number}")
        (tmp_path / "all").mkdir(exist_ok=True)
        (tmp_path / "out/tensorboard").rename(tmp_path / f"all/dogbreed-train-{number}")
    found = ask("events", tmp_path / "all")
    assert {name: run["hparams"]["lr"] for name, run in found.items()} == {
        "dogbreed-train-1": 0.01,
        "dogbreed-train-2": 0.02,
    }
