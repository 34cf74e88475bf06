"""What moto does not have and is added to it: IAM's SimulatePrincipalPolicy, and scaling of inference components.

SimulatePrincipalPolicy is what the SageMaker Python SDK 3 asks before everything else. Policies are kept here and not
enforced: every holder of a key may do everything. So `allowed` is the true answer. SimulateCustomPolicy asks what a
policy says, which nothing here reads: it stays refused.
https://docs.aws.amazon.com/IAM/latest/APIReference/API_SimulatePrincipalPolicy.html

Of Application Auto Scaling, targets and policies are kept, and nothing is scaled by them. moto 5.2 does not know the
copies of inference components among what can be scaled.
https://docs.aws.amazon.com/autoscaling/application/APIReference/API_RegisterScalableTarget.html
"""

from collections.abc import Mapping, Sequence
from enum import Enum
from itertools import product
from typing import Any

from moto.core.responses import ActionResult
from moto.iam.models import IAMBackend
from moto.iam.responses import IamResponse

from local_test.api.logs import component_group, endpoint_group
from local_test.storage.moto_internals import check_moto

ANY_RESOURCE = "*"  # what is asked about where the request names no resource
SCALING = "application-autoscaling"  # in a signature's scope
COPIES_OF_A_COMPONENT = "sagemaker:inference-component:DesiredCopyCount"
REGISTER = "AnyScaleFrontendService.RegisterScalableTarget"  # X-Amz-Target


def add_policy_simulation() -> None:
    """From now on moto's IAM answers SimulatePrincipalPolicy."""
    IamResponse.simulate_principal_policy = _simulate_principal_policy  # type: ignore[attr-defined]


def evaluation_results(actions: Sequence[str], resources: Sequence[str]) -> list[dict[str, Any]]:
    """One result for each action on each resource, in their order."""
    return [
        {
            "EvalActionName": action,
            "EvalResourceName": resource,
            "EvalDecision": "allowed",
            "MatchedStatements": [],
            "MissingContextValues": [],
        }
        for action, resource in product(actions, resources or [ANY_RESOURCE])
    ]


def _simulate_principal_policy(response: IamResponse) -> ActionResult:
    """Raises moto's NoSuchEntity, as AWS does, for a user, group or role that was not created here."""
    _check_exists(response.backend, response._get_param("PolicySourceArn", ""))
    parameters = response._get_params()
    results = evaluation_results(parameters.get("ActionNames", []), parameters.get("ResourceArns", []))
    return ActionResult({"EvaluationResults": results, "IsTruncated": False})


def _check_exists(backend: IAMBackend, principal: str) -> None:
    """principal: an ARN."""
    kind, _, path = principal.rpartition(":")[2].partition("/")
    name = path.rpartition("/")[2]
    if kind == "user":
        backend.get_user(name)
    elif kind == "group":
        backend.get_group(name)
    else:
        backend.get_role_by_arn(principal)


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
