"""A tuning job from its creation to its end: its trials are training jobs, and what it answers follows from them."""

import re

import pytest
from botocore.exceptions import ClientError

from local_test.host.engine import cores as engine_cores
from local_test.tuning.trial_jobs import share
from tests.local_service import until
from tests.service.tuning.conftest import REPORT_X, X, grid

# Two epochs, a checkpoint, and a while in which another trial may run beside it.
WHOLE = """
import os, time
from pathlib import Path
print(json.dumps(given))
print(os.environ["COLOUR"], "begins", time.time())
print("cores", sorted(os.sched_getaffinity(0)))
Path("/opt/ml/checkpoints/last").write_text(given["x"])
print("epoch=1 valid_accuracy=0.0")
time.sleep(0.3)
print("epoch=2 valid_accuracy=" + given["x"])
print("ends", time.time())
"""
BOTH_QUOTINGS = {**X, **grid(**{"batch-size": ["64", '"64"']})}


@pytest.fixture(scope="module")
def finished(tuning):
    return tuning.run(
        WHOLE,
        BOTH_QUOTINGS,
        most=6,
        parallel=2,
        strategy="Bayesian",
        config={"RandomSeed": 1},
        definition={
            "DefinitionName": "a-definition",
            "StaticHyperParameters": {"epochs": "2"},
            "Environment": {"COLOUR": "green"},
            "CheckpointConfig": {"S3Uri": tuning.local.uri("checkpoints")},
        },
        Tags=[{"Key": "project", "Value": "dogs"}],
    )


@pytest.fixture(scope="module")
def trials(tuning, finished):
    return tuning.trials(finished["HyperParameterTuningJobName"])


def objective(trial):
    return trial["FinalHyperParameterTuningJobObjectiveMetric"]["Value"]


def test_it_is_completed_with_the_best_of_its_trials(finished, trials):
    assert finished["HyperParameterTuningJobStatus"] == "Completed" and "FailureReason" not in finished
    assert len(trials) == 6
    assert finished["BestTrainingJob"] == max(trials, key=objective)
    assert "OverallBestTrainingJob" not in finished
    assert finished["ConsumedResources"]["RuntimeInSeconds"] >= 1


def test_the_last_value_that_a_trial_prints_is_its_objective(trials):
    for trial in trials:
        assert (trial["ObjectiveStatus"], objective(trial)) == ("Succeeded", float(trial["TunedHyperParameters"]["x"]))


def test_counters_count_every_trial(finished):
    assert finished["TrainingJobStatusCounters"] == {
        "Completed": 6,
        "InProgress": 0,
        "RetryableError": 0,
        "NonRetryableError": 0,
        "Stopped": 0,
    }
    assert finished["ObjectiveStatusCounters"] == {"Succeeded": 6, "Pending": 0, "Failed": 0}


def test_each_trial_is_a_training_job_of_its_own(tuning, finished, trials):
    listed = tuning.api.list_training_jobs(NameContains=finished["HyperParameterTuningJobName"] + "-")[
        "TrainingJobSummaries"
    ]
    assert sorted(one["TrainingJobName"] for one in listed) == [trial["TrainingJobName"] for trial in trials]
    for number, trial in enumerate(trials, start=1):
        job = tuning.api.describe_training_job(TrainingJobName=trial["TrainingJobName"])
        assert re.fullmatch(
            rf"{finished['HyperParameterTuningJobName']}-00{number}-[0-9a-f]{{8}}", trial["TrainingJobName"]
        )
        assert job["TuningJobArn"] == finished["HyperParameterTuningJobArn"] and job["TrainingJobStatus"] == "Completed"
        assert job["HyperParameters"] == {
            "_tuning_objective_metric": "valid_accuracy",
            "epochs": "2",
            **trial["TunedHyperParameters"],
        }
        assert trial["TrainingJobDefinitionName"] == "a-definition"
        tags = tuning.api.list_tags(ResourceArn=job["TrainingJobArn"])["Tags"]
        assert (
            tags
            == tuning.api.list_tags(ResourceArn=finished["HyperParameterTuningJobArn"])["Tags"]
            == [{"Key": "project", "Value": "dogs"}]
        )


def test_the_program_finds_its_hyperparameters_as_they_were_chosen(tuning, trials):
    chosen = {trial["TunedHyperParameters"]["batch-size"] for trial in trials}
    assert chosen == {"64", '"64"'}
    for trial in trials:
        given = tuning.printed_json(trial)
        assert {name: given[name] for name in ("x", "batch-size")} == trial["TunedHyperParameters"]
        assert given["_tuning_objective_metric"] == "valid_accuracy"


def test_no_more_trials_run_at_once_than_may(tuning, trials):
    moments = []
    for trial in trials:
        lines = tuning.log(trial)
        moments += [(float(line.split()[-1]), 1) for line in lines if line.startswith("green begins")]
        moments += [(float(line.split()[-1]), -1) for line in lines if line.startswith("ends")]
    assert len(moments) == 12
    running = [sum(step for _, step in sorted(moments)[:count]) for count in range(1, 13)]
    assert max(running) == 2


def test_trials_that_run_at_once_share_the_cores_of_the_machine(tuning, trials, engine):
    cores = [{line for line in tuning.log(trial) if line.startswith("cores")} for trial in trials]
    of_the_machine = engine_cores(engine)
    shares = {share(of_the_machine, 2, running)[1] or ",".join(map(str, of_the_machine)) for running in (set(), {0})}
    assert set.union(*cores) == {f"cores [{one.replace(',', ', ')}]" for one in shares}


