"""The AWS services around SageMaker, answered by moto: what is not here is refused, what changed is written down, and a
request of S3 that expects another bucket owner is refused.

What an object upload brings stays in a file; every other request is small.
"""

import io
import json
import logging
import re
import time
import uuid
from collections.abc import Callable, Iterable
from typing import IO, Any
from urllib.parse import parse_qs, unquote

from local_test.api.access import is_upload
from local_test.api.allowed_operations import REST, is_here, why_not_here
from local_test.api.asked_operation import asked_operation, rest_operation
from local_test.api.authentication import OF_SIGNATURES
from local_test.api.errors import AccessRefused, ApiError, NotHere, Why
from local_test.api.http_request import RequestHead, json_object
from local_test.api.http_server import IN_MEMORY
from local_test.api.logs import PLATFORM
from local_test.api.moto_additions import REGISTER, said_of_target
from local_test.api.moto_services import RECEIVED, MotoServices, with_underscores
from local_test.api.schedules import CHECKED, check_schedule
from local_test.api.sigv4 import ALGORITHM
from local_test.host.emulator_settings import ACCOUNT
from local_test.storage.journal import Journal, operation_names
from local_test.storage.log_groups import LogGroups
from local_test.storage.object_body import ReceivedBody
from local_test.storage.object_store import ObjectStore

S3_CONTROL = "x-amz-account-id"  # a header of S3 Control alone, whose requests are signed as S3's
FILTER_LOG_EVENTS = "Logs_20140328.FilterLogEvents"
# https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucket-owner-condition.html
BUCKET_OWNER_HEADERS = ("x-amz-expected-bucket-owner", "x-amz-source-expected-bucket-owner")
ANY_ACCOUNT = re.compile("[0-9]{12}")
logger = logging.getLogger(__name__)


class InvalidOwner(ApiError):
    """S3's InvalidBucketOwnerAWSAccountID."""

    code = "InvalidBucketOwnerAWSAccountID"
    status = 400


class OtherServices:
    """Who a request is from has been decided before it comes here."""

    def __init__(self, moto: MotoServices, objects: ObjectStore, logs: LogGroups, journal: Journal):
        self._moto, self._objects, self._logs, self._journal = moto, objects, logs, journal

    def __call__(
        self,
        head: RequestHead,
        service: str,
        region: str,
        body: IO[bytes],
        environ: dict[str, Any],
        start_response: Callable[..., Any],
    ) -> Iterable[bytes]:
        if service == "s3":
            check_bucket_owner(head)
        is_object = service == "s3" and "/" in head.path.strip("/")
        content = b"" if is_object else body.read()
        if reason := _why_not_here(service, head, content):
            raise NotHere(reason)
        if service == "scheduler" and rest_operation([service], head) in CHECKED:
            check_schedule(json_object(content))
        environ["RAW_URI"] = environ.get("REQUEST_URI", "")  # where moto looks for the path as it was sent
        with_underscores(environ, head.headers)
        if is_object:
            _hand_over(head, body, environ)
        else:
            if head.headers.get("x-amz-target") == FILTER_LOG_EVENTS:
                content = json.dumps(self._logs.with_stream_names(json_object(content), region)).encode()
            environ |= {"wsgi.input": io.BytesIO(content), "CONTENT_LENGTH": str(len(content))}
        answered: list[Any] = []

        def remember(status: str, headers: list[Any], exc_info: Any = None) -> Any:
            answered[:] = [status, headers]

        try:
            # It has called `remember`; what it returns may be a large object, still unread.
            answer = self._moto(service, environ, remember)
        except (OSError, MemoryError, RecursionError):  # of this machine, or of the request
            raise
        except Exception as fault:
            raise _cannot_answer(service, asked_operation(service, head, content)) from fault
        if service == "s3":
            self._objects.flush()
        status, headers = answered
        if head.headers.get("x-amz-target") == REGISTER and status.startswith("2"):
            self._say_of_target(json_object(content), region)
        query, headers_to_keep = without_signature(head.query), with_scope(request_headers(environ), service)
        self._journal.record(
            environ["REQUEST_METHOD"], head.path, query, headers_to_keep, content, int(status.split()[0])
        )
        if not any(name.lower() == "content-length" for name, _ in headers):
            # Without a length the connection would have to be closed to say where the answer ends. Only objects are
            # long, and they have one.
            content = b"".join(answer)
            answer, headers = [content], [*headers, ("Content-Length", str(len(content)))]
        start_response(status, headers)
        return answer

    def _say_of_target(self, request: dict[str, Any], region: str) -> None:
        if said := said_of_target(request):
            group, line = said
            self._logs.write(group, PLATFORM, [(int(time.time() * 1000), line)], region)


