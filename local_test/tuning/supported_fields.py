"""What a CreateHyperParameterTuningJob request may ask for here, and what AWS itself would refuse although each field
is sound.

Sources: https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_HyperParameterTuningJobConfig.html,
https://docs.aws.amazon.com/sagemaker/latest/dg/automatic-model-tuning-define-ranges.html and
https://docs.aws.amazon.com/sagemaker/latest/dg/automatic-model-tuning-how-it-works.html. What the training jobs' own
fields may hold is checked with the first trial's request, by the rules of CreateTrainingJob."""

from typing import Any

from local_test.api.errors import ResourceLimitExceeded, ValidationException
from local_test.api.supported_fields import check_supported
from local_test.training.instances import config_problems
from local_test.training.supported_fields import SUPPORTED as TRAINING
from local_test.tuning import hyperband, search
from local_test.tuning.training_request import COPIED, OBJECTIVE

_RANGE = {"Name": None, "MinValue": None, "MaxValue": None, "ScalingType": None}
_INSTANCES = {"InstanceType": None, "InstanceCount": None, "VolumeSizeInGB": None}
SUPPORTED = {
    "HyperParameterTuningJobName": None,
    "HyperParameterTuningJobConfig": {
        "Strategy": None,
        "StrategyConfig": {"HyperbandStrategyConfig": {"MinResource": None, "MaxResource": None}},
        "HyperParameterTuningJobObjective": None,
        "ResourceLimits": None,
        "ParameterRanges": {
            "IntegerParameterRanges": [_RANGE],
            "ContinuousParameterRanges": [_RANGE],
            "CategoricalParameterRanges": [{"Name": None, "Values": None}],
        },
        "TrainingJobEarlyStoppingType": None,
        "TuningJobCompletionCriteria": {
            "TargetObjectiveMetricValue": None,
            "BestObjectiveNotImproving": {"MaxNumberOfTrainingJobsNotImproving": None},
            "ConvergenceDetected": {"CompleteOnConvergence": None},
        },
        "RandomSeed": None,
    },
    "TrainingJobDefinition": {
        **{field: TRAINING[field] for field in (*COPIED, "ResourceConfig", "CheckpointConfig") if field in TRAINING},
        "DefinitionName": None,
        "StaticHyperParameters": None,
        "AlgorithmSpecification": {"TrainingImage": None, "TrainingInputMode": None, "MetricDefinitions": None},
        "HyperParameterTuningResourceConfig": {
            **_INSTANCES,
            "AllocationStrategy": ("Prioritized",),
            "InstanceConfigs": [_INSTANCES],
        },
    },
    "WarmStartConfig": None,
    "Tags": None,
}

MOST = 750  # training jobs
MOST_RANDOM = 10_000  # after an account has asked for it
MOST_PARALLEL = 100  # likewise; 10 without
MOST_METRICS = 20


def check(request: dict[str, Any], strict: bool = False) -> None:
    """Raise ValidationException for the first thing that would not be done. strict: or that has no effect here."""
    check_supported(request, SUPPORTED, "CreateHyperParameterTuningJob", strict)
    if "TrainingJobDefinition" not in request:
        raise ValidationException("TrainingJobDefinition is missing.")
    config, definition = request["HyperParameterTuningJobConfig"], request["TrainingJobDefinition"]
    _check_objective(config, definition)
    _check_hyperparameters(config, definition)
    _check_strategy(config, definition)
    _check_limits(config, definition)
    if "ResourceConfig" in definition and "HyperParameterTuningResourceConfig" in definition:
        raise ValidationException("Give either ResourceConfig or HyperParameterTuningResourceConfig, not both.")
    for problem in config_problems(definition.get("HyperParameterTuningResourceConfig", {})):
        raise ValidationException(problem)