def test_trials_keep_their_checkpoints_apart(tuning, trials):
    for trial in trials:
        assert (
            tuning.local.read(f"checkpoints/{trial['TrainingJobName']}/last").decode()
            == trial["TunedHyperParameters"]["x"]
        )


def test_trials_are_listed_by_page_order_and_status(tuning, finished, trials):
    name = finished["HyperParameterTuningJobName"]
    assert tuning.trials(name, PaginationConfig={"PageSize": 4}) == trials
    ordered = tuning.trials(name, SortBy="FinalObjectiveMetricValue", SortOrder="Descending")
    assert [objective(one) for one in ordered] == sorted(map(objective, trials), reverse=True)
    assert tuning.trials(name, StatusEquals="Failed") == []


def test_it_is_in_the_list_of_tuning_jobs(tuning, finished):
    listed = tuning.api.list_hyper_parameter_tuning_jobs(
        NameContains=finished["HyperParameterTuningJobName"], StatusEquals="Completed"
    )
    summary = next(
        one
        for one in listed["HyperParameterTuningJobSummaries"]
        if one["HyperParameterTuningJobName"] == finished["HyperParameterTuningJobName"]
    )
    assert summary["Strategy"] == "Bayesian" and summary["ResourceLimits"]["MaxParallelTrainingJobs"] == 2
    assert summary["TrainingJobStatusCounters"] == finished["TrainingJobStatusCounters"]


def test_the_same_seed_gives_the_same_trials(tuning):
    def chosen(seed):
        name = tuning.run(REPORT_X, most=2, parallel=2, config={"RandomSeed": seed})["HyperParameterTuningJobName"]
        return [trial["TunedHyperParameters"] for trial in tuning.trials(name)]

    first = chosen(7)
    assert first[0] != first[1]
    assert chosen(7) == first != chosen(8)


def test_a_tuning_job_starts_from_what_its_parent_has_found(tuning, finished):
    name = finished["HyperParameterTuningJobName"]
    request = tuning.request(
        REPORT_X,
        {"ContinuousParameterRanges": [{"Name": "x", "MinValue": "0", "MaxValue": "0.1"}]},
        most=1,
        strategy="Bayesian",
        definition={
            "StaticHyperParameters": {"epochs": "2", "batch-size": "64"},
            "InputDataConfig": finished["TrainingJobDefinition"]["InputDataConfig"],
        },
    )
    request["WarmStartConfig"] = {
        "ParentHyperParameterTuningJobs": [{"HyperParameterTuningJobName": name}],
        "WarmStartType": "IdenticalDataAndAlgorithm",
    }
    request["TrainingJobDefinition"] |= {"Environment": {"COLOUR": "green"}}
    tuning.api.create_hyper_parameter_tuning_job(**request)
    child = tuning.ended(request["HyperParameterTuningJobName"])
    assert child["BestTrainingJob"]["TrainingJobName"].startswith(request["HyperParameterTuningJobName"])
    overall = child["OverallBestTrainingJob"]
    assert (overall["TrainingJobName"], overall["TuningJobName"]) == (
        finished["BestTrainingJob"]["TrainingJobName"],
        name,
    )
    assert child["WarmStartConfig"] == request["WarmStartConfig"]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (
            {
                "WarmStartType": "TransferLearning",
                "ParentHyperParameterTuningJobs": [{"HyperParameterTuningJobName": "nobody"}],
            },
            "there is no .* nobody",
        ),
        ({"WarmStartType": "IdenticalDataAndAlgorithm"}, "input data must be the same"),
    ],
)
def test_a_parent_that_cannot_be_one_is_refused(tuning, finished, change, message):
    parents = [{"HyperParameterTuningJobName": finished["HyperParameterTuningJobName"]}]
    request = tuning.request(REPORT_X, BOTH_QUOTINGS, most=1, definition={"StaticHyperParameters": {"epochs": "2"}})
    with pytest.raises(ClientError, match=message):
        tuning.api.create_hyper_parameter_tuning_job(
            **request, WarmStartConfig={"ParentHyperParameterTuningJobs": parents, **change}
        )


def test_a_deleted_tuning_job_leaves_its_training_jobs_and_its_name_is_free(tuning):
    request = tuning.request(REPORT_X, most=1)
    name = request["HyperParameterTuningJobName"]
    tuning.api.create_hyper_parameter_tuning_job(**request)
    tuning.ended(name)
    [trial] = tuning.trials(name)
    tuning.api.delete_hyper_parameter_tuning_job(HyperParameterTuningJobName=name)
    with pytest.raises(tuning.api.exceptions.ResourceNotFound):
        tuning.job(name)
    assert (
        tuning.api.describe_training_job(TrainingJobName=trial["TrainingJobName"])["TrainingJobStatus"] == "Completed"
    )
    tuning.api.create_hyper_parameter_tuning_job(**request)
    assert tuning.ended(name)["TrainingJobStatusCounters"]["Completed"] == 1
    assert tuning.trials(name)[0]["TrainingJobName"] != trial["TrainingJobName"]


def test_a_trial_whose_training_job_is_deleted_still_counts(tuning):
    name = tuning.start(REPORT_X, most=2)
    first = until(lambda: tuning.trials(name, StatusEquals="Completed"))[0]
    tuning.api.delete_training_job(TrainingJobName=first["TrainingJobName"])
    job = tuning.ended(name)
    assert job["TrainingJobStatusCounters"]["Completed"] == 2
    assert tuning.trials(name)[0] == first
