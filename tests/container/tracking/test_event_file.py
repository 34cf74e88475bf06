"""TensorBoard's event file: what is written is what is read, field by field."""

import math

import pytest

from container.tracking.event_file import EventFile, integer, single
from tests.container.tracking.event_files import events_of, fields, scalars_of


@pytest.fixture
def written(tmp_path):
    """A file with hyperparameters and two epochs, as it is on the disk at that moment; and its writer."""
    file = EventFile(tmp_path / "tensorboard", "algo-1", 1_795_000_000.25)
    file.hyperparameters({"lr": "0.001", "arch": "timm/x", "ema": "true", "name": "ü"}, 1_795_000_000.25)
    file.scalars(1, {"valid_loss": 0.5, "valid_accuracy": 0.75}, 1_795_000_001.0)
    file.scalars(300, {"valid_loss": 0.25}, 1_795_000_002.0)
    return next((tmp_path / "tensorboard").iterdir()), file


def test_the_first_event_says_which_format_it_is(written):
    path, _ = written
    assert path.name == "events.out.tfevents.1795000000.algo-1"
    first = events_of(path)[0]
    assert first.file_version == "brain.Event:2" and first.wall_time == 1_795_000_000.25


def test_scalars_are_there_before_the_run_has_ended(written):
    path, _ = written
    assert scalars_of(path) == {"valid_loss": [(1, 0.5), (300, 0.25)], "valid_accuracy": [(1, 0.75)]}
    assert [event.wall_time for event in events_of(path)[2:]] == [1_795_000_001.0, 1_795_000_002.0]


def test_hyperparameters_and_the_end_are_data_of_a_plugin(written):
    path, file = written
    file.close("Completed", 1_795_000_009.0)
    plugins = {tag: content for event in events_of(path) for tag, content in event.plugins.items()}
    assert set(plugins) == {"_hparams_/session_start_info", "_hparams_/session_end_info"}
    [(number, start)] = fields(plugins["_hparams_/session_start_info"])
    assert number == 3 and all(part in start for part in (b"lr", b"arch", b"timm/x", "ü".encode()))
    assert dict(fields(dict(fields(plugins["_hparams_/session_end_info"]))[4])) == {1: 1, 2: 1_795_000_009.0}


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf, 1e300, -1e300, 0.0, -0.0, 1e-45])
def test_every_number_can_be_written(tmp_path, value):
    file = EventFile(tmp_path, "algo-1", 1.0)
    file.scalars(1, {"train_loss": value}, 2.0)
    [(_, found)] = scalars_of(next(tmp_path.iterdir()))["train_loss"]
    expected = math.copysign(math.inf, value) if abs(value) > 4e38 else value
    assert (math.isnan(found) and math.isnan(value)) or found == pytest.approx(expected, rel=1e-6)


def test_numbers_are_in_as_many_bytes_as_they_need():
    assert [integer(2, value) for value in (0, 1, 127, 128, 300)] == [
        b"\x10\x00",
        b"\x10\x01",
        b"\x10\x7f",
        b"\x10\x80\x01",
        b"\x10\xac\x02",
    ]
    assert single(2, 1.0) == b"\x15\x00\x00\x80\x3f"