def replayed(moto: MotoServices) -> Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]:
    """moto's services as a WSGI application for what the journal asks again; an operation that is no longer here is
    left out.
    """

    def application(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        service, headers = signed_for(environ), request_headers(environ)
        body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
        if reason := _why_not_here(
            service,
            RequestHead(environ["REQUEST_METHOD"], environ["PATH_INFO"], environ.get("QUERY_STRING", ""), headers),
            body,
        ):
            logger.warning("not asked again: %s", reason)
            start_response("400 Not here", [])
            return [b""]
        return moto(service, environ | {"wsgi.input": io.BytesIO(body)}, start_response)

    return application


def check_bucket_owner(head: RequestHead) -> None:
    """Every bucket here belongs to one account. Raises AccessRefused where the request names another, and
    InvalidOwner for what is no account.
    """
    for header in BUCKET_OWNER_HEADERS:
        named = head.headers.get(header, ACCOUNT)
        if not ANY_ACCOUNT.fullmatch(named):
            raise InvalidOwner("The value of the expected bucket owner parameter must be an AWS account ID")
        if named != ACCOUNT:
            raise AccessRefused(Why.FORBIDDEN, "Access Denied")


def _cannot_answer(service: str, operation: str) -> NotHere:
    """For what moto fails at: the same request would fail again. Call it where the exception is handled."""
    number = uuid.uuid4().hex[:12]
    logger.exception("fault %s in %s of %s", number, operation, service)
    return NotHere(
        f"The local {service} cannot answer {operation} with these parameters; the service's log has the id {number}. "
        "Change them, or send this request to AWS instead."
    )


def _why_not_here(service: str, head: RequestHead, body: bytes) -> str | None:
    """A sentence for a request that moto does not get, else None."""
    if service == "s3":
        names = [name for name, _ in head.parameters()]
        if is_here(service, head.method, "", names) and S3_CONTROL not in head.headers:
            return None
        return why_not_here(service, asked_operation(service, head, body))
    operations = operation_names(head.path, head.query, head.headers, body)
    if service in REST:
        operations.add(rest_operation([service], head))
    if len(operations) > 1 or head.headers.get("content-type", "").lower().startswith("multipart/"):
        return (
            f"The request names its operation in more than one way ({', '.join(sorted(operations))}), which no "
            f"client of AWS's does."
        )
    if is_here(service, head.method, "".join(operations), ()):
        return None
    return why_not_here(service, asked_operation(service, head, body))


def _hand_over(head: RequestHead, body: IO[bytes], environ: dict[str, Any]) -> None:
    """An object's bytes for moto: in a file where they are many, and moto needs not look into them."""
    size = int(environ.get("CONTENT_LENGTH") or 0)
    algorithm = head.headers.get("x-amz-sdk-checksum-algorithm", "")
    checksum_is_known = not algorithm or f"HTTP_X_AMZ_CHECKSUM_{algorithm.upper()}" in environ
    if size > IN_MEMORY and is_upload(head) and checksum_is_known:
        environ[RECEIVED] = ReceivedBody(body, size)
        environ |= {"wsgi.input": io.BytesIO(b"")}
    else:
        environ["wsgi.input"] = body


def without_signature(query: str) -> str:
    """A query without what signs a presigned URL."""
    return "&".join(pair for pair in query.split("&") if unquote(pair.partition("=")[0]) not in OF_SIGNATURES)


def with_scope(headers: dict[str, str], service: str) -> dict[str, str]:
    """Headers whose Authorization says for which service they are, also where the request was presigned or signed by an
    older version.
    """
    if signed_for({"HTTP_AUTHORIZATION": headers.get("authorization", "")}):
        return headers
    return {**headers, "authorization": f"{ALGORITHM} Credential=presigned/20000101/us-east-1/{service}/aws4_request, "}


def request_headers(environ: dict[str, Any]) -> dict[str, str]:
    """Headers of a WSGI request by name, in lower case with dashes."""
    headers = {name[5:].replace("_", "-").lower(): value for name, value in environ.items() if name.startswith("HTTP_")}
    return headers | {
        name.replace("_", "-").lower(): environ[name]
        for name in ("CONTENT_TYPE", "CONTENT_LENGTH")
        if environ.get(name)
    }


def signed_for(environ: dict[str, Any]) -> str:
    """The service in the SigV4 credential scope of a request's header or presigned URL; '' for one without."""
    credential = environ.get("HTTP_AUTHORIZATION", "").partition("Credential=")[2].partition(",")[0]
    if not credential:
        credential = parse_qs(environ.get("QUERY_STRING", "")).get("X-Amz-Credential", [""])[0]
    parts = credential.split("/")
    return parts[3].lower() if len(parts) == 5 else ""
