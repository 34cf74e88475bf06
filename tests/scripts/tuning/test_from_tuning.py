"""make train ARGS=--from-tuning: a job is trained with the hyperparameters of a tuning job's best trial."""

import pytest

from scripts import train
from tests.scripts.sagemaker_stand_in import Refusal
from tests.scripts.tuning.service import Service

TUNED = {
    "HyperParameterTuningJobName": "dogbreed-tune-x",
    "HyperParameterTuningJobConfig": {
        "Strategy": "Bayesian",
        "HyperParameterTuningJobObjective": {"Type": "Maximize", "MetricName": "valid_accuracy"},
        "ResourceLimits": {"MaxParallelTrainingJobs": 2},
        "ParameterRanges": {
            "ContinuousParameterRanges": [{"Name": "lr", "MinValue": "0.001", "MaxValue": "0.1"}],
            "CategoricalParameterRanges": [{"Name": "batch-size", "Values": ['"32"', '"64"']}],
        },
    },
    "TrainingJobDefinition": {
        "StaticHyperParameters": {"epochs": "20", "arch": "resnet18", "_tuning_objective_metric": "valid_accuracy"}
    },
}


@pytest.fixture
def tuned(ready):
    """A tuning job that found its best trial in its second; a newer one still runs."""
    Service(ready, [("Completed", [("Completed", 0.7, ""), ("Completed", 0.9, "")])]).has(TUNED)
    names = dict.fromkeys(["dogbreed-tune-y", "dogbreed-tuned-z", "dogbreed-tune-x", "dogbreed-tune-w"], "Completed")
    names["dogbreed-tune-y"] = "InProgress"
    ready.answers["ListHyperParameterTuningJobs"] = lambda request: {
        "HyperParameterTuningJobSummaries": [
            {
                "HyperParameterTuningJobName": name,
                "HyperParameterTuningJobArn": "a",
                "HyperParameterTuningJobStatus": status,
                "CreationTime": 1,
            }
            for name, status in names.items()
            if request.get("StatusEquals") in (None, status)
        ]
    }
    return ready


@pytest.mark.parametrize("named", [["dogbreed-tune-x"], []])
def test_a_job_is_trained_with_what_the_best_trial_had(tuned, named, capsys):
    assert train.main(["--from-tuning", *named]) == 0
    assert tuned.request("CreateTrainingJob")["HyperParameters"] == {
        "sagemaker_container_log_level": "30",
        "epochs": "20",
        "arch": "resnet18",
        "lr": "0.002",
        "batch-size": '"32"',
    }
    assert tuned.request("DescribeHyperParameterTuningJob") == {"HyperParameterTuningJobName": "dogbreed-tune-x"}
    assert (
        "with the hyperparameters of dogbreed-tune-x-002-00000002 Completed valid_accuracy=0.9000 lr=0.002"
        in capsys.readouterr().err
    )


def test_the_command_line_comes_before_the_best_trial(tuned):
    assert train.main(["epochs=50", "lr=0.5", "--from-tuning", "dogbreed-tune-x"]) == 0
    sent = tuned.request("CreateTrainingJob")["HyperParameters"]
    assert (sent["epochs"], sent["lr"], sent["arch"]) == ("50", "0.5", "resnet18")


def test_a_tuning_job_that_is_not_there_or_has_found_nothing_is_a_sentence(tuned, capsys):
    Service(tuned, [("InProgress", [("InProgress", None, "")])]).has(TUNED)
    assert train.main(["--from-tuning", "dogbreed-tune-x"]) == 1
    assert (
        "The tuning job dogbreed-tune-x is InProgress and has no best trial. `make logs ARGS=dogbreed-tune-x`"
        in capsys.readouterr().err
    )
    tuned.answers["DescribeHyperParameterTuningJob"] = Refusal("ResourceNotFound", "No such job.")
    assert train.main(["--from-tuning", "dogbreed-tune-v"]) == 1
    assert "There is no tuning job dogbreed-tune-v in eu-west-1" in capsys.readouterr().err
    tuned.answers["ListHyperParameterTuningJobs"] = {"HyperParameterTuningJobSummaries": []}
    assert train.main(["--from-tuning"]) == 1
    assert "No tuning job of dogbreed is Completed in eu-west-1. Run `make tune`." in capsys.readouterr().err
    assert tuned.made() == []


def test_a_tuning_job_of_another_kind_is_a_sentence(tuned, capsys):
    tuned.answers["DescribeHyperParameterTuningJob"] = {
        **{field: TUNED[field] for field in ("HyperParameterTuningJobName", "HyperParameterTuningJobConfig")},
        "TrainingJobDefinitions": [],
        "HyperParameterTuningJobStatus": "Completed",
        "CreationTime": 1,
    }
    assert train.main(["--from-tuning", "somebodys"]) == 1
    assert "The tuning job somebodys has several training job definitions" in capsys.readouterr().err


def test_a_hyperparameter_in_the_place_of_a_tuning_job_is_a_sentence(tuned, capsys):
    assert train.main(["--from-tuning", "epochs=3"]) == 1
    assert "epochs=3 is no tuning job. Write hyperparameters before --from-tuning." in capsys.readouterr().err
