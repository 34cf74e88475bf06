"""One HTTP address for everything: SageMaker is answered here, every other AWS service by moto."""

import io
import json
import logging
import uuid
from collections.abc import Callable, Iterable
from typing import Any
from urllib.parse import parse_qs

from local_test.api.errors import ApiError, SerializationException
from local_test.api.sagemaker_api import SageMakerApi
from local_test.storage.journal import Journal
from local_test.storage.log_groups import LogGroups
from local_test.storage.object_store import ObjectStore

SAGEMAKER_TARGET = "SageMaker."
FILTER_LOG_EVENTS = "Logs_20140328.FilterLogEvents"
logger = logging.getLogger(__name__)


class Front:
    """The WSGI application. runtime answers `/endpoints/...`, control `/local-sagemaker/...`; both are WSGI applications."""

    def __init__(self, api: SageMakerApi, runtime: Callable, control: Callable, moto: Callable,
                 objects: ObjectStore, logs: LogGroups, journal: Journal):
        self._api, self._runtime, self._control, self._moto = api, runtime, control, moto
        self._objects, self._logs, self._journal = objects, logs, journal

    def __call__(self, environ: dict, start_response: Callable) -> Iterable[bytes]:
        path = environ.get("PATH_INFO", "")
        target = environ.get("HTTP_X_AMZ_TARGET", "")
        if target.startswith(SAGEMAKER_TARGET):
            return self._sagemaker(target.removeprefix(SAGEMAKER_TARGET), environ, start_response)
        if path.startswith("/endpoints/") and signed_for(environ) in ("sagemaker", ""):
            return self._runtime(environ, start_response)
        if path.startswith("/local-sagemaker/") and signed_for(environ) == "":  # a signed one means a bucket of that name
            return self._control(environ, start_response)
        return self._other_service(environ, start_response)

    def _sagemaker(self, operation: str, environ: dict, start_response: Callable) -> Iterable[bytes]:
        try:
            request = json_object(read_body(environ) or b"{}")
            status, answer = 200, self._api.call(operation, request)
        except ApiError as error:
            status, answer = error.status, {"__type": error.code, "message": error.message}
        except Exception:
            status, answer = 500, fault(operation)
        return answered_with(status, answer, start_response)

    def _other_service(self, environ: dict, start_response: Callable) -> Iterable[bytes]:
        service = signed_for(environ)
        try:
            return self._ask_moto(service, environ, start_response)
        except ApiError as error:
            return answered_with(error.status, {"__type": error.code, "message": error.message}, start_response)
        except Exception:
            return answered_with(500, fault(f"{service or 'an unsigned request'}: moto may not have this service"), start_response)

    def _ask_moto(self, service: str, environ: dict, start_response: Callable) -> Iterable[bytes]:
        environ["RAW_URI"] = environ.get("REQUEST_URI", "")  # where moto looks for the path as it was sent
        path, _, query = environ["RAW_URI"].partition("?")
        # Objects pass through unread; what the journal may write down is small.
        if service == "s3" and "/" in path.strip("/"):
            body = b""
            if environ.get("CONTENT_LENGTH"):
                environ["wsgi.input"] = WholeBody(environ["wsgi.input"], int(environ["CONTENT_LENGTH"]))
        else:
            body = read_body(environ)
            if environ.get("HTTP_X_AMZ_TARGET") == FILTER_LOG_EVENTS:
                body = json.dumps(self._logs.with_stream_names(json_object(body))).encode()
            environ |= {"wsgi.input": io.BytesIO(body), "CONTENT_LENGTH": str(len(body))}
        answered: list = []

        def remember(status: str, headers: list, exc_info=None):
            answered[:] = [status, headers]

        answer = self._moto(environ, remember)  # has called `remember`; what it returns may be a large object, still unread
        if service in ("s3", ""):
            self._objects.flush()
        status, headers = answered
        self._journal.record(environ["REQUEST_METHOD"], path, query, request_headers(environ), body, int(status.split()[0]))
        start_response(status, headers)
        return answer


def request_headers(environ: dict) -> dict[str, str]:
    """Headers of a WSGI request by name, in lower case with dashes."""
    headers = {name[5:].replace("_", "-").lower(): value for name, value in environ.items() if name.startswith("HTTP_")}
    return headers | {name.replace("_", "-").lower(): environ[name] for name in ("CONTENT_TYPE", "CONTENT_LENGTH") if environ.get(name)}


def signed_for(environ: dict) -> str:
    """The service in a request's SigV4 credential scope, in its header or presigned in its URL; '' for an unsigned one."""
    credential = environ.get("HTTP_AUTHORIZATION", "").partition("Credential=")[2].partition(",")[0]
    if not credential:
        credential = parse_qs(environ.get("QUERY_STRING", "")).get("X-Amz-Credential", [""])[0]
    parts = credential.split("/")
    return parts[3].lower() if len(parts) == 5 else ""


def read_body(environ: dict) -> bytes:
    """The request's whole body, also when it came in chunks. Raises SerializationException for one that is broken off."""
    length = environ.get("CONTENT_LENGTH")
    try:
        if length:
            return WholeBody(environ["wsgi.input"], int(length)).read()
        return environ["wsgi.input"].read() if environ.get("wsgi.input_terminated") else b""
    except (OSError, ValueError) as error:
        raise SerializationException(f"The request's body is broken: {error}") from error


def json_object(body: bytes) -> dict:
    """Raises SerializationException. A member that is null is as good as absent, as on AWS."""
    try:
        return _without_nulls(json.loads(body))
    except ValueError as error:
        raise SerializationException(f"The request's body is no JSON: {error}") from error


def _without_nulls(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _without_nulls(member) for name, member in value.items() if member is not None}
    return [_without_nulls(element) for element in value] if isinstance(value, list) else value


def fault(what: str) -> dict:
    """The answer to a request that met a fault of ours: an id; the service's log has the traceback.

    It must not look like an answer of AWS's. Call it where the exception is handled.
    """
    number = uuid.uuid4().hex[:12]
    logger.exception("fault %s in %s", number, what)
    return {"__type": "InternalFailure", "message": f"A fault of the local SageMaker; its log has the id {number}."}


def answered_with(status: int, answer: dict, start_response: Callable) -> Iterable[bytes]:
    body = json.dumps(answer).encode()
    start_response(
        f"{status} {'OK' if status == 200 else 'Error'}",
        [("Content-Type", "application/x-amz-json-1.1"), ("Content-Length", str(len(body))), ("x-amzn-RequestId", str(uuid.uuid4()))],
    )
    return [body]


class WholeBody:
    """A body of a length that was announced. Where the sender leaves before its end, what came is not taken for the whole."""

    def __init__(self, source: Any, length: int):
        if length < 0:
            raise SerializationException(f"A body cannot have {length} bytes.")
        self._source, self._left = source, length

    def read(self, size: int | None = -1) -> bytes:
        """Raises SerializationException at an end that comes too early."""
        wanted = self._left if size is None or size < 0 else min(size, self._left)
        data = self._source.read(wanted) if wanted else b""
        self._left -= len(data)
        if len(data) < wanted:
            raise SerializationException(f"The body ends {self._left} bytes before the end that was announced.")
        return data
