"""Which fields of a request the local SageMaker acts on, and which it takes though they have no effect on one machine.

Any other field is refused by name: dropping one would be a lie."""

import re
from typing import Any

from local_test.api.errors import ValidationException

_KEY = ("",)  # an empty KMS key is none
_OFF = (False,)
_REPOSITORY = ({"RepositoryAccessMode": "Platform"},)
_TRAINING: dict[str, tuple[Any, ...]] = {
    "VpcConfig": (),
    "EnableInterContainerTrafficEncryption": _OFF,
    "OutputDataConfig.KmsKeyId": _KEY,
    "ResourceConfig.VolumeKmsKeyId": _KEY,
    "ResourceConfig.KeepAlivePeriodInSeconds": (0,),
    "ResourceConfig.TrainingPlanArn": (),
    "ResourceConfig.InstancePreferences[].TrainingPlanArns": (),
    "ResourceConfig.InstancePlacementConfig": (),
    "StoppingCondition.MaxPendingTimeInSeconds": (),  # for an instance; here none is waited for
    "InputDataConfig[].DataSource.S3DataSource.ModelAccessConfig": (),
}
_COMPONENT: dict[str, tuple[Any, ...]] = {
    "Specification.Container.ContainerMetricsConfig": (),
    "Specification.DataCacheConfig": ({"EnableCaching": False},),
    "Specification.SchedulingConfig": (),
}
# Operation -> field -> values of it that ask for nothing. Any other value would have an effect on AWS alone: keys
# and networks of the account, capacity, and what stands beside the job or endpoint without changing what it does.
WITHOUT_EFFECT: dict[str, dict[str, tuple[Any, ...]]] = {
    "CreateTrainingJob": {
        **_TRAINING,
        "AlgorithmSpecification.TrainingImageConfig": ({"TrainingRepositoryAccessMode": "Platform"},),
        "ExperimentConfig": (),
        "InfraCheckConfig": ({"EnableInfraCheck": False},),
        "SessionChainingConfig": ({"EnableSessionTagChaining": False},),
    },
    "CreateHyperParameterTuningJob": {
        **{f"TrainingJobDefinition.{field}": nothing for field, nothing in _TRAINING.items()},
        "TrainingJobDefinition.HyperParameterTuningResourceConfig.VolumeKmsKeyId": _KEY,
    },
    "CreateTransformJob": {
        "TransformOutput.KmsKeyId": _KEY,
        "TransformResources.VolumeKmsKeyId": _KEY,
        "ExperimentConfig": (),
    },
    "CreateProcessingJob": {
        "NetworkConfig.VpcConfig": (),
        "NetworkConfig.EnableInterContainerTrafficEncryption": _OFF,
        "ProcessingOutputConfig.KmsKeyId": _KEY,
        "ProcessingResources.ClusterConfig.VolumeKmsKeyId": _KEY,
        "ExperimentConfig": (),
    },
    "CreateModel": {
        "VpcConfig": (),
        **{
            f"{container}.{field}": nothing
            for container in ("PrimaryContainer", "Containers[]")
            for field, nothing in {
                "ImageConfig": _REPOSITORY,
                "ContainerMetricsConfig": (),
                "ModelDataSource.S3DataSource.ModelAccessConfig": (),
            }.items()
        },
    },
    "CreateEndpointConfig": {
        "KmsKeyId": _KEY,
        "VpcConfig": (),
        "MetricsConfig": (),
        "CrossRegionTrafficConfig": (),
        "DataCaptureConfig.KmsKeyId": _KEY,
        "AsyncInferenceConfig.OutputConfig.KmsKeyId": _KEY,
        "AsyncInferenceConfig.OutputConfig.NotificationConfig": (),
        "ProductionVariants[].AcceleratorType": (),
        "ProductionVariants[].CapacityReservationConfig": (),
        "ProductionVariants[].CoreDumpConfig": (),
        "ProductionVariants[].EnableSSMAccess": _OFF,
        "ProductionVariants[].ManagedInstanceScaling": ({"Status": "DISABLED"},),
        "ProductionVariants[].VariantInstanceProvisionTimeoutInSeconds": (),
    },
    "CreateInferenceComponent": _COMPONENT,
    "UpdateInferenceComponent": {**_COMPONENT, "DeploymentConfig.RollingUpdatePolicy": ()},
}


def check_supported(
    request: dict[str, Any], supported: dict[str, Any], operation: str = "", strict: bool = False, at: str = ""
) -> None:
    """Raise ValidationException for the first field, or value of a field, that would be ignored.

    Args:
        request: or a part of one.
        supported: field -> None (every value is supported), a tuple of the values that are, a dict of fields, or a list
            of one element that describes each element.
        operation: its fields in WITHOUT_EFFECT are taken, too.
        strict: they are not.
        at: where the part stands in the request, such as `OutputDataConfig.`.
    """
    for name, value in request.items():
        path = f"{at}{name}"
        if (nothing := _values_that_ask_for_nothing(operation, path)) is not None:
            if strict and value is not None and value not in nothing:
                raise ValidationException(
                    f"{path} has no effect in the local SageMaker, which was started with --strict. Remove it from the "
                    "request, or start the service with --no-strict."
                )
            continue
        if name not in supported:
            raise ValidationException(
                f"The local SageMaker does not support {path}. Remove it from the request, or send the request to AWS."
            )
        allowed = supported[name]
        if value is None:
            continue
        if isinstance(allowed, tuple) and value not in allowed:
            raise ValidationException(
                f"The local SageMaker supports {path} only as {' or '.join(map(str, allowed))}, not {value!r}."
            )
        if isinstance(allowed, dict):
            check_supported(value, allowed, operation, strict, f"{path}.")
        if isinstance(allowed, list):
            for index, element in enumerate(value):
                check_supported(element, allowed[0], operation, strict, f"{path}[{index}].")


def without_effect(operation: str, request: dict[str, Any]) -> list[str]:
    """The fields of a request that has passed `check_supported` which were taken without effect, such as
    `OutputDataConfig.KmsKeyId`. request: may have other fields, too, as the record of a job has.
    """
    return [
        field
        for field, nothing in WITHOUT_EFFECT[operation].items()
        if any(value is not None and value not in nothing for value in _values(request, field.split(".")))
    ]


def without_effect_line(fields: list[str]) -> str:
    """For the log of the job or the endpoint."""
    return f"Without effect in the local SageMaker, where everything runs on this machine: {', '.join(fields)}."


def _values_that_ask_for_nothing(operation: str, path: str) -> tuple[Any, ...] | None:
    return WITHOUT_EFFECT.get(operation, {}).get(re.sub(r"\[\d+\]", "[]", path))


def _values(part: Any, steps: list[str]) -> list[Any]:
    """What stands at a field, of all elements where it is in a list. steps: `ProductionVariants[]`, `KmsKeyId`."""
    if not steps:
        return [part]
    name, of_list = steps[0].removesuffix("[]"), steps[0].endswith("[]")
    found = part.get(name) if isinstance(part, dict) else None
    if found is None:
        return []
    return [value for one in (found if of_list else [found]) for value in _values(one, steps[1:])]
