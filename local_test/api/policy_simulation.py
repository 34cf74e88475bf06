"""IAM's SimulatePrincipalPolicy, which moto does not have and the SageMaker Python SDK 3 asks before everything else.

Policies are kept here and not enforced: every holder of a key may do everything. So `allowed` is the true answer.
SimulateCustomPolicy asks what a policy says, which nothing here reads: it stays refused.
https://docs.aws.amazon.com/IAM/latest/APIReference/API_SimulatePrincipalPolicy.html"""

from collections.abc import Sequence
from itertools import product
from typing import Any

from moto.core.responses import ActionResult
from moto.iam.models import IAMBackend
from moto.iam.responses import IamResponse

ANY_RESOURCE = "*"  # what is asked about where the request names no resource


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
