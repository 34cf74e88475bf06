"""A run from whatever its job left: figures, hyperparameters, and what is said where something is missing."""

import pytest

from scripts.comparison.figures import Figure
from scripts.comparison.run import hyperparameters_of, is_our_program, run_of
from tests.scripts.comparison.trainings import (
    DEFINITIONS,
    OUR_IMAGE,
    description,
    evaluation,
    log_lines,
    record,
)


def whole(described: dict, **left):
    return run_of(described, "dogbreed", **left)


def test_a_whole_run_has_every_figure_with_what_belongs_to_it():
    found = whole(description(), record=record(), evaluation=evaluation()).figures
    assert found["test_accuracy"] == Figure(0.87, "95%: 84.6% to 89.1%")
    assert found["test_top5"].value == 0.98 and found["test_loss"].value == 0.512
    assert found["calibration_error"] == Figure(0.021, "of test")
    assert found["valid_accuracy"].note == "epoch 5" and found["valid_accuracy"].value == pytest.approx(
        0.8 * 0.8111, abs=1e-3
    )
    assert found["valid_loss"].value == pytest.approx(2.1 - 1.6 * 0.8111, abs=1e-3)
    assert found["epochs"].value == 6 and found["training_time"].value == 600
    assert "spot_saving" not in found


def test_of_epochs_with_the_same_accuracy_the_one_with_the_lowest_loss_is_the_best():
    same = [
        {"epoch": epoch, "valid_accuracy": 0.9, "valid_loss": loss} for epoch, loss in ((1, 0.5), (2, 0.3), (3, 0.4))
    ]
    found = whole(description(), record={"epochs": same}).figures
    assert found["valid_accuracy"] == Figure(0.9, "epoch 2") and found["valid_loss"].value == 0.3


def test_a_run_without_a_report_is_read_from_its_log():
    found = whole(description(), log=log_lines(6))
    assert found.figures["valid_accuracy"].note == "epoch 5" and found.figures["epochs"].value == 6
    assert len(found.series["train_loss"].points) == 6 and found.notes == ()


def test_without_a_log_the_last_values_that_the_service_keeps_are_shown_and_that_is_said():
    last = [{"MetricName": "valid_accuracy", "Value": 0.5}, {"MetricName": "test_accuracy", "Value": 0.6}]
    found = whole(description(FinalMetricDataList=last), log=[])
    assert found.figures["valid_accuracy"] == Figure(0.5, "last epoch")
    assert found.figures["test_accuracy"].value == 0.6
    assert found.notes == ("Its log has no metric lines, so it has no curve: these are its last values.",)


def test_a_foreign_script_has_its_own_metrics_and_hyperparameters_and_no_defaults_of_ours():
    described = description(
        HyperParameters={
            "sagemaker_program": '"train.py"',
            "sagemaker_submit_directory": '"s3://b/sourcedir.tar.gz"',
            "sagemaker_job_name": '"x"',
            "hidden-units": '"64"',
        },
        AlgorithmSpecification={
            "TrainingImage": OUR_IMAGE,
            "MetricDefinitions": [{"Name": "validation:auc", "Regex": "auc: ([0-9.]+)"}],
        },
        FinalMetricDataList=[{"MetricName": "validation:auc", "Value": 0.75}],
    )
    found = whole(described, log=["round 1 auc: 0.5", "round 2 auc: 0.75"])
    assert found.hyperparameters == {"sagemaker_program": "train.py", "hidden-units": "64"}
    assert found.figures["validation:auc"].value == 0.75 and found.series["validation:auc"].points == (
        (1, 0.5),
        (2, 0.75),
    )
    assert found.notes == ()


@pytest.mark.parametrize("odd", [[], "text", 7, {"epochs": 3, "evaluation": [], "hyperparameters": []}])
def test_json_files_of_somebody_elses_are_passed_over(odd):
    found = whole(description(), record=odd, evaluation=odd, log=log_lines(2, tested=False))
    assert found.figures["epochs"].value == 2 and "test_accuracy" not in found.figures


def test_a_failed_run_says_why_and_that_it_left_nothing():
    found = whole(description(status="Failed", FailureReason="AlgorithmError: lr is too large, exit code: 1"), log=[])
    assert found.reason == "AlgorithmError: lr is too large, exit code: 1"
    assert found.notes == ("It left no figures: neither its log nor its output has any.",)


