"""The record of a tuning job: what it repeats of the request, what its search needs besides, and what Describe and List
answer from it and from the records of its trials. Pure functions.

Source: https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_DescribeHyperParameterTuningJob.html
"""

from typing import Any

from local_test.training.instances import first_of_trials
from local_test.tuning import progress
from local_test.tuning.training_request import OBJECTIVE
from local_test.tuning.trials import Trial, as_trial, maximises

RANGES = ("IntegerParameterRanges", "ContinuousParameterRanges", "CategoricalParameterRanges")
SWITCHES = ("EnableNetworkIsolation", "EnableInterContainerTrafficEncryption", "EnableManagedSpotTraining")
REPEATED = (
    "HyperParameterTuningJobName",
    "HyperParameterTuningJobArn",
    "HyperParameterTuningJobConfig",
    "TrainingJobDefinition",
    "HyperParameterTuningJobStatus",
    "CreationTime",
    "HyperParameterTuningEndTime",
    "LastModifiedTime",
    "WarmStartConfig",
    "FailureReason",
)
LISTED = (
    "HyperParameterTuningJobName",
    "HyperParameterTuningJobArn",
    "HyperParameterTuningJobStatus",
    "CreationTime",
    "HyperParameterTuningEndTime",
    "LastModifiedTime",
)
OF_TRIAL = (
    "TrainingJobName",
    "TrainingJobArn",
    "CreationTime",
    "TrainingStartTime",
    "TrainingEndTime",
    "TrainingJobStatus",
    "TunedHyperParameters",
    "FailureReason",
)
STATUS_COUNTERS = {
    "Completed": "Completed",
    "InProgress": "InProgress",
    "Stopping": "InProgress",
    "Stopped": "Stopped",
    "Failed": "NonRetryableError",
}


def new_record(request: dict[str, Any], arn: str, now: float, seed: int) -> dict[str, Any]:
    """now: seconds since 1970. seed: for a request without RandomSeed; a later start of the service searches on with
    it.

    What AWS fills in is filled in, as an answer of DescribeHyperParameterTuningJob shows that others published: the
    scale `Auto`, ranges of every kind, early stopping and switches that are off, and the objective among the static
    hyperparameters."""
    config, definition = request["HyperParameterTuningJobConfig"], request["TrainingJobDefinition"]
    ranges = {kind: [_with_scale(one) for one in config["ParameterRanges"].get(kind, [])] for kind in RANGES}
    objective = config["HyperParameterTuningJobObjective"]["MetricName"]
    static = {OBJECTIVE: objective, **definition.get("StaticHyperParameters", {})}
    return {
        "HyperParameterTuningJobName": request["HyperParameterTuningJobName"],
        "HyperParameterTuningJobArn": arn,
        "HyperParameterTuningJobConfig": {"TrainingJobEarlyStoppingType": "Off", **config, "ParameterRanges": ranges},
        "TrainingJobDefinition": {**dict.fromkeys(SWITCHES, False), **definition, "StaticHyperParameters": static},
        "HyperParameterTuningJobStatus": "InProgress",
        "CreationTime": now,
        "LastModifiedTime": now,
        **({"WarmStartConfig": request["WarmStartConfig"]} if "WarmStartConfig" in request else {}),
        "Search": {"RandomSeed": config.get("RandomSeed", seed), "Tags": request.get("Tags", []), "Parents": []},
    }


def search_config(record: dict[str, Any]) -> dict[str, Any]:
    """HyperParameterTuningJobConfig with the seed that is searched with."""
    return {**record["HyperParameterTuningJobConfig"], "RandomSeed": record["Search"]["RandomSeed"]}


def tuned_names(record: dict[str, Any]) -> dict[str, str]:
    """Name of every tuned hyperparameter -> which of RANGES it is in."""
    ranges = record["HyperParameterTuningJobConfig"]["ParameterRanges"]
    return {one["Name"]: kind for kind in RANGES for one in ranges[kind]}


def parent_trials(record: dict[str, Any]) -> list[Trial]:
    """Trials of all parents as this tuning job's search sees them, numbered through."""
    return [as_trial({**one, "Number": number}) for number, one in enumerate(record["Search"]["Parents"], start=1)]


