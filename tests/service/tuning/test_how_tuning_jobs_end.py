"""Trials that fail, are stopped or say nothing, and what ends a tuning job."""

import pytest
from botocore.exceptions import ClientError

from tests.local_service import until
from tests.service.tuning.conftest import REPORT_X, X, grid

ENDLESS = """
import time
print("epoch=1 valid_accuracy=" + given["x"])
print("ready", flush=True)
time.sleep(600)
"""


def test_a_grid_runs_each_combination_once_and_goes_on_past_trials_that_fail(tuning):
    script = """
if given["does"] == "fail":
    Path("/opt/ml/output/failure").write_text("No such learning rate.")
    sys.exit(1)
if given["does"] == "report":
    print("valid_accuracy=0.5")
"""
    job = tuning.run(script, grid(does=["fail", "say nothing", "report"]), strategy="Grid", parallel=2)
    trials = tuning.by(job["HyperParameterTuningJobName"], "does")
    assert job["HyperParameterTuningJobStatus"] == "Completed" and job["BestTrainingJob"] == trials["report"]
    assert trials["fail"]["FailureReason"] == "AlgorithmError: No such learning rate., exit code: 1"
    assert {does: (trial["TrainingJobStatus"], trial["ObjectiveStatus"]) for does, trial in trials.items()} == {
        "fail": ("Failed", "Failed"),
        "say nothing": ("Completed", "Failed"),
        "report": ("Completed", "Succeeded"),
    }
    assert (
        "found no value of valid_accuracy, the objective metric, in this log" in tuning.log(trials["say nothing"])[-1]
    )
    assert job["TrainingJobStatusCounters"]["NonRetryableError"] == 1 and job["ObjectiveStatusCounters"]["Failed"] == 2
    by_value = tuning.trials(job["HyperParameterTuningJobName"], SortBy="FinalObjectiveMetricValue")
    assert by_value == [trials["report"]]


def test_it_gives_up_after_five_attempts_without_a_success(tuning):
    job = tuning.run("sys.exit(1)", most=20, parallel=2)
    assert job["HyperParameterTuningJobStatus"] == "Failed" and "BestTrainingJob" not in job
    assert job["FailureReason"].startswith("No training job succeeded after 5 attempts.")
    assert 5 <= job["TrainingJobStatusCounters"]["NonRetryableError"] <= 6


def test_a_trial_that_is_worse_than_those_before_it_is_stopped_early(tuning):
    script = """
import time
for epoch in (1, 2):
    print(f"epoch={epoch} valid_accuracy={given['x']}", flush=True)
    time.sleep(60 if given["x"] == "0.1" else 0)
"""
    job = tuning.run(
        script, grid(x=["0.7", "0.8", "0.9", "0.1"]), strategy="Grid", config={"TrainingJobEarlyStoppingType": "Auto"}
    )
    trials = tuning.by(job["HyperParameterTuningJobName"], "x")
    assert job["HyperParameterTuningJobStatus"] == "Completed" and job["BestTrainingJob"] == trials["0.9"]
    worse = trials["0.1"]
    assert (worse["TrainingJobStatus"], worse["FinalHyperParameterTuningJobObjectiveMetric"]["Value"]) == (
        "Stopped",
        0.1,
    )
    log = tuning.log(worse)
    assert "epoch=1 valid_accuracy=0.1" in log and "got TERM" in log
    assert any("after epoch 1 its objective is worse than the median of the trials before it" in line for line in log)
    assert job["TrainingJobStatusCounters"] | {"Completed": 3, "Stopped": 1} == job["TrainingJobStatusCounters"]


def test_hyperband_gives_the_worse_trials_fewer_epochs(tuning):
    script = """
import time
for epoch in (1, 2, 3):
    print(f"epoch={epoch} valid_accuracy={given['x']}", flush=True)
    time.sleep(60 if float(given["x"]) < 0.2 else 0)
"""
    # With this seed the trials are 0.32, 0.01, 0.51 and 0.12.
    job = tuning.run(
        script,
        X,
        most=4,
        strategy="Hyperband",
        config={"RandomSeed": 6, "StrategyConfig": {"HyperbandStrategyConfig": {"MinResource": 1, "MaxResource": 3}}},
    )
    assert job["HyperParameterTuningJobStatus"] == "Completed"
    trials = tuning.trials(job["HyperParameterTuningJobName"])
    assert [trial["TrainingJobStatus"] for trial in trials] == ["Completed", "Stopped", "Completed", "Stopped"]
    assert "Hyperband lets it go no further than epoch 1" in " ".join(tuning.log(trials[1]))


