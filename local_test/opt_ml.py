"""The /opt/ml tree of a training container, as the platform lays it out: pure functions from a request to files.

Source: https://docs.aws.amazon.com/sagemaker/latest/dg/your-algorithms-training-algo-running-container.html and, for
`resourceconfig.json`, files that others published from running jobs.
"""

import json
from pathlib import Path
from urllib.parse import unquote, urlsplit

HOST = "algo-1"
GROUP = "homogeneousCluster"


def config_files(request: dict) -> dict[str, str]:
    """CreateTrainingJob request -> contents of the files under /opt/ml/input/config, by name."""
    return {
        "hyperparameters.json": json.dumps(request.get("HyperParameters", {})),
        "inputdataconfig.json": json.dumps(
            {channel["ChannelName"]: _channel_config(channel, request) for channel in request.get("InputDataConfig", [])}
        ),
        "resourceconfig.json": json.dumps(resource_config(request["ResourceConfig"]["InstanceType"])),
    }


def resource_config(instance_type: str) -> dict:
    return {
        "current_host": HOST,
        "current_instance_type": instance_type,
        "current_group_name": GROUP,
        "hosts": [HOST],
        "instance_groups": [{"instance_group_name": GROUP, "instance_type": instance_type, "hosts": [HOST]}],
        "network_interface_name": "eth0",
        "topology": None,
    }


def channel_folders(request: dict) -> dict[str, Path]:
    """Folder on this machine of each channel. Raises ValueError for a URI that is not an existing `file://` folder."""
    folders = {}
    for channel in request.get("InputDataConfig", []):
        uri = channel["DataSource"]["S3DataSource"]["S3Uri"]
        folder = local_path(uri)
        if not folder.is_dir():
            raise ValueError(f"Channel {channel['ChannelName']}: {uri} is not a folder on this machine.")
        folders[channel["ChannelName"]] = folder
    return folders


def environment(request: dict) -> dict[str, str]:
    """What the platform documents as set in the container: the job's name and ARN, and the request's Environment."""
    name = request["TrainingJobName"]
    arn = f"arn:aws:sagemaker:us-east-1:123456789012:training-job/{name}"
    return {"TRAINING_JOB_NAME": name, "TRAINING_JOB_ARN": arn, **request.get("Environment", {})}


def local_path(uri: str) -> Path:
    """`file:///a/b` -> /a/b. Raises ValueError for any other scheme."""
    parts = urlsplit(uri)
    if parts.scheme != "file":
        raise ValueError(f"{uri} is not a file:// URI, the only kind that a local job reads and writes so far.")
    return Path(unquote(parts.path))


def _channel_config(channel: dict, request: dict) -> dict:
    config = {
        "TrainingInputMode": request["AlgorithmSpecification"]["TrainingInputMode"],
        "S3DistributionType": channel["DataSource"]["S3DataSource"].get("S3DataDistributionType", "FullyReplicated"),
        "RecordWrapperType": "None",
    }
    if "ContentType" in channel:
        config["ContentType"] = channel["ContentType"]
    return config
