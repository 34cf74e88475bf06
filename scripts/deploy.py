"""`python -m scripts.deploy`: bring a trained model behind the endpoint; a second time, update it without a gap.

Makes a model and an endpoint config, then creates or updates the endpoint, waits for it, and sets its autoscaling. An
endpoint that scales to zero has its model by an inference component, which is what a second time updates.
"""

import argparse
import sys
import time
from collections.abc import Callable
from datetime import UTC
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from scripts.aws.all_or_nothing import make_all
from scripts.aws.before_creation import before_creation
from scripts.aws.clients import Aws, Call, as_json
from scripts.aws.components import DELETE as DELETE_COMPONENT
from scripts.aws.components import (
    bringing_call,
    check_host,
    component_of,
    removal_calls,
    remove_component,
    wait_until_component_in_service,
)
from scripts.aws.endpoint_end import EndMaker, end_calls, in_words, now
from scripts.aws.endpoints import (
    describe_endpoint,
    is_serverless,
    wait_until_gone,
    wait_until_in_service,
)
from scripts.aws.image import serving_image_uri
from scripts.aws.machines import of_endpoint
from scripts.aws.model_data import check_owner, find_model_data
from scripts.aws.scaling import scaling_calls, set_scaling, taking_back_calls
from scripts.config import names
from scripts.config.settings import load_settings
from scripts.console.document import add_json_option, document
from scripts.console.failure import Failure, ends_with_a_sentence, explain
from scripts.console.make import make
from scripts.requests.endpoint import (
    create_endpoint_request,
    endpoint_config_request,
    model_request,
    update_endpoint_request,
)
from scripts.requests.endpoint_end import lifetime
from scripts.requests.inference_component import host_config_request
from scripts.requests.instances import preferred_types


@ends_with_a_sentence
def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="deploy", description="Create the endpoint, or update it.")
    which = parser.add_mutually_exclusive_group()
    which.add_argument("--job", help="the training job whose model is served; default: the newest Completed")
    which.add_argument("--model-data", metavar="URI", help="a model.tar.gz in S3")
    parser.add_argument(
        "--for",
        dest="lifetime",
        metavar="TIME",
        help="how long the endpoint stays, such as 4h or 1d12h: AWS deletes it then by itself; default: until `delete`",
    )
    parser.add_argument("--dry-run", action="store_true", help="print the requests, change nothing")
    add_json_option(parser)
    args = parser.parse_args(arguments)
    stays = lifetime(args.lifetime) if args.lifetime else None
    found = document(args.json)
    settings = load_settings()
    if stays and settings.scales_to_zero:
        raise Failure(
            "--for does not go with autoscaling.min-instances 0 of a realtime endpoint: AWS deletes no endpoint that "
            f"has an inference component. At zero instances it costs nothing, and `{make('delete')}` removes it."
        )
    aws = Aws(settings)
    role_arn = aws.role_arn
    job, model_data = (None, args.model_data) if args.model_data else find_model_data(aws, args.job)
    version, name = names.version(settings.prefix, names.timestamp()), names.endpoint(settings.prefix)
    serverless = settings.deploy.mode == "serverless"

    model = model_request(
        settings,
        name=version,
        image=serving_image_uri(aws, () if serverless else preferred_types(settings.deploy)),
        model_data=model_data,
        role_arn=role_arn,
        serverless=serverless,
    )
    if settings.scales_to_zero:
        config = host_config_request(settings, name=version, role_arn=role_arn)
    else:
        config = endpoint_config_request(settings, aws.layout, name=version, model=version)
    ends = now() + stays if stays else None
    end = end_calls(aws, ends)
    present = describe_endpoint(aws, name)
    component = component_of(aws, present)
    removed = removal_calls(present, component)
    change = endpoint_calls(aws, present, version)  # none where only its inference component changes
    creating = [Call("sagemaker", "CreateModel", model)]
    creating += [Call("sagemaker", "CreateEndpointConfig", config)] if change else []
    # A new end comes first, since it may be refused; an earlier one goes when the endpoint is about to change.
    creating = [*end, *creating] if ends else [*creating, *end]
    bring = [*taking_back_calls(aws, present, is_anew=bool(removed)), *removed, *change]
    onto = [bringing_call(aws, None if removed else component, model=version)] if settings.scales_to_zero else []
    scale = scaling_calls(settings)
    if args.dry_run:
        found.write_text(as_json([*creating, *bring, *onto, *scale]))
        return 0

    check_owner(aws, model_data)
    if machines := of_endpoint(settings, stays.total_seconds() if stays else None):
        before_creation(aws, machines)
    ends_utc = ends.replace(tzinfo=UTC) if ends else None
    served = version if change or not present else present["EndpointConfigName"]
    found.update(endpoint=name, config=served, model_data=model_data, job=job, ends=ends_utc)
    print(f"serving {model_data}" + (f" of {job}" if job else ""), file=sys.stderr)
    if serverless and settings.deploy.network_isolation:
        print("a serverless endpoint cannot have network isolation: its container reaches the network", file=sys.stderr)
    since = int(time.time() * 1000)
    ender = EndMaker(aws)

    def bring_about(call: Call) -> None:
        if call in end:
            ender.make(call)
            return
        print(f"{call.operation}: {call.request.get('EndpointName') or version}", file=sys.stderr)
        if call.operation == DELETE_COMPONENT:
            remove_component(aws, call)
            return
        aws.make(call)
        if call.operation == "DeleteEndpoint":
            wait_until_gone(aws, name)

    try:
        make_all(aws, [*creating, *bring, *([] if change else onto)], bring_about)
        if change:
            wait_until_in_service(aws, name, version, since)
            bring_onto(name, onto, bring_about)
        if onto:
            wait_until_component_in_service(aws, names.inference_component(settings.prefix), version, since)
    except Failure as failure:
        taken = any(call.operation == "DeregisterScalableTarget" for call in bring)
        raise Failure(
            f"{failure} Its autoscaling was taken back: deploy again for that." if taken else str(failure)
        ) from failure
    except KeyboardInterrupt:
        left = " Its autoscaling is not set: deploy again for that." if scale else ""
        print(f"\n{name} keeps running: `{make('status')}` tells how far it is.{left}", file=sys.stderr)
        return 130
    found.update(status="InService")
    print(f"endpoint {name} is in service with {version}", flush=True)
    set_scaling(aws, scale)
    costs = "costs nothing at zero instances, and is there" if settings.scales_to_zero else "costs"
    until = f"is deleted at {in_words(ends)}, or by" if ends else f"{costs if settings.costs.say else 'stays'} until"
    print(f"next: {make('predict')} PICTURE=dog.jpg or {make('try')}; the endpoint {until} {make('delete')}")
    return 0


