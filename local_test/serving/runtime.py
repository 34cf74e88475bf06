"""`/endpoints/...`: InvokeEndpoint, InvokeEndpointAsync and InvokeEndpointWithResponseStream.

https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_Operations_Amazon_SageMaker_Runtime.html
"""

import json
import logging
import re
import uuid
from collections.abc import Callable, Iterable
from typing import Any, TypeVar

from local_test.api.access import LARGEST_INVOCATION
from local_test.api.errors import ApiError
from local_test.host.emulator_settings import ACCOUNT, Platform
from local_test.host.error_words import where_more_is
from local_test.serving.async_invocations import INVOCATION_TIMEOUT, TTL, AsyncInvocation, AsyncInvocations
from local_test.serving.component_hosting import hosts_components
from local_test.serving.data_capture import DataCapture
from local_test.serving.endpoints import Endpoints
from local_test.serving.inference_components import InferenceComponents
from local_test.serving.invocation import Answer, Asked, ModelFault, WrongTarget
from local_test.serving.invocation_metrics import InvocationMetrics
from local_test.serving.invoker import Invoker
from local_test.serving.live_endpoint import LiveEndpoint
from local_test.serving.loaded_models import ModelNotReady, NoSuchModel
from local_test.serving.router import NoCapacity, NoSuchVariant, Throttled
from local_test.serving.runtime_protocol import (
    FILENAME,
    OUTPUT_PATH_EXTENSION,
    SAGEMAKER,
    EventStream,
    RuntimeApiError,
    RuntimeRequest,
    validation_error,
)
from local_test.storage.destination import Destination

PATH = re.compile(r"/endpoints/([^/]+)/(invocations|async-invocations|invocations-response-stream)")
SECONDS_TO_ANSWER = 60
LARGEST_SERVERLESS_BODY = 4 * 1024 * 1024
LARGEST_ASYNC_BODY = 128_000
VARIANT = "x-Amzn-Invoked-Production-Variant"
COMPONENT = "Inference-Component"  # header
# AWS's words.
NO_COMPONENT = (
    "Inference Component Name header is required for endpoints to which you plan to deploy inference components. "
    "Please include Inference Component Name header or consider using SageMaker models."
)
NO_CAPACITY = (
    "Inference Component has no capacity to process this request. ApplicationAutoScaling may be in-progress (if "
    "configured) or try to increase the capacity by invoking UpdateInferenceComponentRuntimeConfig API."
)
Response = tuple[str, list[tuple[str, str]], Iterable[bytes]]  # status, headers and body of WSGI
Given = TypeVar("Given")
logger = logging.getLogger(__name__)