def test_a_user_may_stop_a_trial_and_then_the_tuning_job(tuning):
    name = tuning.start(ENDLESS, most=10, parallel=2)
    stop = tuning.api.stop_hyper_parameter_tuning_job
    first, _ = tuning.until_running(name, 2)
    running = tuning.job(name)
    assert running["ObjectiveStatusCounters"] == {"Succeeded": 0, "Pending": 2, "Failed": 0}
    assert "FinalHyperParameterTuningJobObjectiveMetric" not in first and "BestTrainingJob" not in running
    with pytest.raises(ClientError, match="Stop it"):
        tuning.api.delete_hyper_parameter_tuning_job(HyperParameterTuningJobName=name)
    tuning.api.stop_training_job(TrainingJobName=first["TrainingJobName"])
    tuning.until_running(name, 3)

    stop(HyperParameterTuningJobName=name)
    assert tuning.job(name)["HyperParameterTuningJobStatus"] in ("Stopping", "Stopped")
    job = tuning.ended(name)
    assert (job["HyperParameterTuningJobStatus"], job["TrainingJobStatusCounters"]["Stopped"]) == ("Stopped", 3)
    assert job["ObjectiveStatusCounters"]["Succeeded"] == 3
    assert all("got TERM" in tuning.log(trial) for trial in tuning.trials(name))
    with pytest.raises(ClientError, match="in status Stopped"):
        stop(HyperParameterTuningJobName=name)


def test_reaching_the_target_completes_it_and_stops_what_still_runs(tuning):
    script = """
import time
print("valid_accuracy=" + given["x"], flush=True)
if given["x"] == "0.1":
    print("ready", flush=True)
    time.sleep(600)
while not Path("/opt/ml/input/data/code/go").exists():
    time.sleep(0.05)
"""
    request = tuning.request(
        script,
        grid(x=["0.1", "0.9", "0.5"]),
        strategy="Grid",
        parallel=2,
        config={"TuningJobCompletionCriteria": {"TargetObjectiveMetricValue": 0.9}},
    )
    name = request["HyperParameterTuningJobName"]
    tuning.api.create_hyper_parameter_tuning_job(**request)
    tuning.until_running(name, 1)
    (tuning.scripts(name) / "go").touch()
    job = tuning.ended(name)
    trials = tuning.by(name, "x")
    assert job["HyperParameterTuningJobStatus"] == "Completed" and job["BestTrainingJob"] == trials["0.9"]
    assert trials.keys() == {"0.1", "0.9"}
    assert trials["0.1"]["TrainingJobStatus"] == "Stopped" and "got TERM" in tuning.log(trials["0.1"])
    assert any("TargetObjectiveMetricValue" in line for line in tuning.log(trials["0.1"]))


def test_a_trial_that_cannot_be_created_fails_the_tuning_job_with_the_reason(tuning):
    tuning.local.put("vanishing/a", b"a")
    source = {"S3DataType": "S3Prefix", "S3Uri": tuning.local.uri("vanishing")}
    request = tuning.request("import time; time.sleep(1)\n" + REPORT_X, most=2)
    request["TrainingJobDefinition"]["InputDataConfig"].append(
        {"ChannelName": "data", "DataSource": {"S3DataSource": source}}
    )
    name = request["HyperParameterTuningJobName"]
    tuning.api.create_hyper_parameter_tuning_job(**request)
    until(lambda: tuning.trials(name))
    until(
        lambda: (
            tuning.api.describe_training_job(TrainingJobName=tuning.trials(name)[0]["TrainingJobName"])[
                "SecondaryStatus"
            ]
            == "Training"
        )
    )
    tuning.local.client("s3").delete_object(Bucket=tuning.local.address.bucket, Key="vanishing/a")
    job = tuning.ended(name)
    assert job["HyperParameterTuningJobStatus"] == "Failed" and "vanishing" in job["FailureReason"]
    assert len(tuning.trials(name)) == 1
