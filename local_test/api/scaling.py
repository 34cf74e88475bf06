"""Application Auto Scaling, as far as it is here: targets and policies are kept, and nothing is scaled by them.

moto 5.2 does not know the copies of inference components among what can be scaled.
https://docs.aws.amazon.com/autoscaling/application/APIReference/API_RegisterScalableTarget.html
"""

from collections.abc import Mapping
from enum import Enum
from typing import Any

from local_test.api.log_names import component_group, endpoint_group
from local_test.storage.moto_internals import check_moto

SCALING = "application-autoscaling"  # in a signature's scope
COPIES_OF_A_COMPONENT = "sagemaker:inference-component:DesiredCopyCount"
REGISTER = "AnyScaleFrontendService.RegisterScalableTarget"  # X-Amz-Target


def add_copies_of_components() -> None:
    """From now on moto takes the copies of inference components as something that can be scaled."""
    check_moto("scaling")
    from moto.applicationautoscaling import models, responses  # EC2 comes along, which only those who scale wait for

    known_by = "ScalableDimensionValueSet"
    known = {one.name: one.value for one in models.ScalableDimensionValueSet}
    if COPIES_OF_A_COMPONENT in known.values():
        return
    added = {"SAGEMAKER_INFERENCE_COMPONENT_DESIRED_COPY_COUNT": COPIES_OF_A_COMPONENT}
    more = Enum(known_by, {**known, **added})  # type: ignore[misc] # one with members stays as it is
    for module in (models, responses):  # the second has imported it from the first
        setattr(module, known_by, more)


def said_of_target(request: Mapping[str, Any]) -> tuple[str, str] | None:
    """The log group of what a RegisterScalableTarget is about, and the line for it; None for another service's.

    request: of RegisterScalableTarget.
    """
    kind, _, name = str(request.get("ResourceId", "")).partition("/")
    name = name.partition("/")[0]
    if request.get("ServiceNamespace") != "sagemaker" or not name:
        return None
    groups = {"endpoint": (endpoint_group, "instances"), "inference-component": (component_group, "copies")}
    if kind not in groups:
        return None
    group, what = groups[kind]
    return group(name), (
        f"Without effect in the local SageMaker, where everything runs on this machine: RegisterScalableTarget. Its "
        f"policies are kept, and the {what} stay as many as they are."
    )