class Runtime:
    """The WSGI application. Call `recover` before the first request, and `stop_all` after `Endpoints.stop_all`."""

    def __init__(self, platform: Platform, endpoints: Endpoints, components: InferenceComponents):
        stored = Destination(platform.objects, platform.files, platform.folder / "spool")
        self._endpoints, self._components = endpoints, components
        self._metrics = InvocationMetrics(platform.metrics)
        self._capture = DataCapture(stored)
        self._invoker = Invoker(platform.region, self._metrics.put, self._capture.capture)
        self._asynchronous = AsyncInvocations(platform, self._invoker, stored)

    def recover(self) -> None:
        self._asynchronous.recover()

    def stop_all(self) -> None:
        """What was captured and measured is written; the failures of asynchronous requests are told."""
        self._asynchronous.stop()
        self._capture.stop()
        self._metrics.stop()

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        id = str(uuid.uuid4())
        try:
            found = PATH.fullmatch(environ["PATH_INFO"])
            if found is None or environ["REQUEST_METHOD"] != "POST":
                raise RuntimeApiError(404, "UnknownOperationException", f"There is no {environ['PATH_INFO']} here.")
            name, operation = found.groups()
            answer = {"invocations": self._invoke, "async-invocations": self._invoke_async}.get(
                operation, self._invoke_stream
            )
            status, headers, body = answer(name, RuntimeRequest(environ), id)
        except RuntimeApiError as error:
            status, headers, body = _error(error)
        except ApiError as error:  # of the request's body
            status, headers, body = _error(RuntimeApiError(error.status, error.code, error.message))
        except Exception:
            # The caller gets an id, the service's log the traceback: a fault of ours must not look like the model's.
            logger.exception("fault %s in an invocation", id)
            message = f"A fault of the local SageMaker. {where_more_is(id)}"
            status, headers, body = _error(RuntimeApiError(500, "InternalFailure", message))
        start_response(status, [*headers, ("x-amzn-RequestId", id)])
        return body

    def _invoke(self, name: str, request: RuntimeRequest, id: str) -> Response:
        endpoint = self._asked_for(name, request, asynchronous=False)
        asked = _asked(endpoint, request, request.headers_for_container(), id)
        answer = _answered(self._invoker.invoke, endpoint, asked)
        headers = [("Content-Type", answer.content_type), ("Content-Length", str(len(answer.body))), *_headers(answer)]
        return "200 OK", headers, [answer.body]

    def _invoke_stream(self, name: str, request: RuntimeRequest, id: str) -> Response:
        endpoint = self._asked_for(name, request, asynchronous=False)
        asked = _asked(endpoint, request, request.headers_of_a_stream(), id)
        head, parts = _answered(self._invoker.stream, endpoint, asked)
        headers = [
            ("Content-Type", "application/vnd.amazon.eventstream"),
            (f"{SAGEMAKER}Content-Type", head.content_type),
            *_headers(head),
        ]
        return "200 OK", headers, EventStream(parts)

    def _invoke_async(self, name: str, request: RuntimeRequest, id: str) -> Response:
        endpoint = self._asked_for(name, request, asynchronous=True)
        output = endpoint.serving().current.config["AsyncInferenceConfig"]["OutputConfig"]
        source = request.header("InputLocation")
        body = request.body(LARGEST_ASYNC_BODY)
        if bool(source) == bool(body):
            raise validation_error("An asynchronous request has either InputLocation or a body.")
        if source and not source.startswith("s3://"):
            raise validation_error(
                f"The local SageMaker reads InputLocation from its own S3 only: s3://..., not {source}."
            )
        headers = request.headers_of_an_object()
        ttl = request.whole_number("RequestTTLSeconds", TTL, 60, 21600)
        seconds = request.whole_number("InvocationTimeoutSeconds", INVOCATION_TIMEOUT, 1, 3600)
        extension = request.matching("S3OutputPathExtension", OUTPUT_PATH_EXTENSION).strip("/")
        filename = request.matching("Filename", FILENAME)

        def invocation(id: str) -> AsyncInvocation:
            return AsyncInvocation(
                id=id,
                inference_id=request.header("Inference-Id") or str(uuid.uuid4()),
                input=source or body,
                headers=headers,
                output=output["S3OutputPath"],
                name="/".join(part for part in (extension, filename or f"{id}.out") if part),
                failure=output.get("S3FailurePath"),
                accepted=self._asynchronous.now(),
                ttl=ttl,
                seconds=seconds,
            )

        accepted = self._asynchronous.accept(endpoint, invocation)
        told = json.dumps({"InferenceId": accepted.inference_id}).encode()
        places = [(f"{SAGEMAKER}OutputLocation", accepted.output_location)]
        if accepted.failure_location:
            places.append((f"{SAGEMAKER}FailureLocation", accepted.failure_location))
        return (
            "202 Accepted",
            [("Content-Type", "application/json"), ("Content-Length", str(len(told))), *places],
            [told],
        )

    def _asked_for(self, name: str, request: RuntimeRequest, asynchronous: bool) -> LiveEndpoint:
        """The endpoint, or the inference component on it that the request names. Raises RuntimeApiError."""
        endpoint, named = self._endpoint(name, asynchronous), request.header(COMPONENT)
        if not hosts_components(endpoint.serving().current.config):
            if named:
                raise validation_error(
                    f"Endpoint {name} hosts models and no inference components: it takes no Inference Component Name."
                )
            return endpoint
        if not named:
            raise validation_error(NO_COMPONENT)
        component = self._components.live(named)
        if component is None or component.owner.endpoint != name:
            why = "" if component else self._components.why_not_live(named)
            raise validation_error(f"Inference Component {named} was not found on endpoint {name}. {why}".rstrip())
        return component

    def _endpoint(self, name: str, asynchronous: bool) -> LiveEndpoint:
        endpoint = self._endpoints.live(name)
        if endpoint is None:
            raise validation_error(
                f"Endpoint {name} of account {ACCOUNT} not found. {self._endpoints.why_not_live(name)}".rstrip()
            )
        is_async = "AsyncInferenceConfig" in endpoint.serving().current.config
        if asynchronous and not is_async:
            raise validation_error(
                f"Endpoint {name} has no AsyncInferenceConfig: it takes InvokeEndpoint, not InvokeEndpointAsync."
            )
        if not asynchronous and is_async:
            raise validation_error(f"Endpoint {name} has an AsyncInferenceConfig: it takes InvokeEndpointAsync only.")
        return endpoint


def _asked(endpoint: LiveEndpoint, request: RuntimeRequest, headers: dict[str, str], id: str) -> Asked:
    variants = endpoint.serving().current.variants.values()
    serverless = any(variant.max_concurrency is not None for variant in variants)
    return Asked(
        body=request.body(LARGEST_SERVERLESS_BODY if serverless else LARGEST_INVOCATION),
        headers=headers,
        seconds=SECONDS_TO_ANSWER,
        target=request.header("Target-Variant"),
        session=request.header("Session-Id"),
        inference_id=request.header("Inference-Id"),
        target_model=request.header("Target-Model"),
        target_container=request.header("Target-Container-Hostname"),
        id=id,
    )


def _answered(invoke: Callable[[LiveEndpoint, Asked], Given], endpoint: LiveEndpoint, asked: Asked) -> Given:
    """What `invoke` returns; what it raises becomes an error of the API."""
    try:
        return invoke(endpoint, asked)
    except ModelFault as fault:
        raise RuntimeApiError(
            424,
            "ModelError",
            fault.message,
            OriginalStatusCode=fault.original_status,
            OriginalMessage=fault.original_message,
            LogStreamArn=fault.log_stream_arn,
        ) from fault
    except (WrongTarget, NoSuchModel) as error:
        raise validation_error(str(error)) from error
    except ModelNotReady as error:
        raise RuntimeApiError(429, "ModelNotReadyException", str(error)) from error
    except NoSuchVariant as error:
        raise validation_error(f"Variant {error} was not found for endpoint {endpoint.name}.") from error
    except NoCapacity as error:
        raise validation_error(NO_CAPACITY) from error
    except Throttled as error:
        raise RuntimeApiError(
            400, "ThrottlingException", f"Rate exceeded: MaxConcurrency of variant {error} is reached."
        ) from error


def _headers(answer: Answer) -> list[tuple[str, str]]:
    return [(VARIANT, answer.variant), *answer.headers.items()]


def _error(error: RuntimeApiError) -> Response:
    body = json.dumps(error.body).encode()
    headers = [
        ("Content-Type", "application/json"),
        ("Content-Length", str(len(body))),
        ("x-amzn-ErrorType", error.code),
    ]
    return f"{error.status} {error.code}", headers, [body]
