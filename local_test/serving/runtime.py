"""`/endpoints/...`: InvokeEndpoint, InvokeEndpointAsync and InvokeEndpointWithResponseStream.

Names, headers and errors are those of botocore's sagemaker-runtime model:
https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_Operations_Amazon_SageMaker_Runtime.html
"""

import json
import logging
import re
import uuid
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from local_test.api.access import LARGEST_INVOCATION
from local_test.api.errors import ApiError, InvocationTooLarge
from local_test.api.front import read_body
from local_test.host.emulator_settings import ACCOUNT, Platform
from local_test.serving.async_invocations import INVOCATION_TIMEOUT, TTL, AsyncInvocation, AsyncInvocations
from local_test.serving.data_capture import DataCapture
from local_test.serving.endpoints import Endpoints
from local_test.serving.event_stream import payload_part, stream_error
from local_test.serving.invocation import CUSTOM_ATTRIBUTES, Answer, Asked, BrokenStream, Invoker, ModelFault
from local_test.serving.invocation_metrics import InvocationMetrics
from local_test.serving.live_endpoint import LiveEndpoint
from local_test.serving.router import NoSuchVariant, Throttled
from local_test.serving.stored_bytes import StoredBytes

PATH = re.compile(r"/endpoints/([^/]+)/(invocations|async-invocations|invocations-response-stream)")
SECONDS_TO_ANSWER = 60
LARGEST_SERVERLESS_BODY = 4 * 1024 * 1024
LARGEST_ASYNC_BODY = 128_000
# Those of the service model; `..` would lead out of a folder of this machine.
FILENAME = re.compile(r"(?!.*\..*\.)[a-zA-Z0-9][a-zA-Z0-9-_.]{0,31}")
OUTPUT_PATH_EXTENSION = re.compile(r"(?!s3:|https:|(.*/)?\.\.(/|$))[a-zA-Z0-9!_.*'()/-]{1,512}")
SAGEMAKER = "X-Amzn-SageMaker-"
VARIANT = "x-Amzn-Invoked-Production-Variant"
PASSED_ON = (CUSTOM_ATTRIBUTES, f"{SAGEMAKER}Inference-Id", f"{SAGEMAKER}Session-Id", f"{SAGEMAKER}Target-Variant")
# Of endpoints that the local SageMaker does not have.
REFUSED = ("Target-Model", "Target-Container-Hostname", "Enable-Explanations", "Inference-Component", "Prefix-Aware-Id")
logger = logging.getLogger(__name__)


class RuntimeApiError(Exception):
    """An answer other than 2xx. fields: of the error's shape, beside its message."""

    def __init__(self, status: int, code: str, message: str, **fields):
        super().__init__(message)
        self.status, self.code, self.body = status, code, {"Message": message, **fields}


