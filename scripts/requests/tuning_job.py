"""CreateHyperParameterTuningJob.

https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_CreateHyperParameterTuningJob.html
"""

from typing import Any

from contract.metric_lines import is_maximized
from contract.opt_ml import CHECKPOINTS
from scripts.config.layout import Layout
from scripts.config.names import project_tags
from scripts.config.ranges import SCALES, Categories, Range, grid_size
from scripts.config.sections import Tune
from scripts.config.settings import Settings
from scripts.requests.instances import trial_resources
from scripts.requests.training_job import training_definition

WARM_START_TYPES = ("TransferLearning", "IdenticalDataAndAlgorithm")


def tuning_job_request(
    settings: Settings,
    layout: Layout,
    *,
    name: str,
    image: str,
    role_arn: str,
    channels: dict[str, str],
    static: dict[str, str],
    ranges: dict[str, Range],
    parents: list[str],
    warm_start_type: str,
) -> dict[str, Any]:
    """Request for the tuning job `name`. channels: name -> URI. static: the hyperparameters of every trial.

    parents: earlier tuning jobs whose trials this one begins with, at most 5. warm_start_type: one of WARM_START_TYPES.
    """
    definition = {
        "StaticHyperParameters": static,
        **training_definition(
            settings,
            layout,
            image=image,
            role_arn=role_arn,
            channels=channels,
            hyperparameters=static,
            tuned=list(ranges),
        ),
        **trial_resources(settings.train),
        # The service appends the trial's name to the URI, which is why none stands here as in a training job.
        "CheckpointConfig": {"S3Uri": layout.checkpoints, "LocalPath": CHECKPOINTS},
    }
    request = {
        "HyperParameterTuningJobName": name,
        "HyperParameterTuningJobConfig": _config(settings.tune, ranges),
        "TrainingJobDefinition": definition,
        "Tags": project_tags(settings.prefix),
    }
    if parents:
        request["WarmStartConfig"] = {
            "ParentHyperParameterTuningJobs": [{"HyperParameterTuningJobName": parent} for parent in parents],
            "WarmStartType": warm_start_type,
        }
    return request


def objective(tune: Tune) -> dict[str, Any]:
    """What the search is for. https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_HyperParameterTuningJobObjective.html"""
    return {"Type": "Maximize" if is_maximized(tune.objective) else "Minimize", "MetricName": tune.objective}


def _config(tune: Tune, ranges: dict[str, Range]) -> dict[str, Any]:
    # A grid's number of jobs is that of its combinations, and nothing else may stand here.
    jobs = grid_size(ranges) if tune.strategy == "Grid" else tune.max_jobs
    limits = {"MaxNumberOfTrainingJobs": jobs, "MaxParallelTrainingJobs": min(tune.parallel, jobs)}
    if tune.max_runtime_seconds:
        limits["MaxRuntimeInSeconds"] = tune.max_runtime_seconds
    config: dict[str, Any] = {
        "Strategy": tune.strategy,
        "HyperParameterTuningJobObjective": objective(tune),
        "ResourceLimits": limits,
        "ParameterRanges": _parameter_ranges(ranges),
        "TrainingJobEarlyStoppingType": "Auto" if tune.early_stopping else "Off",
    }
    if criteria := _completion_criteria(tune):
        config["TuningJobCompletionCriteria"] = criteria
    if tune.seed >= 0:
        config["RandomSeed"] = tune.seed
    epochs = {"MinResource": tune.hyperband_min_epochs, "MaxResource": tune.hyperband_max_epochs}
    if tune.strategy == "Hyperband" and any(epochs.values()):
        config["StrategyConfig"] = {"HyperbandStrategyConfig": {name: value for name, value in epochs.items() if value}}
    return config


def _completion_criteria(tune: Tune) -> dict[str, Any]:
    """https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_TuningJobCompletionCriteria.html"""
    criteria: dict[str, Any] = {}
    if tune.target:
        criteria["TargetObjectiveMetricValue"] = tune.target
    if tune.not_improving:
        criteria["BestObjectiveNotImproving"] = {"MaxNumberOfTrainingJobsNotImproving": tune.not_improving}
    if tune.convergence:
        criteria["ConvergenceDetected"] = {"CompleteOnConvergence": "Enabled"}
    return criteria


def _parameter_ranges(ranges: dict[str, Range]) -> dict[str, Any]:
    """All values are text. https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_ParameterRanges.html"""
    kinds = ("ContinuousParameterRanges", "IntegerParameterRanges", "CategoricalParameterRanges")
    found: dict[str, list[dict[str, Any]]] = {kind: [] for kind in kinds}
    for name, one in ranges.items():
        if isinstance(one, Categories):
            found["CategoricalParameterRanges"].append({"Name": name, "Values": list(one.values)})
        else:
            found["IntegerParameterRanges" if one.whole else "ContinuousParameterRanges"].append(
                {
                    "Name": name,
                    "MinValue": str(one.low),
                    "MaxValue": str(one.high),
                    "ScalingType": SCALES[one.scale],
                }
            )
    return {kind: those for kind, those in found.items() if those}