def _check_objective(config: dict[str, Any], definition: dict[str, Any]) -> None:
    if "HyperParameterTuningJobObjective" not in config:
        raise ValidationException("HyperParameterTuningJobConfig.HyperParameterTuningJobObjective is missing.")
    metric = config["HyperParameterTuningJobObjective"]["MetricName"]
    if metric not in [one["Name"] for one in definition["AlgorithmSpecification"].get("MetricDefinitions", [])]:
        raise ValidationException(
            "A metric is required for this hyperparameter tuning job objective. Provide a metric in the metric "
            "definitions: "
            f"AlgorithmSpecification.MetricDefinitions does not name {metric}."
        )


def _check_hyperparameters(config: dict[str, Any], definition: dict[str, Any]) -> None:
    try:
        search.check(config)
    except ValueError as error:
        raise ValidationException(str(error)) from error
    static = definition.get("StaticHyperParameters", {})
    tuned = [one["Name"] for of_a_kind in config["ParameterRanges"].values() for one in of_a_kind]
    for name in tuned:
        if name in static:
            raise ValidationException(
                f"Hyperparameter {name} is in ParameterRanges and in StaticHyperParameters: it is either tuned or "
                "static."
            )
    if OBJECTIVE in (*tuned, *static):
        raise ValidationException(
            f"Hyperparameter {OBJECTIVE} is reserved: a tuning job gives it to its training jobs itself."
        )


def _check_strategy(config: dict[str, Any], definition: dict[str, Any]) -> None:
    strategy = config["Strategy"]
    if strategy != "Hyperband":
        if "StrategyConfig" in config:
            raise ValidationException(f"StrategyConfig is for the strategy Hyperband, and Strategy is {strategy}.")
        return
    if config.get("TrainingJobEarlyStoppingType") == "Auto":
        raise ValidationException(
            "TrainingJobEarlyStoppingType must be Off with the strategy Hyperband, which stops training jobs itself."
        )
    try:
        hyperband.max_resource(config, definition.get("StaticHyperParameters", {}))
    except ValueError as error:
        raise ValidationException(str(error)) from error


def _check_limits(config: dict[str, Any], definition: dict[str, Any]) -> None:
    """Source of the figures: https://docs.aws.amazon.com/sagemaker/latest/dg/automatic-model-tuning-limits.html"""
    limits, strategy = config["ResourceLimits"], config["Strategy"]
    most = limits.get("MaxNumberOfTrainingJobs")
    asked = search.grid_size(config) if strategy == "Grid" else most
    _check_most("training jobs per hyperparameter tuning job", asked, MOST_RANDOM if strategy == "Random" else MOST)
    parallel = limits["MaxParallelTrainingJobs"]
    _check_most("parallel training jobs per hyperparameter tuning job", parallel, MOST_PARALLEL)
    metrics = definition["AlgorithmSpecification"].get("MetricDefinitions", [])
    _check_most("metrics defined per hyperparameter tuning job", len(metrics), MOST_METRICS)
    if most is not None and strategy != "Grid":
        _check_combinations(config, most)
    if most is None and strategy != "Grid" and "MaxRuntimeInSeconds" not in limits:
        raise ValidationException(
            "ResourceLimits needs MaxNumberOfTrainingJobs or MaxRuntimeInSeconds: the tuning job might never end."
        )
    if most is not None and parallel > most:
        raise ValidationException(
            f"MaxParallelTrainingJobs is {parallel}, more than MaxNumberOfTrainingJobs, which is {most}."
        )


def _check_most(what: str, asked: int | None, most: int) -> None:
    if asked is not None and asked > most:
        raise ResourceLimitExceeded(f"The number of {what} is at most {most}, and the request asks for {asked}.")


def _check_combinations(config: dict[str, Any], most: int) -> None:
    """In AWS's words: https://github.com/aws/amazon-sagemaker-operator-for-k8s/issues/123"""
    combinations = search.combinations(config)
    if combinations < most:
        raise ValidationException(
            "You don't have enough combinations of hyperparameter ranges. The total number of hyperparameter "
            f"combinations for the provided ranges [{float(combinations)}] must be equal or greater than the value of "
            f"MaxNumberOfJobs, [{most}]. Provide additional ranges."
        )
