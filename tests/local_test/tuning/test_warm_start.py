"""Warm start: which parents a tuning job may have, and what it learns from them."""

import pytest

from local_test.api.errors import ValidationException
from local_test.tuning.job_record import parent_trials
from local_test.tuning.warm_start import check_parent, check_parent_trials, learned, parent_names
from tests.local_test.tuning.tuning_job import changed, record, trial

DEFINITION, RANGES = "TrainingJobDefinition", "HyperParameterTuningJobConfig.ParameterRanges"


def parent(*changes, status="Completed"):
    return {**record(("HyperParameterTuningJobName", "p"), *changes), "HyperParameterTuningJobStatus": status}


def child(*changes, kind="IdenticalDataAndAlgorithm"):
    return record(
        *changes,
        (
            "WarmStartConfig",
            {"WarmStartType": kind, "ParentHyperParameterTuningJobs": [{"HyperParameterTuningJobName": "p"}]},
        ),
    )


@pytest.mark.parametrize("status", ["Completed", "Stopped", "Failed"])
def test_a_parent_has_ended_however_it_did(status):
    check_parent(child(), parent(status=status))


def test_ranges_and_static_values_and_what_is_tuned_may_change():
    tuned_before = parent(
        (f"{RANGES}.IntegerParameterRanges", [{"Name": "epochs", "MinValue": "1", "MaxValue": "9"}]),
        (f"{DEFINITION}.StaticHyperParameters", {}),
    )
    check_parent(child((f"{DEFINITION}.StaticHyperParameters", {"epochs": "3"})), tuned_before)


def test_ten_static_hyperparameters_may_change_and_no_more():
    old = parent((f"{DEFINITION}.StaticHyperParameters", {f"h{number}": "1" for number in range(11)}))
    ten = {f"h{number}": "1" if number == 1 else "2" for number in range(11)}
    check_parent(child((f"{DEFINITION}.StaticHyperParameters", ten)), old)
    with pytest.raises(ValidationException, match=r"11 static hyperparameters differ .* job p: h0, h1, h10"):
        check_parent(child((f"{DEFINITION}.StaticHyperParameters", {**ten, "h1": "2"})), old)


def test_all_parents_together_may_have_had_500_training_jobs():
    check_parent_trials(500)
    with pytest.raises(ValidationException, match="501 training jobs: at most 500"):
        check_parent_trials(501)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        (parent(status="InProgress"), child(), "p is InProgress"),
        (
            parent(("HyperParameterTuningJobConfig.HyperParameterTuningJobObjective.Type", "Minimize")),
            child(),
            "objective metric must be the same",
        ),
        (
            parent((f"{DEFINITION}.StaticHyperParameters.seed", "1")),
            child(),
            "p has 4 static and tuned hyperparameters, the new one 3",
        ),
        (
            parent(
                (f"{RANGES}.ContinuousParameterRanges", []),
                (
                    f"{RANGES}.CategoricalParameterRanges",
                    [{"Name": "lr", "Values": ["1"]}, {"Name": "batch-size", "Values": ["1"]}],
                ),
            ),
            child(),
            "lr is among ContinuousParameterRanges, .* its type",
        ),
        (
            parent((f"{DEFINITION}.AlgorithmSpecification.TrainingImage", "older")),
            child(),
            "training image must be the same",
        ),
        (parent((f"{DEFINITION}.InputDataConfig", [])), child(), "input data must be the same"),
    ],
)
def test_what_cannot_be_a_parent_is_refused_with_a_sentence(old, new, message):
    with pytest.raises(ValidationException, match=message):
        check_parent(new, old)


def test_transfer_learning_takes_other_data_and_another_image():
    old = parent((f"{DEFINITION}.AlgorithmSpecification.TrainingImage", "older"), (f"{DEFINITION}.InputDataConfig", []))
    check_parent(child(kind="TransferLearning"), old)


def test_parents_are_named_and_each_once():
    def named(*names):
        return parent_names(
            changed(
                (
                    "WarmStartConfig",
                    {"ParentHyperParameterTuningJobs": [{"HyperParameterTuningJobName": name} for name in names]},
                )
            )
        )

    assert parent_names(changed()) == [] and named("a", "b") == ["a", "b"]
    with pytest.raises(ValidationException, match="a twice"):
        named("a", "a")
    with pytest.raises(ValidationException, match="missing"):
        parent_names(changed(("WarmStartConfig", {"ParentHyperParameterTuningJobs": [{}]})))


def test_ended_trials_are_learned_from_with_a_value_for_everything_that_is_tuned_now():
    old = parent(
        (f"{RANGES}.ContinuousParameterRanges", []),
        (f"{DEFINITION}.StaticHyperParameters", {"lr": "0.05", "epochs": "9"}),
    )
    seen = {"batch-size": '"32"'}
    trials = [
        {**trial(1, values=[0.7]), "TunedHyperParameters": seen},
        {**trial(2, "InProgress"), "TunedHyperParameters": seen},
        {**trial(3, "Stopped", [0.2]), "TunedHyperParameters": seen},
    ]
    new = child((f"{DEFINITION}.StaticHyperParameters", {"epochs": "9"}))
    new["Search"]["Parents"] = [*learned(new, old, trials), *learned(new, old, trials[:1])]
    assert [(one.number, one.hyperparameters, one.objective) for one in parent_trials(new)] == [
        (1, {"lr": "0.05", "batch-size": '"32"'}, 0.7),
        (2, {"lr": "0.05", "batch-size": '"32"'}, 0.2),
        (3, {"lr": "0.05", "batch-size": '"32"'}, 0.7),
    ]
    assert {one["TuningJobName"] for one in new["Search"]["Parents"]} == {"p"}