def test_a_run_that_was_ended_by_a_limit_says_which():
    assert whole(description(status="Stopped", SecondaryStatus="MaxRuntimeExceeded")).reason == "MaxRuntimeExceeded"
    assert whole(description(status="Stopped")).reason == ""


def test_a_run_that_goes_on_says_so_and_has_what_there_is():
    found = whole(description(status="InProgress", SecondaryStatus="Training"), log=log_lines(2, tested=False))
    assert found.reason == "" and found.notes == ("It is InProgress: these are its figures so far.",)
    assert found.figures["epochs"].value == 2 and "billed" not in found.figures


def test_every_instance_is_billed_and_spot_says_what_it_saved():
    machine = {"InstanceType": "ml.g5.xlarge", "InstanceCount": 3, "VolumeSizeInGB": 50}
    found = whole(description(ResourceConfig=machine, EnableManagedSpotTraining=True, BillableTimeInSeconds=180))
    assert found.figures["billed"].value == 540 and found.figures["spot_saving"].value == pytest.approx(0.7)
    assert found.facts["instance"] == "3 × ml.g5.xlarge, spot"


def test_groups_of_instances_count_together():
    groups = [
        {"InstanceType": "ml.g5.xlarge", "InstanceCount": 2, "InstanceGroupName": "a"},
        {"InstanceType": "ml.c5.xlarge", "InstanceCount": 1, "InstanceGroupName": "b"},
    ]
    found = whole(description(ResourceConfig={"InstanceGroups": groups, "VolumeSizeInGB": 50}))
    assert found.facts["instance"] == "3 × ml.g5.xlarge, ml.c5.xlarge" and found.figures["billed"].value == 1800


def test_of_preferences_the_selected_instance_counts():
    preferences = {"InstancePreferences": [{"InstanceType": "ml.g5.xlarge"}], "VolumeSizeInGB": 50}
    selected = {**preferences, "SelectedInstanceType": "ml.g6.xlarge", "SelectedInstanceCount": 2}
    found = whole(description(ResourceConfig=selected))
    assert found.facts["instance"] == "2 × ml.g6.xlarge" and found.figures["billed"].value == 1200
    waiting = whole(description(status="InProgress", ResourceConfig=preferences))
    assert waiting.facts["instance"] == "not yet selected"


def test_our_programs_defaults_stand_beside_what_was_given():
    found = hyperparameters_of(description(), "dogbreed")
    assert found["lr"] == "0.001" and found["batch-size"] == "64" and found["debugger"] == "true"
    assert not any(name.startswith(("sagemaker_", "_")) for name in found)
    trial = description(HyperParameters={"_tuning_objective_metric": "valid_accuracy", "lr": '"0.01"'})
    assert hyperparameters_of(trial, "dogbreed") | {} == {
        **hyperparameters_of(trial, "dogbreed"),
        "lr": "0.01",
        "debugger": "false",
    }


def test_values_that_the_program_refuses_stand_alone():
    assert hyperparameters_of(description(HyperParameters={"lr": "fast"}), "dogbreed") == {"lr": "fast"}


@pytest.mark.parametrize(
    ("algorithm", "given", "ours"),
    [
        ({"TrainingImage": OUR_IMAGE}, {}, True),
        ({"TrainingImage": "dogbreed-train"}, {}, True),
        ({"TrainingImage": f"{OUR_IMAGE.partition(':')[0]}@sha256:{'a' * 64}"}, {}, True),
        ({"TrainingImage": OUR_IMAGE}, {"sagemaker_program": "mine.py"}, False),
        ({"TrainingImage": OUR_IMAGE, "ContainerEntrypoint": ["python", "mine.py"]}, {}, False),
        ({"TrainingImage": "1.dkr.ecr.eu-west-1.amazonaws.com/xgboost:1"}, {}, False),
        ({"AlgorithmName": "mine"}, {}, False),
    ],
)
def test_our_program_is_known_by_its_image_and_that_nothing_takes_its_place(algorithm, given, ours):
    described = description(AlgorithmSpecification={"TrainingInputMode": "File", **algorithm}, HyperParameters=given)
    assert is_our_program(described, "dogbreed") is ours and DEFINITIONS
