"""One request to the endpoint, whether it is realtime, async, or has scaled to zero, and why one has no answer.

Of an async endpoint the picture and its answer both go through S3. One at zero instances refuses each request, which
brings an instance.
https://docs.aws.amazon.com/sagemaker/latest/dg/async-inference-invoke-endpoint.html
"""

import sys
import threading
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import ClientError

from scripts.aws.clients import Aws
from scripts.aws.endpoints import describe_endpoint, hosts_components
from scripts.aws.waiting import answers, moments
from scripts.config.layout import Layout, bucket_and_key
from scripts.config.names import inference_component
from scripts.console.failure import Failure, error_code, explain
from scripts.console.make import make

LONGEST_ASYNC = 3_600  # seconds an async endpoint may take for one request
MINUTES_TO_WAKE = 20  # for the alarm, an instance, the image, the model and the container's first answer
NO_CAPACITY = "has no capacity to process this request"  # AWS's words


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


def invoke_async(
    runtime: Any,
    s3: Any,
    layout: Layout,
    endpoint: str,
    body: bytes,
    content_type: str,
    custom_attributes: str = "",
) -> bytes:
    """Put the picture, ask for its answer and wait for that. Raises Failure with the model's reason when it has
    none.
    """
    bucket, key = bucket_and_key(f"{layout.asynchronous}/requests/{uuid.uuid4()}")
    s3.put_object(Bucket=bucket, Key=key, Body=body, ContentType=content_type)
    said = runtime.invoke_endpoint_async(
        EndpointName=endpoint,
        InputLocation=f"s3://{bucket}/{key}",
        ContentType=content_type,
        Accept="application/json",
        **({"CustomAttributes": custom_attributes} if custom_attributes else {}),
    )

    def look() -> tuple[bytes | None, bytes | None]:
        return _read(s3, said["OutputLocation"]), _read(
            s3, said["FailureLocation"]
        ) if "FailureLocation" in said else None

    for passed, (found, reason) in answers(look):
        if found is not None:
            return found
        if reason is not None:
            raise Failure(f"the model refused: {reason.decode(errors='replace').strip()}")
        if passed > LONGEST_ASYNC:
            break
    raise Failure(
        f"no answer in an hour at {said['OutputLocation']}, or these credentials may not read it (s3:GetObject). The "
        f"endpoint's log may say why: {make('logs')} ARGS={endpoint}"
    )


def _read(s3: Any, uri: str) -> bytes | None:
    bucket, key = bucket_and_key(uri)
    try:
        return s3.get_object(Bucket=bucket, Key=key)["Body"].read()
    except ClientError as error:
        # Without the permission to list the bucket, S3 says 403 for what is not there yet.
        if error_code(error) in ("NoSuchKey", "AccessDenied"):
            return None
        raise


class Waking:
    """`send` for an endpoint that may be at zero instances: it sends again until an instance is there.

    Safe to use from several threads. It says once on stderr what is waited for.
    """

    def __init__(self, send: Send, endpoint: str):
        """endpoint: its name."""
        self._send, self._endpoint = send, endpoint
        self._lock, self._is_said = threading.Lock(), False

    def __call__(self, body: bytes, content_type: str, custom_attributes: str) -> Answer:
        """Raises Failure when no instance has come after 20 minutes, and whatever `send` raises."""
        for passed in moments():
            try:
                return self._send(body, content_type, custom_attributes)
            except ClientError as error:
                if not is_asleep(error):
                    raise
                if passed > MINUTES_TO_WAKE * 60:
                    raise Failure(
                        f"The endpoint {self._endpoint} is at zero instances, and none has come in {MINUTES_TO_WAKE} "
                        f"minutes. {error.response['Error']['Message']}"
                    ) from error
                self._say()
        raise AssertionError("moments() has no end")

    def _say(self) -> None:
        with self._lock:
            if not self._is_said:
                self._is_said = True
                print(
                    f"the endpoint {self._endpoint} is at zero instances and is being woken, which takes some minutes: "
                    f"asking again for up to {MINUTES_TO_WAKE} minutes (Ctrl-C ends the waiting, not the waking)",
                    file=sys.stderr,
                    flush=True,
                )


def is_asleep(error: ClientError) -> bool:
    """Whether a request was refused since there is no copy of the model, and no instance, at the moment."""
    return error_code(error) == "ValidationError" and NO_CAPACITY in str(error)


def model_error(error: ClientError) -> tuple[int, str] | None:
    """Status and body of an answer that the container gave as an error; None for an error that is AWS's own."""
    if error_code(error) != "ModelError":
        return None
    return error.response.get("OriginalStatusCode", 0), error.response.get("OriginalMessage") or explain(error)
