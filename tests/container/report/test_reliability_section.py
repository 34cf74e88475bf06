"""The report's section on how far the probabilities can be trusted."""

import re

import pytest

from container.report.record import Bin, Calibration, Evaluation, RunRecord, Threshold
from container.report.sections.reliability import reliability

AFTER = Calibration([Bin(0.5, 1, 40, confidence=0.8, accuracy=0.82)], 0.02)
BEFORE = Calibration([Bin(0.5, 1, 40, confidence=0.6, accuracy=0.82)], 0.22)


def shown(**fields: object) -> str:
    """The section's text, in which every tag is a blank."""
    found = Evaluation(**{"split": "test", "n": 40, "calibration": AFTER, **fields})
    return re.sub(r"\s+", " ", re.sub("<[^>]*>", " ", reliability(RunRecord(evaluation=found))))


def test_the_error_is_told_without_the_temperature_and_with_it_each_with_its_diagram():
    said = shown(temperature=0.6213, temperature_origin="fitted on the 62 pictures of valid", uncalibrated=BEFORE)
    assert "Temperature 0.6213, fitted on the 62 pictures of valid." in said
    assert "Expected calibration error on test: 22.0% without it, 2.0% with it." in said
    assert "Reliability expected calibration error 2.0%" in said
    assert "Without the temperature expected calibration error 22.0%" in said
    assert said.count("40 pictures: ") == 2  # a dot in each diagram


def test_a_model_without_a_fitted_temperature_says_why_and_has_one_diagram():
    said = shown(temperature=1.0, temperature_origin="not fitted: 12 pictures of valid are too few, 50 are needed")
    assert "Temperature 1, not fitted: 12 pictures of valid are too few, 50 are needed." in said
    assert "Without the temperature" not in said and said.count("40 pictures: ") == 1


def test_where_valid_is_shown_it_is_said_that_the_temperature_was_fitted_on_it():
    assert "with it, on the pictures that it was fitted on." in shown(
        split="valid", temperature=0.6, temperature_origin="fitted on the 40 pictures of valid", uncalibrated=BEFORE
    )


THRESHOLDS = [Threshold(0.5, 4, 35 / 36), Threshold(0.7, 10, 1.0), Threshold(1.0, 40, None)]


def test_thresholds_tell_what_they_would_leave_out_and_how_right_the_others_are():
    said = shown(thresholds=THRESHOLDS)
    assert "0.5 4 10.0% 97.2%" in said and "0.7 10 25.0% 100.0%" in said and "1 40 100.0% –" in said
    assert "With unknown-below" not in said and "this model's" not in said


@pytest.mark.parametrize(
    ("own", "sentence"),
    [
        (0.7, "With unknown-below 0.7, 10 of 40 test pictures are answered without a label; of the others 100.0% are"),
        (1.0, "With unknown-below 1, 40 of 40 test pictures are answered without a label."),
    ],
)
def test_the_models_own_threshold_has_a_sentence_and_a_mark(own, sentence):
    said = shown(thresholds=THRESHOLDS, unknown_below=own)
    assert sentence in said and f"{own:g} this model's" in said


def test_old_records_without_these_fields_make_a_section():
    said = shown()
    assert "Reliability" in said and "Temperature" not in said and "Thresholds" not in said
