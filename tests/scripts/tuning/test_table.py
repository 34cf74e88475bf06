"""A tuning job as the service describes it, and its trials as lines of text."""

from datetime import timedelta

import pytest

from scripts.tuning.job import tuning_of
from scripts.tuning.table import heading, shown_value, table, trial_line, worth_showing
from tests.scripts.tuning.jobs import NAME, START, trial, tuning

NOW = START + timedelta(minutes=10)


def summary(number: int, second: int, status: str = "Completed", value: float | None = None, **more) -> dict:
    found = {
        "TrainingJobName": f"{NAME}-{number:03}-{number:08x}",
        "CreationTime": START + timedelta(seconds=second),
        "TrainingJobStatus": status,
        "TunedHyperParameters": {"lr": "0.001"},
        **more,
    }
    if value is not None:
        found["FinalHyperParameterTuningJobObjectiveMetric"] = {"MetricName": "valid_loss", "Value": value}
    return found


def description(**more) -> dict:
    return {
        "HyperParameterTuningJobName": NAME,
        "HyperParameterTuningJobStatus": "InProgress",
        "CreationTime": START,
        "HyperParameterTuningJobConfig": {
            "Strategy": "Random",
            "HyperParameterTuningJobObjective": {"Type": "Minimize", "MetricName": "valid_loss"},
            "ResourceLimits": {"MaxParallelTrainingJobs": 2},
            "ParameterRanges": {"ContinuousParameterRanges": [{"Name": "lr", "MinValue": "0.1", "MaxValue": "0.2"}]},
        },
        "TrainingJobDefinition": {"StaticHyperParameters": {"epochs": "3"}},
        **more,
    }


def test_trials_are_numbered_as_they_were_made():
    found = tuning_of(description(), [summary(3, 20), summary(2, 10), summary(1, 10)], NOW)
    assert [(one.number, one.name[-12:-9]) for one in found.trials] == [(1, "001"), (2, "002"), (3, "003")]


def test_a_description_without_a_best_trial_or_an_end_is_understood():
    found = tuning_of(description(), [summary(1, 1, "InProgress")], NOW)
    assert (found.best, found.best_trial, found.has_ended, found.seconds, found.maximize) == (
        None,
        None,
        False,
        600,
        False,
    )
    assert (found.static, found.most_trials, found.metric) == ({"epochs": "3"}, None, "valid_loss")
    assert found.trials[0].seconds(NOW) is None


def test_a_trial_that_runs_is_as_old_as_now():
    [found] = tuning_of(description(), [summary(1, 1, "InProgress", TrainingStartTime=START)], NOW).trials
    assert found.seconds(NOW) == 600


def test_the_service_says_which_trial_is_best_and_the_others_follow_by_objective():
    summaries = [summary(number, number, value=value) for number, value in ((1, 0.1), (2, 0.5), (3, 0.3))]
    found = tuning_of(description(BestTrainingJob=summary(2, 2)), summaries, NOW)
    assert [one.number for one in found.ranked()] == [2, 1, 3]


@pytest.mark.parametrize(
    "maximize, ranked, so_far",
    [
        (True, [3, 1, 4, 2], [(1, 0.5), (3, 0.7), (4, 0.7)]),
        (False, [4, 1, 3, 2], [(1, 0.5), (3, 0.5), (4, 0.4)]),
    ],
)
def test_trials_are_ranked_by_the_way_the_objective_is_to_go_and_those_without_one_come_last(maximize, ranked, so_far):
    found = tuning(trial(1, 0.5), trial(2, None, "Failed"), trial(3, 0.7), trial(4, 0.4), maximize=maximize)
    assert [one.number for one in found.ranked()] == ranked
    assert found.best_so_far() == so_far


def test_a_table_has_a_line_for_each_trial_and_marks_the_best():
    found = tuning(
        trial(1, 0.81234, lr="0.000123456", batch_size='"64"'),
        trial(2, 0.9, lr="0.1", batch_size="32"),
        trial(3, None, "InProgress", lr="0.01", batch_size="256"),
        trial(4, None, "Failed", "AlgorithmError: no.\nTwo lines", lr="0.02", batch_size="128"),
    )
    lines = table(found, list(found.trials), now=START + timedelta(minutes=4)).lines()
    assert [line.split() for line in lines[:4]] == [
        ["trial", "status", "valid_accuracy", "lr", "batch-size", "time"],
        ["001-00000001", "Completed", "0.8123", "0.0001235", "64", "1:15"],
        ["*", "002-00000002", "Completed", "0.9000", "0.1", "32", "1:15"],
        ["003-00000003", "InProgress", "0.01", "256", "1:00"],
    ]
    assert lines[4].endswith("1:15  AlgorithmError: no. Two lines")
    assert len({line.index(word) for line, word in zip(lines, ("trial", "001", "002", "003", "004"), strict=True)}) == 1


def test_a_long_reason_is_cut_and_a_trial_whose_hyperparameter_is_missing_has_an_empty_cell():
    found = tuning(trial(1, None, "Failed", "x" * 500))
    line = table(found, list(found.trials)).lines()[1]
    assert line.endswith("x…") and len(line) < 200


def test_the_heading_says_how_far_it_is():
    running = tuning(trial(1, 0.5), trial(2, None, "InProgress"), status="InProgress")
    assert (
        heading(running)
        == f"{NAME}: InProgress after 12:30, 2 trials of 16 (1 Completed, 1 InProgress), best valid_accuracy=0.5000"
    )
    assert heading(tuning(status="Failed")) == f"{NAME}: Failed after 12:30, 0 trials"


def test_where_not_all_have_room_those_that_run_and_the_best_and_the_newest_are_shown():
    found = tuning(
        *(trial(n, 0.9 if n == 3 else 0.1) for n in range(1, 20)), trial(20, None, "InProgress"), trial(21, 0.2)
    )
    assert [one.number for one in worth_showing(found, 4)] == [3, 19, 20, 21]
    assert worth_showing(found, 100) == list(found.trials)


@pytest.mark.parametrize("status, best", [("InProgress", "the best so far"), ("Completed", "the best")])
def test_a_line_of_a_trial_says_all_there_is(status, best):
    failed = trial(2, None, "Failed", "Too large.", lr="0.2", batch_size="32")
    found = tuning(trial(1, 0.5, lr="0.1", batch_size="64"), failed, status=status)
    assert (
        trial_line(found, found.trials[0])
        == f"{NAME}-001-00000001 Completed valid_accuracy=0.5000 lr=0.1 batch-size=64 ({best})"
    )
    assert trial_line(found, found.trials[1]) == f"{NAME}-002-00000002 Failed lr=0.2 batch-size=32: Too large."


@pytest.mark.parametrize(
    "text, shown",
    [
        ("0.00012345678", "0.0001235"),
        ("1.2345678e-05", "1.235e-05"),
        ('"64"', "64"),
        ("128.0", "128"),
        ("12345678", "12345678"),
        ("resnet34", "resnet34"),
        ("v1.2", "v1.2"),
        ("", ""),
    ],
)
def test_a_value_is_shown_in_few_characters(text, shown):
    assert shown_value(text) == shown
