"""The record of a tuning job: what its description repeats of the request, and what its search needs besides. Pure
functions.
"""

from typing import Any

from local_test.tuning.training_request import OBJECTIVE
from local_test.tuning.trial import Trial, as_trial

RANGES = ("IntegerParameterRanges", "ContinuousParameterRanges", "CategoricalParameterRanges")
SWITCHES = ("EnableNetworkIsolation", "EnableInterContainerTrafficEncryption", "EnableManagedSpotTraining")


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


def _with_scale(parameter_range: dict[str, Any]) -> dict[str, Any]:
    return parameter_range if "Values" in parameter_range else {"ScalingType": "Auto", **parameter_range}
