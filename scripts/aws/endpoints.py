"""The state of the endpoint and of its autoscaling, and waiting until the endpoint has the state that was asked for."""

import sys
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from contract.waits import minutes
from scripts.aws.clients import Aws
from scripts.aws.log_tail import LogTail, endpoint_group, print_last_lines
from scripts.aws.waiting import answers
from scripts.console.diagnosis import capacity_step
from scripts.console.failure import Failure, error_code, explain, is_denied
from scripts.console.make import make
from scripts.console.waits import Wait
from scripts.requests.autoscaling import copies_target, instances_target

# States in which AWS refuses DeleteEndpoint and UpdateEndpoint.
CHANGING = ("Creating", "Updating", "SystemUpdating", "RollingBack")
MINUTES_OF_CHANGE = 20  # until AWS gives up an endpoint whose containers do not answer, with its instances' start


def describe_endpoint(aws: Aws, name: str) -> dict[str, Any] | None:
    """DescribeEndpoint's answer, None when there is no endpoint of this name."""
    try:
        return aws.client("sagemaker").describe_endpoint(EndpointName=name)
    except ClientError as error:
        # The API has no code of its own for it.
        if error_code(error) == "ResourceNotFound" or "could not find" in str(error).lower():
            return None
        raise


def is_serverless(endpoint: dict[str, Any]) -> bool:
    """endpoint: DescribeEndpoint's answer."""
    variants = endpoint.get("ProductionVariants", [])
    return bool(variants) and all("CurrentServerlessConfig" in one for one in variants)


def hosts_components(endpoint: dict[str, Any]) -> bool:
    """Whether the model is an inference component's, and its instances come and go with its copies. endpoint:
    DescribeEndpoint's answer.
    """
    return any("ManagedInstanceScaling" in one for one in endpoint.get("ProductionVariants", []))


def registered_targets(aws: Aws) -> list[dict[str, Any]]:
    """What Application Auto Scaling has of the endpoint, as DeregisterScalableTarget takes it: its instances, or the
    copies of its inference component; nothing, too, when one may not ask.
    """
    targets = [target(aws.settings.prefix) for target in (instances_target, copies_target)]
    try:
        found = aws.client("application-autoscaling").describe_scalable_targets(
            ServiceNamespace=targets[0]["ServiceNamespace"], ResourceIds=[one["ResourceId"] for one in targets]
        )["ScalableTargets"]
        return [one for one in targets if one["ResourceId"] in [it["ResourceId"] for it in found]]
    except ClientError as error:
        if not is_denied(error):
            raise
        print(f"warning: the endpoint is taken to have no autoscaling. {explain(error)}", file=sys.stderr)
        return []


def wait_until_in_service(aws: Aws, name: str, config: str, since: int) -> None:
    """Wait until the endpoint serves the endpoint config named `config`, telling every state on stderr.

    Raises Failure with the service's reason after the last log lines (those after `since`, UTC in milliseconds) when it
    does not come to that: it failed, it went back to the earlier config, it is gone, or asking has become impossible.
    """
    told = None
    endpoint: dict[str, Any] = {}
    try:
        with Wait(f"the endpoint {name}", is_told=True) as wait:
            for passed, found in answers(lambda: describe_endpoint(aws, name)):
                if found is None:
                    raise Failure(f"The endpoint {name} is gone: something else has deleted it.")
                endpoint = found
                status = endpoint["EndpointStatus"]
                if status != told:
                    told = status
                    wait.says(f"endpoint {name}: {status}")
                    print(f"[{minutes(passed)}] endpoint {name}: {status}", file=sys.stderr, flush=True)
                if status == "InService" and endpoint["EndpointConfigName"] == config:
                    return
                if status in ("InService", "Failed", "UpdateRollbackFailed", "OutOfService"):
                    break
    except (ClientError, BotoCoreError) as error:
        raise Failure(
            f"{explain(error)} {name} goes on all the same: `{make('status')}` tells how far it is."
        ) from error
    print_last_lines(LogTail(aws.client("logs"), endpoint_group(name), since=since, optional=True))
    reason = endpoint.get("FailureReason", "SageMaker gave no reason").rstrip(".")
    if status == "InService":
        raise Failure(f"The endpoint {name} went back to {endpoint['EndpointConfigName']}: {reason}.")
    if step := capacity_step(reason, "deploy.instance-types"):
        reason = f"{reason}. {step.rstrip('.')}"
    raise Failure(f"The endpoint {name} is {status}: {reason}. Mend it and deploy again, or run `{make('delete')}`.")


def wait_until_changeable(aws: Aws, name: str) -> None:
    """Wait until the endpoint has come to a state in which AWS lets it be deleted, telling how long that takes."""
    told = None
    with Wait(f"the endpoint {name}, which is changing", is_told=True):
        for passed, endpoint in answers(lambda: describe_endpoint(aws, name)):
            status = endpoint["EndpointStatus"] if endpoint else None
            if status not in CHANGING:
                return
            if status != told:
                told = status
                print(
                    f"[{minutes(passed)}] endpoint {name}: {status}. It can be deleted when that is over, which takes "
                    f"up to {MINUTES_OF_CHANGE} minutes; then it is.",
                    file=sys.stderr,
                    flush=True,
                )


def wait_until_gone(aws: Aws, name: str) -> None:
    """Wait for the end of an endpoint whose deletion was asked for. Raises Failure when its deletion fails."""
    was_deleting = False
    with Wait(f"the deletion of the endpoint {name}", is_told=True):
        for _, endpoint in answers(lambda: describe_endpoint(aws, name)):
            if endpoint is None:
                return
            status = endpoint["EndpointStatus"]
            if status == "Deleting" and not was_deleting:
                print(f"endpoint {name}: Deleting", file=sys.stderr, flush=True)
            elif status != "Deleting" and was_deleting:
                raise Failure(
                    f"The endpoint {name} could not be deleted; it is {status}: "
                    f"{endpoint.get('FailureReason', 'no reason given')}"
                )
            was_deleting = status == "Deleting"
