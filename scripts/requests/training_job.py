"""CreateTrainingJob, for a model and for the features that trials share, and what both share with the trials of a
tuning job.

https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_CreateTrainingJob.html
https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_HyperParameterTrainingJobDefinition.html
"""

from collections.abc import Iterable
from typing import Any

from contract.feature_sharing import FEATURES_ONLY
from contract.metric_lines import METRICS
from contract.opt_ml import CHECKPOINTS
from scripts.config.layout import Layout
from scripts.config.names import project_tags
from scripts.config.settings import Settings
from scripts.requests.debugger import debugger_fields
from scripts.requests.instances import training_resources
from scripts.requests.network_isolation import training_is_isolated

# 30 is logging.WARNING: sagemaker-training then leaves its two pages about the environment out of the log.
_QUIET = {"sagemaker_container_log_level": "30"}


def training_job_request(
    settings: Settings,
    layout: Layout,
    *,
    name: str,
    image: str,
    role_arn: str,
    region: str,
    channels: dict[str, str],
    hyperparameters: dict[str, str],
) -> dict[str, Any]:
    """Request for the job `name`. channels: name -> URI of what it holds. hyperparameters: before those of the
    settings.

    Raises Failure as `training_definition` does.
    """
    complete = all_hyperparameters(settings, hyperparameters)
    shell = settings.train.shell
    return {
        "TrainingJobName": name,
        **training_definition(
            settings,
            layout,
            image=image,
            role_arn=role_arn,
            channels=channels,
            hyperparameters=complete,
            shell=shell,
        ),
        "ResourceConfig": training_resources(settings.train, keep_alive=True),
        "HyperParameters": complete,
        # With a slash, or the service would restore the checkpoints of every job whose name begins with this one.
        "CheckpointConfig": {"S3Uri": f"{layout.checkpoints}/{name}/", "LocalPath": CHECKPOINTS},
        **({"RemoteDebugConfig": {"EnableRemoteDebug": True}} if shell else {}),
        **debugger_fields(settings.debugger, region, layout.debugger),
        "Tags": project_tags(settings.prefix),
    }


def features_job_request(
    settings: Settings,
    layout: Layout,
    *,
    name: str,
    image: str,
    role_arn: str,
    channels: dict[str, str],
    static: dict[str, str],
    output: str,
) -> dict[str, Any]:
    """Request for the job `name`: the trials' image, machine and data, but it trains nothing. static: as the trials
    have them.

    Its files go to `features_uri(output, name)`.
    """
    return {
        "TrainingJobName": name,
        **training_definition(
            settings, layout, image=image, role_arn=role_arn, channels=channels, hyperparameters=static
        ),
        "ResourceConfig": training_resources(settings.train),
        "HyperParameters": {**static, FEATURES_ONLY: "true"},
        # Plain files: a channel can bring them as they are.
        "OutputDataConfig": {"S3OutputPath": output, "CompressionType": "NONE"},
        "Tags": project_tags(settings.prefix),
    }


def features_uri(output: str, name: str) -> str:
    """Where the service puts the model of an uncompressed job.

    https://docs.aws.amazon.com/sagemaker/latest/dg/model-train-storage-uncompressed.html
    """
    return f"{output}/{name}/output/model/"


def all_hyperparameters(settings: Settings, given: dict[str, str]) -> dict[str, str]:
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
    shell: bool = False,
) -> dict[str, Any]:
    """The program, its data, where its model goes and its network. channels: name -> URI of what it holds.

    hyperparameters, tuned, shell: what they have to do with the network, `training_is_isolated` says. Raises Failure as
    that does."""
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
        "StoppingCondition": stopping,
        "EnableManagedSpotTraining": train.spot,
        "EnableNetworkIsolation": training_is_isolated(
            settings,
            image=image,
            channels=channels,
            hyperparameters=hyperparameters,
            tuned=tuned,
            shell=shell,
        ),
    }


def _channel(name: str, uri: str) -> dict[str, Any]:
    source = {"S3DataType": "S3Prefix", "S3Uri": uri, "S3DataDistributionType": "FullyReplicated"}
    # Features are memory-mapped and read in a random order, which FastFile is bad at.
    mode = {"InputMode": "File"} if name == "features" else {}
    return {"ChannelName": name, "DataSource": {"S3DataSource": source}, **mode}