def bring_onto(endpoint: str, calls: list[Call], make_call: Callable[[Call], None]) -> None:
    """Make the calls that bring the model onto the endpoint of this name, which is in service. Raises Failure."""
    try:
        for call in calls:
            make_call(call)
    except (ClientError, BotoCoreError) as error:
        raise Failure(
            f"{explain(error)} The endpoint {endpoint} is in service without a model, and costs while it has an "
            f"instance: deploy again, or run `{make('delete')}`."
        ) from error


def endpoint_calls(aws: Aws, endpoint: dict[str, Any] | None, config: str) -> list[Call]:
    """The calls that bring the endpoint to the endpoint config named `config`; none where it stays as it is, since its
    model is an inference component's. endpoint: its description, None without one.

    Raises Failure when it is in a state in which it takes no update.
    """
    create = Call("sagemaker", "CreateEndpoint", create_endpoint_request(aws.settings, config=config))
    if endpoint is None:
        return [create]
    name, status = endpoint["EndpointName"], endpoint["EndpointStatus"]
    wanted, is_async, serverless = aws.settings.deploy.mode, "AsyncInferenceConfig" in endpoint, is_serverless(endpoint)
    if status == "InService" and (wanted == "async") != is_async:
        raise Failure(
            f"The endpoint {name} is {'' if is_async else 'not '}async and cannot become {wanted}. Run "
            f"`{make('delete')}`, then deploy again."
        )
    if status == "InService" and wanted == "serverless" and not serverless:
        # https://docs.aws.amazon.com/sagemaker/latest/dg/serverless-endpoints.html
        raise Failure(
            f"The endpoint {name} has instances and cannot become serverless. Run `{make('delete')}`, then deploy "
            "again."
        )
    if status == "InService":
        check_host(aws, endpoint)
        if aws.settings.scales_to_zero:
            return []
        return [
            Call(
                "sagemaker",
                "UpdateEndpoint",
                update_endpoint_request(aws.settings, config=config, serverless=serverless),
            )
        ]
    if status == "Failed":  # deleting is all that a failed endpoint allows, and it serves nothing
        return [Call("sagemaker", "DeleteEndpoint", {"EndpointName": name}), create]
    raise Failure(
        f"The endpoint {name} is {status} and takes no update. Where that is a change under way, wait until "
        f"`{make('status')}` says InService or Failed; otherwise run `{make('delete')}`, then deploy again."
    )


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
