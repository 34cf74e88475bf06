"""The record goes to JSON that any reader takes."""

import json
import math

from container.report.record import Epoch, Evaluation, Rule, RunRecord, StepTimes, System
from tests.container.report.full_record import full_record


def in_json(record: RunRecord) -> dict:
    return json.loads(json.dumps(record.to_dict(), allow_nan=False))


def without_none(value):
    """JSON without the fields of a record that are None; a list keeps its places."""
    if isinstance(value, dict):
        return {key: without_none(found) for key, found in value.items() if found is not None}
    return [without_none(found) for found in value] if isinstance(value, list) else value


def test_a_full_record_is_in_json_as_it_was_given(small):
    """What a rule left out has its default."""
    expected = without_none(full_record(classes=4, epochs=1, steps=20, layers=6))
    expected["rules"] = [{"sentence": "", **rule} for rule in expected["rules"]]
    assert in_json(small) == expected


def test_of_a_record_of_which_nothing_is_known_only_what_is_empty_is_written():
    assert in_json(RunRecord()) == {
        "status": "InProgress",
        "reason": "",
        "job": "",
        "command": "",
        "hyperparameters": {},
        "compute": "",
        "versions": {},
        "splits": {},
        "epochs": [],
        "rules": [],
        "findings": [],
    }


def test_losses_that_are_no_numbers_are_words():
    losses = [math.nan, math.inf, -math.inf, 0.5, None]
    record = RunRecord(
        epochs=[Epoch(number, train_loss=value) for number, value in enumerate(losses)],
        system=System([1.0], {"CPU, %": [math.nan, None]}),
    )
    written = in_json(record)
    assert [one.get("train_loss") for one in written["epochs"]] == ["NaN", "Infinity", "-Infinity", 0.5, None]
    assert written["system"]["series"] == {"CPU, %": ["NaN", None]}


def test_text_that_reads_like_no_number_stays_text():
    record = RunRecord(
        reason="NaN",
        hyperparameters={"lr": "Infinity"},
        evaluation=Evaluation(classes=["NaN"]),
        rules=[Rule("NaN", {"threshold": "NaN"})],
    )
    written = in_json(record)
    assert written["reason"] == written["evaluation"]["classes"][0] == written["rules"][0]["rule"] == "NaN"
    assert written["hyperparameters"] == {"lr": "Infinity"}


def test_parts_of_parts_are_objects_too():
    assert in_json(RunRecord(step_times=StepTimes(evaluation_seconds=2.0)))["step_times"] == {
        "summary": {},
        "evaluation_seconds": 2.0,
        "outliers": [],
    }
