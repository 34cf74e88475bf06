"""What a training job and the trials of a tuning job have in common.

https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_CreateTrainingJob.html
https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_HyperParameterTrainingJobDefinition.html
"""

from collections.abc import Iterable
from typing import Any

from contract.metric_lines import METRICS
from scripts.config.layout import Layout
from scripts.config.settings import Settings
from scripts.requests.network_isolation import training_is_isolated

# 30 is logging.WARNING: sagemaker-training then leaves its two pages about the environment out of the log.
_QUIET = {"sagemaker_container_log_level": "30"}


def hyperparameters(settings: Settings, given: dict[str, str]) -> dict[str, str]:
    """Those of the settings, and before them the `given` ones."""
    return {**_QUIET, **settings.hyperparameters, **given}


def training_definition(
    settings: Settings,
    layout: Layout,
    *,
    image: str,
    role_arn: str,
    channels: dict[str, str],
    hyperparameters: dict[str, str],
    tuned: Iterable[str] = (),
) -> dict[str, Any]:
    """The program, its data, where its model goes, its machine and its network. channels: name -> URI of what it holds.

    hyperparameters, tuned: what they have to do with the network, `training_is_isolated` says. Raises Failure as that
    does."""
    train = settings.train
    stopping = {"MaxRuntimeInSeconds": train.max_runtime_seconds}
    if train.spot:
        stopping["MaxWaitTimeInSeconds"] = train.max_wait_seconds
    return {
        "AlgorithmSpecification": {
            "TrainingImage": image,
            "TrainingInputMode": train.input_mode,
            "MetricDefinitions": [{"Name": metric, "Regex": rf"\b{metric}=([0-9.]+)"} for metric in METRICS],
        },
        "RoleArn": role_arn,
        "InputDataConfig": [_channel(channel, uri) for channel, uri in channels.items()],
        "OutputDataConfig": {"S3OutputPath": layout.jobs},
        "ResourceConfig": {
            "InstanceType": train.instance_type,
            "InstanceCount": train.instance_count,
            "VolumeSizeInGB": train.volume_gb,
        },
        "StoppingCondition": stopping,
        "EnableManagedSpotTraining": train.spot,
        "EnableNetworkIsolation": training_is_isolated(
            settings,
            image=image,
            channels=channels,
            hyperparameters=hyperparameters,
            tuned=tuned,
        ),
    }


def _channel(name: str, uri: str) -> dict[str, Any]:
    source = {"S3DataType": "S3Prefix", "S3Uri": uri, "S3DataDistributionType": "FullyReplicated"}
    # Features are memory-mapped and read in a random order, which FastFile is bad at.
    mode = {"InputMode": "File"} if name == "features" else {}
    return {"ChannelName": name, "DataSource": {"S3DataSource": source}, **mode}
