"""The /opt/ml tree of a training container, as the platform lays it out: pure functions from a request to files.

Source: https://docs.aws.amazon.com/sagemaker/latest/dg/your-algorithms-training-algo-running-container.html and, for
`resourceconfig.json`, files that others published from running jobs.
"""

import json
from typing import Any

from contract.opt_ml import CHECKPOINTS
from local_test.training.instances import selected
from local_test.training.job_hosts import host_names

GROUP = "homogeneousCluster"
CONFIG = "/opt/ml/input/config"
MODEL = "/opt/ml/model"
OUTPUT_DATA = "/opt/ml/output/data"
RULES = "/opt/ml/output/data/rules.json"
TENSORS = "/opt/ml/output/tensors"
PROFILER = "/opt/ml/output/profiler"
TENSORBOARD = "/opt/ml/output/tensorboard"
# Request field -> file under /opt/ml/input/config, written only when the request has the field.
OPTIONAL_CONFIGS = {
    "CheckpointConfig": "checkpointconfig.json",
    "DebugHookConfig": "debughookconfig.json",
    "ProfilerConfig": "profilerconfig.json",
    "TensorBoardOutputConfig": "tensorboardoutputconfig.json",
}


def hosts(request: dict[str, Any]) -> list[str]:
    _, count = selected(request["ResourceConfig"])
    return host_names(count)


def config_files(request: dict[str, Any], host: str) -> dict[str, str]:
    """CreateTrainingJob request -> contents of the files under /opt/ml/input/config of one host, by name."""
    files = {
        "hyperparameters.json": request.get("HyperParameters", {}),
        "inputdataconfig.json": {
            channel["ChannelName"]: _channel_config(channel, request) for channel in request.get("InputDataConfig", [])
        },
        "resourceconfig.json": resource_config(
            selected(request["ResourceConfig"])[0], hosts(request), host, _interface(request)
        ),
    }
    files |= {name: request[field] for field, name in OPTIONAL_CONFIGS.items() if field in request}
    return {name: json.dumps(content) for name, content in files.items()}


def resource_config(instance_type: str, every_host: list[str], host: str, interface: str) -> dict[str, Any]:
    return {
        "current_host": host,
        "current_instance_type": instance_type,
        "current_group_name": GROUP,
        "hosts": every_host,
        "instance_groups": [{"instance_group_name": GROUP, "instance_type": instance_type, "hosts": every_host}],
        "network_interface_name": interface,
        "topology": None,
    }


def _interface(request: dict[str, Any]) -> str:
    """A host alone that is isolated has no other: programs bind NCCL and gloo to what is written there."""
    return "lo" if request.get("EnableNetworkIsolation") and len(hosts(request)) == 1 else "eth0"


def environment(request: dict[str, Any], arn: str) -> dict[str, str]:
    """What the platform documents as set in the container: the job's name and ARN, and the request's Environment."""
    return {"TRAINING_JOB_NAME": request["TrainingJobName"], "TRAINING_JOB_ARN": arn, **request.get("Environment", {})}


def command(request: dict[str, Any]) -> tuple[list[str] | None, list[str]]:
    """(entrypoint, command) of the container; an entrypoint of None is the image's own.

    Source: https://docs.aws.amazon.com/sagemaker/latest/dg/your-algorithms-training-algo-dockerfile.html
    """
    algorithm = request["AlgorithmSpecification"]
    entrypoint, arguments = algorithm.get("ContainerEntrypoint"), algorithm.get("ContainerArguments")
    if entrypoint is None and arguments is None:
        return None, ["train"]
    return entrypoint, arguments or []


def input_mode(channel: dict[str, Any], request: dict[str, Any]) -> str:
    """File, FastFile or Pipe: the channel's own, else the job's."""
    return channel.get("InputMode") or request["AlgorithmSpecification"]["TrainingInputMode"]


def synced_folders(request: dict[str, Any]) -> dict[str, str]:
    """Folders of the container that the platform keeps in S3 while the job runs: folder -> URI of its prefix."""
    job = request["TrainingJobName"]
    folders = {}
    if config := request.get("CheckpointConfig"):
        folders[checkpoint_folder(request)] = config["S3Uri"].rstrip("/")
    if config := request.get("DebugHookConfig"):
        folders[config.get("LocalPath", TENSORS).rstrip("/")] = (
            f"{config['S3OutputPath'].rstrip('/')}/{job}/debug-output"
        )
    if (config := request.get("ProfilerConfig")) and not config.get("DisableProfiler") and "S3OutputPath" in config:
        folders[PROFILER] = f"{config['S3OutputPath'].rstrip('/')}/{job}/profiler-output"
    if config := request.get("TensorBoardOutputConfig"):
        folders[config.get("LocalPath", TENSORBOARD).rstrip("/")] = (
            f"{config['S3OutputPath'].rstrip('/')}/{job}/tensorboard-output"
        )
    return folders


def checkpoint_folder(request: dict[str, Any]) -> str:
    return request.get("CheckpointConfig", {}).get("LocalPath", CHECKPOINTS).rstrip("/")


def output_uri(request: dict[str, Any], name: str = "") -> str:
    """`model.tar.gz` -> `<S3OutputPath>/<job>/output/model.tar.gz`."""
    return f"{request['OutputDataConfig']['S3OutputPath'].rstrip('/')}/{request['TrainingJobName']}/output/{name}"


def _channel_config(channel: dict[str, Any], request: dict[str, Any]) -> dict[str, Any]:
    mode = input_mode(channel, request)
    config = {
        "TrainingInputMode": "File" if mode == "FastFile" else mode,  # so does the platform
        "S3DistributionType": channel["DataSource"]["S3DataSource"].get("S3DataDistributionType", "FullyReplicated"),
        "RecordWrapperType": channel.get("RecordWrapperType", "None"),
    }
    if "ContentType" in channel:
        config["ContentType"] = channel["ContentType"]
    return config
