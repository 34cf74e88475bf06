"""Metrics out of logs and reports: by epoch where the lines tell one, in their order elsewhere."""

import pytest

from scripts.comparison.series import Series, number, series_of_log, series_of_record
from tests.scripts.comparison.trainings import DEFINITIONS, epochs, log_lines

LOSS = [{"Name": "loss", "Regex": r"loss[=:] ?([0-9.e+-]+|nan)"}]


def test_our_programs_log_gives_what_its_report_gives():
    of_log, of_record = series_of_log(log_lines(5), DEFINITIONS), series_of_record({"epochs": epochs(5)})
    for metric in ("train_loss", "valid_loss", "valid_accuracy"):
        assert of_log[metric].by_epoch and of_record[metric].by_epoch
        assert [place for place, _ in of_log[metric].points] == [1, 2, 3, 4, 5]
        for (_, one), (_, other) in zip(of_log[metric].points, of_record[metric].points, strict=True):
            assert one == pytest.approx(other, abs=6e-5)
    assert of_log["test_accuracy"] == Series(((1, 0.87),), False)


@pytest.mark.parametrize(
    "lines",
    [
        ["epoch=1 loss=3", "epoch=2 loss=2"],
        ["Epoch 1/2 - loss: 3", "Epoch 2/2 - loss: 2"],
        ["Epoch: [1] loss=3", "Epoch: [2] loss=2"],
        ['{"epoch": 1, "x": "loss=3"}', '{"epoch": 2, "x": "loss=2"}'],
        ["algo-1  epoch=1 loss=3", "algo-1  epoch=2 loss=2"],
    ],
)
def test_an_epoch_is_found_as_programs_write_it(lines):
    assert series_of_log(lines, LOSS) == {"loss": Series(((1, 3.0), (2, 2.0)), True)}


def test_without_an_epoch_on_every_line_the_order_counts():
    lines = ["step 10 loss=3", "epochs=7 loss=2", "num_epoch=4 loss=1.5", "epoch=1 loss=1"]
    assert series_of_log(lines, LOSS) == {"loss": Series(((1, 3.0), (2, 2.0), (3, 1.5), (4, 1.0)), False)}


def test_the_last_value_of_an_epoch_counts_also_where_a_spot_job_trained_it_twice():
    lines = ["epoch=1 loss=3", "epoch=2 loss=2.5", "epoch=2 loss=2", "epoch=3 loss=1"]
    assert series_of_log(lines, LOSS)["loss"].points == ((1, 3.0), (2, 2.0), (3, 1.0))


def test_what_is_no_number_and_what_python_cannot_read_as_a_regex_is_passed_over():
    odd = [{"Name": "bad", "Regex": "([0-9"}, {"Name": "groupless", "Regex": "loss"}, *LOSS]
    assert series_of_log(["loss=nan", "loss=1..2", "loss=4"], odd) == {"loss": Series(((1, 4.0),), False)}
    assert series_of_log(["nothing here"], LOSS) == {} and series_of_log([], []) == {}


@pytest.mark.parametrize(
    "record",
    [None, [], "text", {}, {"epochs": None}, {"epochs": {"epoch": 1}}, {"epochs": [None, 3, {"valid_loss": 1}]}],
)
def test_a_report_json_of_somebody_elses_program_has_no_epochs(record):
    assert series_of_record(record) == {}


def test_a_value_that_was_no_number_leaves_a_gap():
    found = series_of_record({"epochs": [{"epoch": 1, "valid_loss": 2.0}, {"epoch": 2, "valid_loss": "NaN"}]})
    assert found == {"valid_loss": Series(((1, 2.0),), True)}
    assert [number(value) for value in (1, 0.5, True, "1", None, float("inf"))] == [1.0, 0.5, None, None, None, None]
