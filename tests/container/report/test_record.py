"""The record goes to JSON that any reader takes, and comes back; what is no record is named."""

import json
import math

import pytest
from full_record import full_record

from container.report.record import Epoch, Evaluation, Outlier, Rule, RunRecord, StepTimes, System


def there_and_back(record: RunRecord) -> RunRecord:
    return RunRecord.from_dict(json.loads(json.dumps(record.to_dict(), allow_nan=False)))


def test_a_full_record_comes_back_from_json(full):
    assert there_and_back(full) == full
    assert full.to_dict() == json.loads(json.dumps(full.to_dict()))


def test_plain_dicts_become_the_tree_at_every_depth():
    record = RunRecord.from_dict(full_record(classes=3, epochs=2, steps=5, layers=4))
    assert isinstance(record.epochs[1], Epoch) and isinstance(record.evaluation.calibration.bins[9].n, int)
    assert isinstance(record.step_times.outliers[0], Outlier) and record.pictures.confused[0].pictures[0].jpeg
    assert record.splits["train"].classes["Beagle"] == 6


def test_a_record_of_which_nothing_is_known_is_enough():
    assert RunRecord.from_dict({}) == RunRecord() == there_and_back(RunRecord())
    assert RunRecord().status == "InProgress"


def test_losses_that_are_no_numbers_survive():
    losses = [math.nan, math.inf, -math.inf, 0.5, None]
    record = RunRecord(
        epochs=[Epoch(place, train_loss=value) for place, value in enumerate(losses)],
        system=System([1.0], {"CPU, %": [math.nan]}),
    )
    back = there_and_back(record)
    assert repr([one.train_loss for one in back.epochs]) == repr(losses)
    assert math.isnan(back.system.series["CPU, %"][0])


def test_text_that_reads_like_no_number_stays_text():
    record = RunRecord(
        reason="NaN",
        hyperparameters={"lr": "Infinity"},
        evaluation=Evaluation(classes=["NaN"]),
        rules=[Rule("NaN", {"threshold": "NaN"})],
    )
    assert there_and_back(record) == record


def test_whole_numbers_serve_where_others_are_meant():
    record = RunRecord.from_dict({"seconds": 3, "step_times": {"evaluation_seconds": 2}})
    assert isinstance(record.seconds, float) and record.step_times == StepTimes(evaluation_seconds=2.0)


@pytest.mark.parametrize(
    "values, said",
    [
        ({"stats": 1}, "record of a run's record has no field stats. Its fields: status, reason"),
        ({"epochs": [{"epoch": 1, "val_loss": 2.0}]}, r"record.epochs\[0\] of a run's record has no field val_loss"),
        ({"epochs": [{"train_loss": 2.0}]}, r"record.epochs\[0\] of a run's record lacks a field.*'epoch'"),
        ({"epochs": {}}, "record.epochs of a run's record is dict"),
        ({"best_epoch": "3"}, "record.best_epoch of a run's record is str, and should be int"),
        ({"evaluation": [1]}, "record.evaluation of a run's record is list, and should be an object"),
    ],
)
def test_what_is_no_record_is_named(values, said):
    with pytest.raises(ValueError, match=said):
        RunRecord.from_dict(values)
