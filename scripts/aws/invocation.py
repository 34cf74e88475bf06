"""One request to the endpoint, whichever way it takes requests, and why one has no answer."""

from collections.abc import Callable
from dataclasses import dataclass

from botocore.exceptions import ClientError

from scripts.aws.async_invocation import invoke_async
from scripts.aws.clients import Aws
from scripts.aws.endpoints import describe_endpoint, hosts_components
from scripts.config.names import inference_component
from scripts.console.failure import Failure, error_code, explain
from scripts.console.make import make


@dataclass(frozen=True)
class Answer:
    """custom_attributes: those that the container set; "" where it set none, and of an async endpoint."""

    body: bytes
    custom_attributes: str = ""


# Of a body, its content type and the request's CustomAttributes, "" for none.
Send = Callable[[bytes, str, str], Answer]


def sender(aws: Aws, name: str) -> Send:
    """A function that sends one body to the endpoint and returns its answer. It may be called from several threads.

    Raises Failure when there is no endpoint or it takes no requests yet.
    """
    description = describe_endpoint(aws, name)
    if description is None:
        raise Failure(f"There is no endpoint {name} in {aws.region}. Run `{make('deploy')}`.")
    if description["EndpointStatus"] in ("Creating", "Failed", "Deleting", "OutOfService"):
        reason = description.get("FailureReason", "it takes no requests now").rstrip(".")
        raise Failure(
            f"The endpoint {name} is {description['EndpointStatus']}: {reason}. `{make('status')}` tells when it is "
            f"InService, and `{make('deploy')}` makes one that is Failed anew."
        )
    runtime = aws.client("sagemaker-runtime")
    if "AsyncInferenceConfig" in description:
        s3, layout = aws.client("s3"), aws.layout

        def send(body: bytes, content_type: str, custom_attributes: str) -> Answer:
            return Answer(invoke_async(runtime, s3, layout, name, body, content_type, custom_attributes))
    else:
        of = {"EndpointName": name}
        if hosts_components(description):
            of["InferenceComponentName"] = inference_component(aws.settings.prefix)

        def send(body: bytes, content_type: str, custom_attributes: str) -> Answer:
            request = {**of, "ContentType": content_type, "Accept": "application/json", "Body": body}
            if custom_attributes:
                request["CustomAttributes"] = custom_attributes
            said = runtime.invoke_endpoint(**request)
            return Answer(said["Body"].read(), said.get("CustomAttributes", ""))

    return send


def model_error(error: ClientError) -> tuple[int, str] | None:
    """Status and body of an answer that the container gave as an error; None for an error that is AWS's own."""
    if error_code(error) != "ModelError":
        return None
    return error.response.get("OriginalStatusCode", 0), error.response.get("OriginalMessage") or explain(error)