class Runtime:
    """The WSGI application. Call `recover` before the first request, and `stop_all` after `Endpoints.stop_all`."""

    def __init__(self, platform: Platform, endpoints: Endpoints):
        stored = StoredBytes(platform.objects, platform.files, platform.folder / "spool")
        self._endpoints = endpoints
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
        try:
            found = PATH.fullmatch(environ["PATH_INFO"])
            if found is None or environ["REQUEST_METHOD"] != "POST":
                raise RuntimeApiError(404, "UnknownOperationException", f"There is no {environ['PATH_INFO']} here.")
            name, operation = found.groups()
            answer = {"invocations": self._invoke, "async-invocations": self._invoke_async}.get(
                operation, self._invoke_stream
            )
            status, headers, body = answer(name, environ)
        except RuntimeApiError as error:
            status, headers, body = _error(error)
        except ApiError as error:  # of the request's body
            status, headers, body = _error(RuntimeApiError(error.status, error.code, error.message))
        except Exception:
            # The caller gets an id, the service's log the traceback: a fault of ours must not look like the model's.
            fault = uuid.uuid4().hex[:12]
            logger.exception("fault %s in an invocation", fault)
            message = f"A fault of the local SageMaker; its log has the id {fault}."
            status, headers, body = _error(RuntimeApiError(500, "InternalFailure", message))
        start_response(status, [*headers, ("x-amzn-RequestId", str(uuid.uuid4()))])
        return body

    def _invoke(self, name: str, environ: dict[str, Any]):
        endpoint = self._endpoint(name, asynchronous=False)
        answer = self._answer(
            self._invoker.invoke, endpoint, self._asked(endpoint, environ, "CONTENT_TYPE", "HTTP_ACCEPT")
        )
        headers = [("Content-Type", answer.content_type), ("Content-Length", str(len(answer.body))), *_headers(answer)]
        return "200 OK", headers, [answer.body]

    def _invoke_stream(self, name: str, environ: dict[str, Any]):
        endpoint = self._endpoint(name, asynchronous=False)
        asked = self._asked(endpoint, environ, "CONTENT_TYPE", "HTTP_X_AMZN_SAGEMAKER_ACCEPT")
        head, parts = self._answer(self._invoker.stream, endpoint, asked)
        headers = [
            ("Content-Type", "application/vnd.amazon.eventstream"),
            (f"{SAGEMAKER}Content-Type", head.content_type),
            *_headers(head),
        ]
        return "200 OK", headers, _Frames(parts)

    def _invoke_async(self, name: str, environ: dict[str, Any]):
        endpoint = self._endpoint(name, asynchronous=True)
        output = endpoint.router.current.config["AsyncInferenceConfig"]["OutputConfig"]
        source = environ.get(f"HTTP_{_wsgi(SAGEMAKER)}INPUTLOCATION")
        body = _body(environ, LARGEST_ASYNC_BODY)
        if bool(source) == bool(body):
            raise _validation("An asynchronous request has either InputLocation or a body.")
        if source and not source.startswith("s3://"):
            raise _validation(f"The local SageMaker reads InputLocation from its own S3 only: s3://..., not {source}.")
        headers = _headers_for_container(
            environ, f"HTTP_{_wsgi(SAGEMAKER)}CONTENT_TYPE", f"HTTP_{_wsgi(SAGEMAKER)}ACCEPT"
        )
        ttl = _whole(environ, "RequestTTLSeconds", TTL, 60, 21600)
        seconds = _whole(environ, "InvocationTimeoutSeconds", INVOCATION_TIMEOUT, 1, 3600)
        extension = _matching(environ, "S3OutputPathExtension", OUTPUT_PATH_EXTENSION).strip("/")
        filename = _matching(environ, "Filename", FILENAME)

        def invocation(id: str) -> AsyncInvocation:
            return AsyncInvocation(
                id=id,
                inference_id=environ.get(f"HTTP_{_wsgi(SAGEMAKER)}INFERENCE_ID") or str(uuid.uuid4()),
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

    def _endpoint(self, name: str, asynchronous: bool) -> LiveEndpoint:
        endpoint = self._endpoints.live(name)
        if endpoint is None:
            raise _validation(
                f"Endpoint {name} of account {ACCOUNT} not found. {self._endpoints.why_not_live(name)}".rstrip()
            )
        if asynchronous and "AsyncInferenceConfig" not in endpoint.router.current.config:
            raise _validation(
                f"Endpoint {name} has no AsyncInferenceConfig: it takes InvokeEndpoint, not InvokeEndpointAsync."
            )
        if not asynchronous and "AsyncInferenceConfig" in endpoint.router.current.config:
            raise _validation(f"Endpoint {name} has an AsyncInferenceConfig: it takes InvokeEndpointAsync only.")
        return endpoint

    def _asked(self, endpoint: LiveEndpoint, environ: dict[str, Any], content_type: str, accept: str) -> Asked:
        serverless = any(variant.max_concurrency is not None for variant in endpoint.router.current.variants.values())
        return Asked(
            body=_body(environ, LARGEST_SERVERLESS_BODY if serverless else LARGEST_INVOCATION),
            headers=_headers_for_container(environ, content_type, accept),
            seconds=SECONDS_TO_ANSWER,
            target=environ.get(f"HTTP_{_wsgi(SAGEMAKER)}TARGET_VARIANT"),
            session=environ.get(f"HTTP_{_wsgi(SAGEMAKER)}SESSION_ID"),
            inference_id=environ.get(f"HTTP_{_wsgi(SAGEMAKER)}INFERENCE_ID"),
        )

    def _answer(self, invoke: Callable[..., Any], endpoint: LiveEndpoint, asked: Asked):
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
        except NoSuchVariant as error:
            raise _validation(f"Variant {error} was not found for endpoint {endpoint.name}.") from error
        except Throttled as error:
            raise RuntimeApiError(
                400, "ThrottlingException", f"Rate exceeded: MaxConcurrency of variant {error} is reached."
            ) from error


class _Frames:
    """The body of a streaming answer. `close` gives the container's connection back, also when the caller goes away."""

    def __init__(self, parts):
        self._parts = parts

    def __iter__(self) -> Iterator[bytes]:
        try:
            for part in self._parts:
                yield payload_part(part)
        except BrokenStream as error:
            yield stream_error("ModelStreamError", error.message, error.code)

    def close(self) -> None:
        self._parts.close()


def _wsgi(header: str) -> str:
    return header.upper().replace("-", "_")


WSGI_PASSED_ON = [(name, f"HTTP_{_wsgi(name)}") for name in PASSED_ON]
WSGI_REFUSED = [(name, f"HTTP_{_wsgi(SAGEMAKER + name)}") for name in REFUSED]


def _headers_for_container(environ: dict[str, Any], content_type: str, accept: str) -> dict[str, str]:
    """content_type, accept: keys of the WSGI environment, where the operation has them."""
    for name, key in WSGI_REFUSED:
        if key in environ:
            raise _validation(f"The local SageMaker does not support {SAGEMAKER}{name}. Remove it from the request.")
    headers = {name: environ[key] for name, key in WSGI_PASSED_ON if key in environ}
    if environ.get(content_type):
        headers["Content-Type"] = environ[content_type]
    if environ.get(accept):
        headers["Accept"] = environ[accept]
    return headers


def _headers(answer: Answer) -> list[tuple[str, str]]:
    return [(VARIANT, answer.variant), *answer.headers.items()]


def _body(environ: dict[str, Any], largest: int) -> bytes:
    if int(environ.get("CONTENT_LENGTH") or 0) > largest:
        raise InvocationTooLarge(largest)
    return read_body(environ)


def _matching(environ: dict[str, Any], name: str, pattern: re.Pattern[str]) -> str:
    """A header's value, "" when it is not there."""
    text = environ.get(f"HTTP_{_wsgi(SAGEMAKER + name)}", "")
    if text and not pattern.fullmatch(text):
        raise _validation(f"{name} must satisfy the regular expression pattern {pattern.pattern}, and is {text!r}.")
    return text


def _whole(environ: dict[str, Any], name: str, default: int, lowest: int, highest: int) -> int:
    text = environ.get(f"HTTP_{_wsgi(SAGEMAKER + name)}")
    if text is None:
        return default
    if not text.isdecimal() or not lowest <= int(text) <= highest:
        raise _validation(f"{name} is a whole number from {lowest} to {highest}, not {text}.")
    return int(text)


def _validation(message: str) -> RuntimeApiError:
    return RuntimeApiError(400, "ValidationError", message)


def _error(error: RuntimeApiError):
    body = json.dumps(error.body).encode()
    headers = [
        ("Content-Type", "application/json"),
        ("Content-Length", str(len(body))),
        ("x-amzn-ErrorType", error.code),
    ]
    return f"{error.status} {error.code}", headers, [body]
