"""The inference component of an endpoint that scales to zero: its state, waiting for it, and its end.

https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_DescribeInferenceComponent.html
"""

import sys
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from contract.waits import minutes
from scripts.aws.clients import Aws, Call
from scripts.aws.endpoints import MINUTES_OF_CHANGE, hosts_components
from scripts.aws.log_tail import LogTail, component_group, print_last_lines
from scripts.aws.waiting import answers
from scripts.config.names import inference_component
from scripts.console.diagnosis import capacity_step
from scripts.console.failure import Failure, error_code, explain
from scripts.console.make import make
from scripts.console.waits import Wait
from scripts.requests.inference_component import (
    create_component_request,
    host_config_request,
    update_component_request,
)

CHANGING = ("Creating", "Updating")
DELETE = "DeleteInferenceComponent"


def describe_component(aws: Aws, name: str) -> dict[str, Any] | None:
    """DescribeInferenceComponent's answer, None when there is none of this name."""
    try:
        return aws.client("sagemaker").describe_inference_component(InferenceComponentName=name)
    except ClientError as error:
        # As of endpoints, the API has no code of its own for it.
        said = str(error).lower()
        if error_code(error) == "ResourceNotFound" or "could not find" in said or "not found" in said:
            return None
        raise


def component_of(aws: Aws, endpoint: dict[str, Any] | None) -> dict[str, Any] | None:
    """The description of the project's component on the endpoint. endpoint: DescribeEndpoint's answer."""
    if endpoint is None or not hosts_components(endpoint):
        return None
    return describe_component(aws, inference_component(aws.settings.prefix))


def removal_calls(endpoint: dict[str, Any] | None, component: dict[str, Any] | None) -> list[Call]:
    """The call that removes a component which cannot be updated, since it or its endpoint has failed."""
    if component is None or "Failed" not in (
        component["InferenceComponentStatus"],
        endpoint and endpoint["EndpointStatus"],
    ):
        return []
    return [Call("sagemaker", DELETE, {"InferenceComponentName": component["InferenceComponentName"]})]


def bringing_call(aws: Aws, component: dict[str, Any] | None, *, model: str) -> Call:
    """The call that brings the model onto the endpoint. component: the description of one that stays, None without one.

    Raises Failure when it is in a state in which it takes no update.
    """
    if component is None:
        return Call("sagemaker", "CreateInferenceComponent", create_component_request(aws.settings, model=model))
    if component["InferenceComponentStatus"] == "InService":
        return Call("sagemaker", "UpdateInferenceComponent", update_component_request(aws.settings, model=model))
    raise Failure(
        f"The inference component {component['InferenceComponentName']} is {component['InferenceComponentStatus']} and "
        f"takes no update. Wait until `{make('status')}` says something else."
    )


def wait_until_component_in_service(aws: Aws, name: str, model: str, since: int) -> None:
    """Wait until the component serves the model of this name, telling every state on stderr.

    Raises Failure with the service's reason after the last log lines (those after `since`, UTC in milliseconds) when it
    does not come to that.
    """
    told = None
    found: dict[str, Any] | None = None
    try:
        with Wait(f"the inference component {name}", is_told=True) as wait:
            for passed, found in answers(lambda: describe_component(aws, name)):
                status = found["InferenceComponentStatus"] if found else "gone"
                if status != told:
                    told = status
                    wait.says(f"inference component {name}: {status}")
                    print(f"[{minutes(passed)}] inference component {name}: {status}", file=sys.stderr, flush=True)
                if status not in CHANGING:
                    break
    except (ClientError, BotoCoreError) as error:
        raise Failure(
            f"{explain(error)} {name} goes on all the same: `{make('status')}` tells how far it is."
        ) from error
    if found is None:
        raise Failure(f"The inference component {name} is gone: something else has deleted it.")
    served = found.get("Specification", {}).get("ModelName")
    if told == "InService" and served == model:
        return
    print_last_lines(LogTail(aws.client("logs"), component_group(name), since=since, optional=True))
    reason = found.get("FailureReason", "SageMaker gave no reason").rstrip(".")
    if told == "InService":
        raise Failure(f"The inference component {name} went back to {served}: {reason}.")
    if step := capacity_step(reason, "deploy.instance-type"):
        reason = f"{reason}. {step.rstrip('.')}"
    raise Failure(
        f"The inference component {name} is {told}: {reason}. Mend it and deploy again, or run `{make('delete')}`: the "
        "endpoint costs while it has an instance."
    )


def remove_component(aws: Aws, call: Call) -> None:
    """Make the call, as soon as AWS lets it be made, and wait until the component is gone, which its endpoint must wait
    for. call: DeleteInferenceComponent. Raises Failure when the deletion fails.
    """
    name = call.request["InferenceComponentName"]
    told, asked, was_deleting = None, False, False
    with Wait(f"the deletion of the inference component {name}", is_told=True):
        for passed, found in answers(lambda: describe_component(aws, name)):
            if found is None:
                return
            status = found["InferenceComponentStatus"]
            if status != told:
                told = status
                until = "" if status not in CHANGING else f", which may take {MINUTES_OF_CHANGE} minutes; then it goes"
                print(f"[{minutes(passed)}] inference component {name}: {status}{until}", file=sys.stderr, flush=True)
            if was_deleting and status != "Deleting":
                reason = found.get("FailureReason", "no reason given")
                raise Failure(f"The inference component {name} could not be deleted; it is {status}: {reason}")
            was_deleting = status == "Deleting"
            if not asked and not was_deleting and status not in CHANGING:
                aws.make(call)
                asked = True


def check_host(aws: Aws, endpoint: dict[str, Any]) -> None:
    """Raise Failure where the endpoint, which is in service, would have to become one of another kind, or of other
    machines under its inference component. endpoint: DescribeEndpoint's answer.
    """
    name, settings, again = endpoint["EndpointName"], aws.settings, f"Run `{make('delete')}`, then deploy again."
    if hosts_components(endpoint) != settings.scales_to_zero:
        has, wants = "a model of its own", "one that scales to zero, by an inference component"
        if hosts_components(endpoint):
            has, wants = "its model by an inference component", "one without"
        raise Failure(f"The endpoint {name} has {has} and cannot become {wants}. {again}")
    if not settings.scales_to_zero:
        return
    config = aws.client("sagemaker").describe_endpoint_config(EndpointConfigName=endpoint["EndpointConfigName"])
    [present], wanted = config["ProductionVariants"], host_config_request(settings, name=name, role_arn="")
    [variant] = wanted["ProductionVariants"]
    is_, shall_be = present.get("ManagedInstanceScaling", {}), variant["ManagedInstanceScaling"]
    differ = {
        "deploy.instance-type": present.get("InstanceType") != variant["InstanceType"],
        "deploy.cuda": present.get("InferenceAmiVersion") != variant.get("InferenceAmiVersion"),
        "deploy.network-isolation": config.get("EnableNetworkIsolation", False) != wanted["EnableNetworkIsolation"],
        "autoscaling.max-instances": is_.get("MaxInstanceCount") != shall_be["MaxInstanceCount"],
    }
    if others := [setting for setting, differs in differ.items() if differs]:
        raise Failure(
            f"The endpoint {name} was made with another {' and another '.join(others)}, and these scripts change only "
            f"the model of an inference component in service. {again}"
        )