def describe(record: dict[str, Any], trials: list[dict[str, Any]], now: float) -> dict[str, Any]:
    """record: of the tuning job. trials: records of its trials. now: seconds since 1970."""
    maximise = maximises(record["HyperParameterTuningJobConfig"])
    known = [as_trial(trial) for trial in trials]
    answer = {field: record[field] for field in REPEATED if field in record} | _counters(record, trials)
    answer["TrainingJobDefinition"] = _with_resource_config(record["TrainingJobDefinition"])
    if found := progress.best(known, maximise):
        answer["BestTrainingJob"] = training_job_summary(
            record, next(one for one in trials if one["Number"] == found.number)
        )
    if record.get("WarmStartConfig", {}).get("WarmStartType") == "IdenticalDataAndAlgorithm" and (
        best := _best_of_all(record, trials)
    ):
        answer["OverallBestTrainingJob"] = best
    details = {"NumberOfTrainingJobsObjectiveNotImproving": progress.not_improving(known, maximise)}
    if "ConvergenceDetectedTime" in record:
        details["ConvergenceDetectedTime"] = record["ConvergenceDetectedTime"]
    seconds = record.get("HyperParameterTuningEndTime", now) - record["CreationTime"]
    return answer | {"TuningJobCompletionDetails": details, "ConsumedResources": {"RuntimeInSeconds": int(seconds)}}


def tuning_job_summary(record: dict[str, Any], trials: list[dict[str, Any]]) -> dict[str, Any]:
    """An element of ListHyperParameterTuningJobs."""
    config = record["HyperParameterTuningJobConfig"]
    summary = {field: record[field] for field in LISTED if field in record} | _counters(record, trials)
    return summary | {"Strategy": config["Strategy"], "ResourceLimits": config["ResourceLimits"]}


def training_job_summary(record: dict[str, Any], trial: dict[str, Any]) -> dict[str, Any]:
    """An element of ListTrainingJobsForHyperParameterTuningJob. A trial that runs has no final objective yet."""
    summary = {field: trial[field] for field in OF_TRIAL if field in trial}
    if "DefinitionName" in record["TrainingJobDefinition"]:
        summary["TrainingJobDefinitionName"] = record["TrainingJobDefinition"]["DefinitionName"]
    summary["ObjectiveStatus"] = _objective_status(trial)
    if summary["ObjectiveStatus"] == "Succeeded":
        metric = record["HyperParameterTuningJobConfig"]["HyperParameterTuningJobObjective"]["MetricName"]
        summary["FinalHyperParameterTuningJobObjectiveMetric"] = {
            "MetricName": metric,
            "Value": as_trial(trial).objective,
        }
    return summary


def _with_scale(parameter_range: dict[str, Any]) -> dict[str, Any]:
    return parameter_range if "Values" in parameter_range else {"ScalingType": "Auto", **parameter_range}


def _with_resource_config(definition: dict[str, Any]) -> dict[str, Any]:
    """The SDK's `attach` looks for ResourceConfig also where the request had HyperParameterTuningResourceConfig."""
    if "HyperParameterTuningResourceConfig" not in definition:
        return definition
    return {**definition, "ResourceConfig": first_of_trials(definition)}


def _counters(record: dict[str, Any], trials: list[dict[str, Any]]) -> dict[str, Any]:
    """RetryableError is always 0: what RetryStrategy retries is the same training job, and no other takes its place."""
    statuses = dict.fromkeys(("Completed", "InProgress", "RetryableError", "NonRetryableError", "Stopped"), 0)
    objectives = dict.fromkeys(("Succeeded", "Pending", "Failed"), 0)
    for trial in trials:
        statuses[STATUS_COUNTERS[trial["TrainingJobStatus"]]] += 1
        objectives[_objective_status(trial)] += 1
    return {"TrainingJobStatusCounters": statuses, "ObjectiveStatusCounters": objectives}


def _objective_status(trial: dict[str, Any]) -> str:
    known = as_trial(trial)
    if not known.has_ended:
        return "Pending"
    return "Failed" if known.objective is None else "Succeeded"


def _best_of_all(record: dict[str, Any], trials: list[dict[str, Any]]) -> dict[str, Any] | None:
    """The best training job of this tuning job and of its parents, numbered through in the order of time."""
    mine = [{**trial, "TuningJobName": record["HyperParameterTuningJobName"]} for trial in trials]
    everyone = [
        {**trial, "Number": number} for number, trial in enumerate([*record["Search"]["Parents"], *mine], start=1)
    ]
    best = progress.best([as_trial(trial) for trial in everyone], maximises(record["HyperParameterTuningJobConfig"]))
    if best is None:
        return None
    found = everyone[best.number - 1]
    return {**training_job_summary(record, found), "TuningJobName": found["TuningJobName"]}
