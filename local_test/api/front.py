"""One HTTP address for everything: SageMaker is answered here, every other AWS service by moto."""

import io
import json
import logging
import uuid
from collections.abc import Callable, Iterable

from local_test.api.errors import ApiError
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
        if path.startswith("/local-sagemaker/"):
            return self._control(environ, start_response)
        return self._other_service(environ, start_response)

    def _sagemaker(self, operation: str, environ: dict, start_response: Callable) -> Iterable[bytes]:
        try:
            request = json.loads(read_body(environ) or b"{}")
            status, answer = 200, self._api.call(operation, request)
        except ApiError as error:
            status, answer = error.status, {"__type": error.code, "message": error.message}
        except Exception:
            # The caller gets an id, the service's log the traceback: a fault of ours must not look like AWS's answer.
            fault = uuid.uuid4().hex[:12]
            logger.exception("fault %s in %s", fault, operation)
            status, answer = 500, {"__type": "InternalFailure", "message": f"A fault of the local SageMaker; its log has the id {fault}."}
        body = json.dumps(answer).encode()
        start_response(
            f"{status} {'OK' if status == 200 else 'Error'}",
            [("Content-Type", "application/x-amz-json-1.1"), ("Content-Length", str(len(body))), ("x-amzn-RequestId", str(uuid.uuid4()))],
        )
        return [body]

    def _other_service(self, environ: dict, start_response: Callable) -> Iterable[bytes]:
        service = signed_for(environ)
        environ["RAW_URI"] = environ.get("REQUEST_URI", "")  # where moto looks for the path as it was sent
        path, _, query = environ["RAW_URI"].partition("?")
        # Objects pass through unread; what the journal may write down is small.
        body = b"" if service == "s3" and "/" in path.strip("/") else read_body(environ)
        if body or environ.get("wsgi.input_terminated"):
            environ |= {"wsgi.input": io.BytesIO(body), "CONTENT_LENGTH": str(len(body))} if service != "s3" or body else {}
        if environ.get("HTTP_X_AMZ_TARGET") == FILTER_LOG_EVENTS:
            body = json.dumps(self._logs.with_stream_names(json.loads(body))).encode()
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
    """The service in a request's SigV4 credential scope, '' for an unsigned one."""
    parts = environ.get("HTTP_AUTHORIZATION", "").partition("Credential=")[2].partition(",")[0].split("/")
    return parts[3].lower() if len(parts) == 5 else ""


def read_body(environ: dict) -> bytes:
    """The request's whole body, also when it came in chunks."""
    length = environ.get("CONTENT_LENGTH")
    if length:
        return environ["wsgi.input"].read(int(length))
    return environ["wsgi.input"].read() if environ.get("wsgi.input_terminated") else b""
