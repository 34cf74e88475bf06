"""What a CreateTrainingJob request may ask for here, and what AWS itself would refuse although each field is sound."""

from typing import Any

from local_test.api.errors import ValidationException
from local_test.api.supported_fields import check_supported

_RULE = {
    "RuleConfigurationName": None,
    "RuleEvaluatorImage": None,
    "RuleParameters": None,
    "InstanceType": None,
    "VolumeSizeInGB": None,
    "LocalPath": None,
    "S3OutputPath": None,
}
SUPPORTED = {
    "TrainingJobName": None,
    "HyperParameters": None,
    "AlgorithmSpecification": {
        "TrainingImage": None,
        "TrainingInputMode": None,
        "MetricDefinitions": None,
        "EnableSageMakerMetricsTimeSeries": None,  # every metric goes to CloudWatch here
        "ContainerEntrypoint": None,
        "ContainerArguments": None,
    },
    "RoleArn": None,
    "InputDataConfig": [
        {
            "ChannelName": None,
            "ContentType": None,
            "CompressionType": ("None",),
            "RecordWrapperType": ("None",),
            "InputMode": None,
            "DataSource": {
                "S3DataSource": {
                    "S3DataType": ("S3Prefix", "ManifestFile"),
                    "S3Uri": None,
                    "S3DataDistributionType": ("FullyReplicated", "ShardedByS3Key"),
                }
            },
        }
    ],
    "OutputDataConfig": {"S3OutputPath": None, "CompressionType": None},
    # A container has no instance of its own here: the type is told to it, the volume is this machine's disk.
    "ResourceConfig": {
        "InstanceType": None,
        "InstanceCount": None,
        "VolumeSizeInGB": None,
    },
    "StoppingCondition": {"MaxRuntimeInSeconds": None, "MaxWaitTimeInSeconds": None},
    "Tags": None,
    "EnableNetworkIsolation": None,
    "EnableManagedSpotTraining": None,
    "CheckpointConfig": None,
    "DebugHookConfig": None,
    "TensorBoardOutputConfig": None,
    "ProfilerConfig": None,
    # The SDK asks for rules unbidden. They are not run, and Describe says so for each: Error, with the reason.
    "DebugRuleConfigurations": [_RULE],
    "ProfilerRuleConfigurations": [_RULE],
    "Environment": None,
    "RetryStrategy": None,
}
SECONDS_ALLOWED = 24 * 3600  # the platform's MaxRuntimeInSeconds when the request has none


def check(request: dict[str, Any], strict: bool = False) -> None:
    """Raise ValidationException for the first thing that would not be done. strict: or that has no effect here."""
    check_supported(request, SUPPORTED, "CreateTrainingJob", strict)
    for needed in ("AlgorithmSpecification", "ResourceConfig"):
        if needed not in request:
            raise ValidationException(f"{needed} is missing: the local SageMaker has no serverless jobs.")
    resources = request["ResourceConfig"]
    for needed in ("InstanceType", "InstanceCount"):
        if needed not in resources:
            raise ValidationException(
                f"ResourceConfig.{needed} is missing: the local SageMaker has no instance groups or plans."
            )
    if "TrainingImage" not in request["AlgorithmSpecification"]:
        raise ValidationException("AlgorithmSpecification.TrainingImage is missing.")
    names = [channel["ChannelName"] for channel in request.get("InputDataConfig", [])]
    for name in names:
        if names.count(name) > 1:
            raise ValidationException(f"InputDataConfig names the channel {name} twice.")
    for index, channel in enumerate(request.get("InputDataConfig", [])):
        if "S3DataSource" not in channel["DataSource"]:
            raise ValidationException(f"InputDataConfig[{index}].DataSource.S3DataSource is missing.")
    _check_synced_folders(request)
    _check_waiting_time(request)


def _check_synced_folders(request: dict[str, Any]) -> None:
    """Folders of the container that are kept in S3: absolute, and each for one purpose."""
    fields = ("CheckpointConfig", "DebugHookConfig", "TensorBoardOutputConfig")
    paths = {
        f"{field}.LocalPath": request[field]["LocalPath"].rstrip("/")
        for field in fields
        if "LocalPath" in request.get(field, {})
    }
    for name, path in paths.items():
        if not path.startswith("/"):
            raise ValidationException(
                f"{name} is {path or '/'}: it must be the absolute path of a folder, for instance /opt/ml/checkpoints."
            )
        if list(paths.values()).count(path) > 1:
            raise ValidationException(f"{name} is {path}, and so is another LocalPath of this request.")


def _check_waiting_time(request: dict[str, Any]) -> None:
    limits = request.get("StoppingCondition", {})
    waiting = limits.get("MaxWaitTimeInSeconds")
    if not request.get("EnableManagedSpotTraining"):
        if waiting is not None:
            raise ValidationException(
                "MaxWaitTimeInSeconds can only be specified when EnableManagedSpotTraining is true."
            )
        return
    if waiting is None:
        raise ValidationException(
            "MaxWaitTimeInSeconds above 0 must be specified when EnableManagedSpotTraining is true."
        )
    if waiting < limits.get("MaxRuntimeInSeconds", SECONDS_ALLOWED):
        raise ValidationException("MaxWaitTimeInSeconds must be greater than or equal to MaxRuntimeInSeconds.")
