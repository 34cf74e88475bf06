"""What a CreateTrainingJob request may ask for here, and what AWS itself would refuse although each field is sound."""

from typing import Any

from local_test.api.errors import ValidationException
from local_test.api.request_validation import has_local_storage, volume_key_problem
from local_test.api.supported_fields import check_supported
from local_test.training.instances import of_preferences, preference_problems, selected
from local_test.training.rule_statuses import RULES

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
    # A container has no instance of its own here: the type is only passed on to it, the volume is this machine's disk.
    "ResourceConfig": {
        "InstanceType": None,
        "InstanceCount": None,
        "VolumeSizeInGB": None,
        "InstancePreferences": [{"InstanceType": None, "InstanceCount": None}],
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
    "RemoteDebugConfig": {"EnableRemoteDebug": None},  # the job's log says how to open a shell
}
MOST_SECONDS = 28 * 24 * 3600
PROFILING_INTERVALS = (100, 200, 500, 1000, 5000, 60_000)
SECONDS_ALLOWED = 24 * 3600  # the platform's MaxRuntimeInSeconds when the request has none


def check(request: dict[str, Any], strict: bool = False) -> None:
    """Raise ValidationException for the first thing that would not be done. strict: or that has no effect here."""
    check_supported(request, SUPPORTED, "CreateTrainingJob", strict)
    for needed in ("AlgorithmSpecification", "ResourceConfig"):
        if needed not in request:
            raise ValidationException(f"{needed} is missing: the local SageMaker has no serverless jobs.")
    _check_instances(request["ResourceConfig"], request.get("EnableManagedSpotTraining", False))
    if "TrainingImage" not in request["AlgorithmSpecification"]:
        raise ValidationException("AlgorithmSpecification.TrainingImage is missing. Give the image that trains.")
    names = [channel["ChannelName"] for channel in request.get("InputDataConfig", [])]
    for name in names:
        if names.count(name) > 1:
            raise ValidationException(f"InputDataConfig names the channel {name} twice.")
    for index, channel in enumerate(request.get("InputDataConfig", [])):
        if "S3DataSource" not in channel["DataSource"]:
            raise ValidationException(f"InputDataConfig[{index}].DataSource.S3DataSource is missing.")
    _check_synced_folders(request)
    _check_time_limits(request)
    _check_debugger(request)


def _check_instances(resources: dict[str, Any], spot: bool) -> None:
    if "InstancePreferences" in resources:
        for problem in preference_problems(resources, spot):
            raise ValidationException(problem)
    else:
        for needed in ("InstanceType", "InstanceCount"):
            if needed not in resources:
                raise ValidationException(
                    f"ResourceConfig.{needed} is missing: the local SageMaker has no instance groups or plans."
                )
    _, count = selected(resources)
    if count < 1:
        raise ValidationException(
            f"1 validation error detected: Value '{count}' at 'resourceConfig.instanceCount' "
            "failed to satisfy constraint: Member must have value greater than or equal to 1"
        )
    for kind in of_preferences(resources):
        if not resources.get("VolumeSizeInGB") and not has_local_storage(kind):
            raise ValidationException(
                f"ResourceConfig.VolumeSizeInGB is missing: {kind} has no storage of its own. Give its size in GB, for "
                "instance 30."
            )
        if key_problem := volume_key_problem("ResourceConfig.VolumeKmsKeyId", kind, resources.get("VolumeKmsKeyId")):
            raise ValidationException(key_problem)


def _check_synced_folders(request: dict[str, Any]) -> None:
    """Folders of the container that are synchronised to S3: absolute, and each for one purpose."""
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


def _check_debugger(request: dict[str, Any]) -> None:
    """What botocore's documentation, not its constraints, says of the fields of Debugger."""
    interval = request.get("ProfilerConfig", {}).get("ProfilingIntervalInMilliseconds")
    if interval is not None and interval not in PROFILING_INTERVALS:
        raise ValidationException(
            f"ProfilerConfig.ProfilingIntervalInMilliseconds is {interval}: it must be one of "
            f"{', '.join(map(str, PROFILING_INTERVALS))}."
        )
    for what, name_field, configurations in (
        *(("rule configuration", "RuleConfigurationName", request.get(rules, [])) for rules in RULES),
        ("collection", "CollectionName", request.get("DebugHookConfig", {}).get("CollectionConfigurations", [])),
    ):
        names = [one.get(name_field) for one in configurations]
        for name in names:
            if name is not None and names.count(name) > 1:
                raise ValidationException(f"The {what} {name} is there twice. Give each a {name_field} of its own.")


def _check_time_limits(request: dict[str, Any]) -> None:
    limits = request.get("StoppingCondition", {})
    waiting = limits.get("MaxWaitTimeInSeconds")
    if limits.get("MaxRuntimeInSeconds", 0) > MOST_SECONDS:
        raise ValidationException(
            f"StoppingCondition.MaxRuntimeInSeconds is {limits['MaxRuntimeInSeconds']}: a training job runs for at "
            f"most 28 days, {MOST_SECONDS} seconds."
        )
    if request.get("EnableManagedSpotTraining") and request["ResourceConfig"].get("KeepAlivePeriodInSeconds"):
        raise ValidationException(
            "KeepAlivePeriodInSeconds cannot be specified when EnableManagedSpotTraining is true: warm pools are not "
            "for spot instances."
        )
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
