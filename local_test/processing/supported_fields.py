"""What a CreateProcessingJob request may ask for here, and what AWS itself would refuse although each field is sound.

Source: https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_CreateProcessingJob.html
"""

from collections.abc import Iterable
from typing import Any

from local_test.api.errors import ValidationException
from local_test.api.supported_fields import check_supported

SUPPORTED = {
    "ProcessingJobName": None,
    "ProcessingInputs": [
        {
            "InputName": None,
            "AppManaged": None,
            "S3Input": {
                "S3Uri": None,
                "LocalPath": None,
                "S3DataType": ("S3Prefix", "ManifestFile"),
                "S3InputMode": ("File",),
                "S3DataDistributionType": ("FullyReplicated", "ShardedByS3Key"),
                "S3CompressionType": ("None",),
            },
        }
    ],
    "ProcessingOutputConfig": {
        "Outputs": [
            {
                "OutputName": None,
                "AppManaged": None,
                "S3Output": {"S3Uri": None, "LocalPath": None, "S3UploadMode": ("EndOfJob", "Continuous")},
            }
        ],
    },
    # A container has no instance of its own here: the type is told to it, the volume is this machine's disk, and of
    # several types the first has capacity.
    "ProcessingResources": {
        "ClusterConfig": {
            "InstanceType": None,
            "InstanceCount": None,
            "InstancePreferences": None,
            "VolumeSizeInGB": None,
        }
    },
    "StoppingCondition": {"MaxRuntimeInSeconds": None},
    "AppSpecification": {"ImageUri": None, "ContainerEntrypoint": None, "ContainerArguments": None},
    "Environment": None,
    "NetworkConfig": {"EnableNetworkIsolation": None},
    "RoleArn": None,
    "Tags": None,
}
ROOT = "/opt/ml/processing/"


def check(request: dict[str, Any], strict: bool = False) -> None:
    """Raise ValidationException for the first thing that would not be done. strict: or that has no effect here."""
    inputs = request.get("ProcessingInputs", [])
    outputs = request.get("ProcessingOutputConfig", {}).get("Outputs", [])
    for index, one in enumerate(inputs):
        _check_one_of(one, "S3Input", "DatasetDefinition", f"ProcessingInputs[{index}]")
        _check_compression(one.get("S3Input", {}), f"ProcessingInputs[{index}].S3Input")
    for index, one in enumerate(outputs):
        _check_one_of(one, "S3Output", "FeatureStoreOutput", f"ProcessingOutputConfig.Outputs[{index}]")
    check_supported(request, SUPPORTED, "CreateProcessingJob", strict)
    _check_cluster(request["ProcessingResources"]["ClusterConfig"])
    _check_unique((one["InputName"] for one in inputs), "ProcessingInputs", "InputName")
    _check_unique((one["OutputName"] for one in outputs), "ProcessingOutputConfig.Outputs", "OutputName")
    _check_local_paths(inputs, outputs)


def _check_one_of(element: dict[str, Any], first: str, second: str, at: str) -> None:
    if (first in element) == (second in element):
        raise ValidationException(f"{at} must specify exactly one of {first} and {second}.")


def _check_compression(source: dict[str, Any], at: str) -> None:
    """AWS's own rule, whatever is supported here."""
    if source.get("S3CompressionType") == "Gzip" and source.get("S3InputMode", "File") != "Pipe":
        raise ValidationException(
            f"{at}.S3CompressionType: Gzip can only be used when Pipe mode is specified as the S3InputMode. "
            "Use None, and unpack the files in the container."
        )


def _check_cluster(cluster: dict[str, Any], at: str = "ProcessingResources.ClusterConfig") -> None:
    """One type, or several in an order; the number of instances with each of the types, or once for all of them."""
    preferences = cluster.get("InstancePreferences")
    if ("InstanceType" in cluster) == bool(preferences):
        raise ValidationException(f"{at} must specify exactly one of InstanceType and InstancePreferences.")
    if preferences:
        _check_unique((one["InstanceType"] for one in preferences), f"{at}.InstancePreferences", "InstanceType")
        counted = ["InstanceCount" in one for one in preferences]
        if any(counted) if "InstanceCount" in cluster else not all(counted):
            raise ValidationException(
                f"{at} must specify InstanceCount either once, beside InstancePreferences, or in every one of them."
            )


def _check_unique(names: Iterable[str], at: str, field: str) -> None:
    seen = set()
    for name in names:
        if name in seen:
            raise ValidationException(f"{at} has the {field} {name} twice.")
        seen.add(name)


def _check_local_paths(inputs: list[dict[str, Any]], outputs: list[dict[str, Any]]) -> None:
    """Folders of the container: below /opt/ml/processing, and each for one input or output."""
    users: dict[str, str] = {}
    sides = [("ProcessingInputs", "S3Input", inputs), ("ProcessingOutputConfig.Outputs", "S3Output", outputs)]
    for at, field, elements in sides:
        for index, element in enumerate(elements):
            where = f"{at}[{index}].{field}.LocalPath"
            path = element[field].get("LocalPath")
            if path is None:
                if not element.get("AppManaged"):
                    raise ValidationException(f"{where} is missing: it is required where AppManaged is false.")
                continue
            folder = path.rstrip("/")
            if not folder.startswith(ROOT) or any(part in ("", ".", "..") for part in folder.split("/")[1:]):
                raise ValidationException(f"{where} is {path}: it must be the path of a folder below {ROOT}.")
            if folder in users:
                raise ValidationException(
                    f"{where} is {path}, and so is {users[folder]}: each input and output needs a folder of its own."
                )
            users[folder] = where
