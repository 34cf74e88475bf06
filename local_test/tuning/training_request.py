"""A trial's own CreateTrainingJob request, from what its tuning job says of all of them. Pure functions.

Source: https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_HyperParameterTrainingJobDefinition.html and, for
the names and the added hyperparameter, answers of DescribeTrainingJob that others published."""

import hashlib
from typing import Any

from local_test.training.instances import first_of_trials

OBJECTIVE = "_tuning_objective_metric"  # what a training job finds the objective's name under
COPIED = (
    "AlgorithmSpecification",
    "RoleArn",
    "InputDataConfig",
    "OutputDataConfig",
    "StoppingCondition",
    "VpcConfig",
    "EnableNetworkIsolation",
    "EnableInterContainerTrafficEncryption",
    "EnableManagedSpotTraining",
    "RetryStrategy",
    "Environment",
)


def training_job_name(tuning_job: dict[str, Any], number: int) -> str:
    """`<tuning job>-007-1c0ffee5`: at most 63 characters, and another one in a later tuning job of the same name.

    tuning_job: as DescribeHyperParameterTuningJob answers it. number: from 1.
    """
    name = tuning_job["HyperParameterTuningJobName"]
    suffix = hashlib.sha256(f"{name} {tuning_job['CreationTime']} {number}".encode()).hexdigest()[:8]
    return f"{name}-{number:03d}-{suffix}"


def training_request(
    tuning_job: dict[str, Any], number: int, tuned: dict[str, str], tags: list[dict[str, Any]]
) -> dict[str, Any]:
    """The request of trial `number` (from 1) with these tuned hyperparameters.

    tuning_job: as DescribeHyperParameterTuningJob answers it, so that its static hyperparameters name the objective.
    Every trial keeps its checkpoints below a prefix of its own: they share the definition, and must not go on from each
    other's."""
    definition = tuning_job["TrainingJobDefinition"]
    name = training_job_name(tuning_job, number)
    request = {
        "TrainingJobName": name,
        "HyperParameters": {**definition["StaticHyperParameters"], **tuned},
        **{field: definition[field] for field in COPIED if field in definition},
    }
    if (resources := first_of_trials(definition)) is not None:
        request["ResourceConfig"] = resources
    if checkpoints := definition.get("CheckpointConfig"):
        request["CheckpointConfig"] = {**checkpoints, "S3Uri": f"{checkpoints['S3Uri'].rstrip('/')}/{name}"}
    if tags:
        request["Tags"] = tags
    return request
