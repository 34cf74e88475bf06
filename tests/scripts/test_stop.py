"""make stop: the newest job that runs, or the one that is named."""

import pytest

from scripts import stop


@pytest.fixture
def running(sagemaker):
    def summaries(noun, **names):
        return {
            f"{noun}Summaries": [
                {
                    f"{noun}Name": name.replace("_", "-"),
                    f"{noun}Arn": "a",
                    "CreationTime": created,
                    f"{noun}Status": "InProgress",
                }
                for name, created in names.items()
            ]
        }

    sagemaker.answers |= {
        "ListTrainingJobs": summaries("TrainingJob", dogbreed_train_b=20, dogbreed_train_a=10),
        "ListTransformJobs": summaries("TransformJob"),
    }
    return sagemaker


def test_the_newest_job_is_stopped(running):
    assert stop.main([]) == 0
    assert running.request("StopTrainingJob") == {"TrainingJobName": "dogbreed-train-b"}


def test_a_named_job_is_stopped(running):
    assert stop.main(["dogbreed-train-a"]) == 0
    assert running.request("StopTrainingJob") == {"TrainingJobName": "dogbreed-train-a"}


def test_a_job_that_does_not_run_is_a_sentence(running, capsys):
    assert stop.main(["dogbreed-train-c"]) == 1
    assert "dogbreed-train-c is not running in eu-west-1" in capsys.readouterr().err
    assert running.made() == []


def test_a_tuning_job_that_is_the_newest_is_stopped_and_its_trials_with_it(running):
    running.answers["ListHyperParameterTuningJobs"] = {
        "HyperParameterTuningJobSummaries": [
            {
                "HyperParameterTuningJobName": "dogbreed-tune-x",
                "HyperParameterTuningJobArn": "a",
                "CreationTime": 30,
                "HyperParameterTuningJobStatus": "InProgress",
            }
        ]
    }
    assert stop.main([]) == 0
    assert running.made() == ["StopHyperParameterTuningJob"]
    assert running.request("StopHyperParameterTuningJob") == {"HyperParameterTuningJobName": "dogbreed-tune-x"}


TRIAL, FEATURES = "dogbreed-tune-x-003-1a2b3c4d", "dogbreed-features-20261122-185200-123"


def test_a_trial_is_stopped_only_by_its_name(running):
    running.answers["ListTrainingJobs"] = {
        "TrainingJobSummaries": [
            {"TrainingJobName": name, "TrainingJobArn": "a", "CreationTime": created, "TrainingJobStatus": "InProgress"}
            for name, created in ((TRIAL, 30), ("dogbreed-train-a", 10))
        ]
    }
    assert stop.main([]) == 0
    assert running.request("StopTrainingJob") == {"TrainingJobName": "dogbreed-train-a"}
    running.calls.clear()
    assert stop.main([TRIAL]) == 0
    assert running.request("StopTrainingJob") == {"TrainingJobName": TRIAL}
    asked = [request["NameContains"] for name, request in running.calls if name == "ListTrainingJobs"]
    assert asked == ["dogbreed-tune-"]


def test_a_features_job_is_stopped(running):
    running.answers["ListTrainingJobs"] = {
        "TrainingJobSummaries": [
            {"TrainingJobName": FEATURES, "TrainingJobArn": "a", "CreationTime": 30, "TrainingJobStatus": "InProgress"}
        ]
    }
    assert stop.main([]) == 0
    assert running.request("StopTrainingJob") == {"TrainingJobName": FEATURES}
