"""One HTTP address for everything: SageMaker is answered here, the other AWS services by moto."""

import json
import logging
import sys
import typing
import uuid
from collections.abc import Callable, Iterable
from typing import IO, Any

from local_test.api.access import Access, Examined
from local_test.api.asked_operation import asked_operation
from local_test.api.aws_hosts import at_own_address
from local_test.api.callers import check_no_files, refuse_command
from local_test.api.control import CONTROL
from local_test.api.error_answer import ErrorAnswer, Protocol, error_answer, not_here, refusal
from local_test.api.errors import AccessRefused, ApiError, NotHere, SerializationException, UnknownOperation
from local_test.api.http_request import RequestHead, json_object
from local_test.api.http_server import EXAMINED, HEAD
from local_test.api.other_services import OtherServices
from local_test.api.sagemaker_api import SageMakerApi, why_refused
from local_test.host.error_words import in_words, is_of_this_machine, where_more_is

SAGEMAKER_TARGET = "SageMaker."
NOT_SENT = ("access-control-", "server")  # no page may read an answer; who answers is the HTTP server
# In a signature's scope: what each region has of its own. S3 and IAM are everybody's; moto knows the rest by region.
REGIONAL = frozenset({"sagemaker", "logs", "monitoring", "ecr", "scheduler"})
logger = logging.getLogger(__name__)


class Region(typing.Protocol):
    """runtime: the WSGI application of `/endpoints/...`."""

    @property
    def api(self) -> SageMakerApi: ...

    @property
    def runtime(self) -> Callable[..., Any]: ...


class Regions(typing.Protocol):
    def __getitem__(self, name: str) -> Region:
        """The SageMaker of a region, made when it was never asked for. Raises ApiError for what is none."""


class Front:
    """The WSGI application behind HttpServer. control: a WSGI application that answers `/local-sagemaker/...`.

    owner: id of the access key of the service's user.
    """

    def __init__(
        self,
        access: Access,
        regions: Regions,
        control: Callable[..., Any],
        others: OtherServices,
        owner: str,
    ):
        self._access, self._regions, self._control, self._others, self._owner = access, regions, control, others, owner

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        head, examined = at_own_address(environ[HEAD], environ), environ[EXAMINED]
        body: IO[bytes] | None = None
        try:
            body = self._access.checked_body(examined, head, environ)
            return self._answer(head, examined, body, environ, _without_cors(start_response))
        except AccessRefused as refused:
            answer = refusal(examined.protocol, refused)
        except NotHere as error:
            answer = not_here(examined.protocol, error)
        except ApiError as error:
            answer = error_answer(examined.protocol, error.status, error.code, error.message)
        except RecursionError:
            answer = error_answer(
                examined.protocol, 400, SerializationException.code, "The request is nested too deeply."
            )
        except Exception:
            answer = fault(examined.protocol, f"{head.method} {head.path} of {examined.service}")
        start_response(answer.status, answer.headers)
        return [answer.body]

    def _answer(
        self,
        head: RequestHead,
        examined: Examined,
        body: IO[bytes],
        environ: dict[str, Any],
        start_response: Callable[..., Any],
    ) -> Iterable[bytes]:
        is_owner = examined.signed is not None and examined.signed.key.id == self._owner
        if examined.service == CONTROL:
            if not is_owner:
                refuse_command()
            return self._control(environ, start_response)
        name = examined.signed.scope.region if examined.signed else ""  # a form has none: it is for S3
        region = self._regions[name] if examined.service in REGIONAL else None
        if region is None or examined.service != "sagemaker":
            return self._others(head, examined.service, name, body, environ, start_response)
        if not is_owner:
            check_no_files(head.headers)
        if head.path.startswith("/endpoints/"):
            return region.runtime(environ | {"wsgi.input": body}, start_response)
        target = head.headers.get("x-amz-target", "")
        if not target.startswith(SAGEMAKER_TARGET):
            raise UnknownOperation(why_refused(asked_operation(examined.service, head, body.read())))
        request = json_object(body.read() or b"{}")
        if not is_owner:
            check_no_files(request)
        return answered_with(region.api.call(target.removeprefix(SAGEMAKER_TARGET), request), start_response)


def read_body(environ: dict[str, Any]) -> bytes:
    """The request's whole body: the server has received it before it calls."""
    return environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))


def _without_cors(start_response: Callable[..., Any]) -> Callable[..., Any]:
    """Whatever a bucket's settings or moto say."""

    def start(status: str, headers: list[Any], exc_info: Any = None) -> Any:
        kept = [(name, value) for name, value in headers if not name.lower().startswith(NOT_SENT)]
        return start_response(status, kept, *([exc_info] if exc_info else []))

    return start


def fault(protocol: Protocol, what: str) -> ErrorAnswer:
    """The answer to a request that met a fault of ours, or of the engine or the disk: an id; the service's log has the
    traceback.

    It must not look like an answer of AWS's. Call it where the exception is handled.
    """
    number = uuid.uuid4().hex[:12]
    logger.exception("fault %s in %s", number, what)
    error = sys.exception()
    why = in_words(error) if error and is_of_this_machine(error) else "A fault of the local SageMaker."
    return error_answer(protocol, 500, "InternalFailure", f"{why} {where_more_is(number)}")


def answered_with(answer: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
    body = json.dumps(answer).encode()
    start_response(
        "200 OK",
        [
            ("Content-Type", "application/x-amz-json-1.1"),
            ("Content-Length", str(len(body))),
            ("x-amzn-RequestId", str(uuid.uuid4())),
        ],
    )
    return [body]
