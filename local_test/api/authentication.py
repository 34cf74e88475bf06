"""Who signed a request: decided from its head where the head says it all, else with its body. S3's forms are in
form_policy.py.

Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv.html
"""

import hmac
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

from local_test.api import sigv2, sigv4
from local_test.api.asked_operation import unsigned_operation
from local_test.api.aws_hosts import path_style
from local_test.api.errors import AccessRefused, Why
from local_test.api.http_request import RequestHead
from local_test.api.sigv4 import Scope
from local_test.host.command import COMMAND
from local_test.host.identity import AccessKey

Find = Callable[[str], AccessKey | None]
MOST_SKEW = timedelta(minutes=15)
LONGEST_PRESIGNED = 7 * 24 * 3600  # seconds
LONGEST_NUMBER = 12  # digits
UNSIGNED_PAYLOAD = "UNSIGNED-PAYLOAD"
OF_SIGNATURES = frozenset(
    {  # parameters of presigned URLs
        "X-Amz-Algorithm",
        "X-Amz-Credential",
        "X-Amz-Date",
        "X-Amz-Expires",
        "X-Amz-SignedHeaders",
        "X-Amz-Signature",
        "X-Amz-Security-Token",
        "AWSAccessKeyId",
        "Expires",
        "Signature",
        "x-amz-security-token",
    }
)
SIGNED_CHUNKS = ("STREAMING-AWS4-HMAC-SHA256-PAYLOAD", "STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER")
UNSIGNED_CHUNKS = "STREAMING-UNSIGNED-PAYLOAD-TRAILER"
SHA256 = re.compile("[0-9a-f]{64}")


@dataclass(frozen=True)
class Signed:
    """A request whose key is known. payload: what x-amz-content-sha256 says, None where the signature is about the body
    itself.

    signature, scope, time: of the request, which the chunks of a streamed body go on from.
    """

    key: AccessKey
    scope: Scope
    time: str = ""
    signature: str = ""
    payload: str | None = None
    _canonical: Callable[[str], bytes] | None = field(default=None, repr=False)

    @property
    def service(self) -> str:
        return self.scope.service

    @property
    def covers_body(self) -> bool:
        """Whether the signature is about the body as a whole, so that `check_body` has something to compare."""
        return self._canonical is not None or bool(self.payload and SHA256.fullmatch(self.payload))

    def check_body(self, sha256: str) -> None:
        """sha256: of the whole body, in hexadecimal digits. Raises AccessRefused for another body than the one that was
        signed.
        """
        if self._canonical is not None:
            self._check(self._canonical(sha256))
        elif self.covers_body and self.payload != sha256:
            raise AccessRefused(
                Why.OTHER_BODY, "The provided 'x-amz-content-sha256' header does not match what was computed."
            )

    def _check(self, canonical: bytes) -> None:
        if not hmac.compare_digest(
            sigv4.request_signature(self.key.secret, self.scope, self.time, canonical), self.signature
        ):
            raise wrong_signature()


def wrong_signature() -> AccessRefused:
    return AccessRefused(
        Why.WRONG_SIGNATURE,
        "The request signature we calculated does not match the signature you provided. Check your AWS Secret Access "
        "Key and signing method: "
        f"`{COMMAND} env` prints the keys of this service.",
    )


def authenticate(head: RequestHead, find: Find, now: datetime) -> Signed:
    """Raises AccessRefused. What it returns may still have to check the body: `Signed.check_body`."""
    authorization = head.headers.get("authorization", "")
    if authorization.startswith("AWS4-"):
        return _by_header(head, authorization, find, now)
    if authorization.startswith("AWS "):
        return _by_old_header(head, authorization, find, now)
    if authorization:
        raise AccessRefused(Why.INCOMPLETE, "The Authorization header is no AWS signature.")
    parameters = dict(head.parameters())
    twice = [
        name
        for name, _ in head.parameters()
        if name in OF_SIGNATURES and [one for one, _ in head.parameters()].count(name) > 1
    ]
    if twice:
        raise AccessRefused(Why.INCOMPLETE, f"{twice[0]} is in the query more than once.")
    if "X-Amz-Signature" in parameters or "X-Amz-Credential" in parameters:
        return _presigned(head, parameters, find, now)
    if "Signature" in parameters and "AWSAccessKeyId" in parameters:
        return _presigned_the_old_way(head, parameters, find, now)
    operation = unsigned_operation(head)
    if operation:
        raise AccessRefused(
            Why.UNSIGNED,
            f"The local SageMaker does not have {operation}. It takes no logins: `{COMMAND} env` prints the keys of "
            "its own. Or send this request to AWS instead.",
        )
    raise AccessRefused(
        Why.UNSIGNED, f"Request is missing Authentication Token. `{COMMAND} env` prints this service's keys."
    )


def known_key(find: Find, id: str, token: str | None) -> AccessKey:
    """Raises AccessRefused for a key that nobody has, or has no longer, and for a session token that is not the
    key's.
    """
    key = find(id)
    if key is None:
        raise AccessRefused(
            Why.UNKNOWN_KEY,
            "The AWS Access Key Id you provided does not exist in our records: this is a local SageMaker, with keys "
            "of its own. "
            f'In your shell: eval "$({COMMAND} env)".',
        )
    if not hmac.compare_digest((token or "").encode(), (key.session_token or "").encode()):
        raise AccessRefused(Why.WRONG_TOKEN, "The security token included in the request is invalid.")
    return key


def _by_header(head: RequestHead, authorization: str, find: Find, now: datetime) -> Signed:
    found = sigv4.AUTHORIZATION.fullmatch(authorization.strip())
    time = head.headers.get("x-amz-date", "")
    if not found:
        raise AccessRefused(
            Why.INCOMPLETE, "The Authorization header must have Credential, SignedHeaders and Signature."
        )
    key_id, scope, signed, signature = *_credential(found[1]), found[2].split(";"), found[3]
    key = known_key(find, key_id, head.headers.get("x-amz-security-token"))
    if abs(_moment(time, scope) - now) > MOST_SKEW:
        raise AccessRefused(
            Why.TIME, "Signature expired: the difference between the request time and the current time is too large."
        )
    _check_coverage(head, signed)
    payload = head.headers.get("x-amz-content-sha256")
    if scope.service == "s3" and payload is None:
        raise AccessRefused(Why.INCOMPLETE, "Missing required header for this request: x-amz-content-sha256")
    if scope.service != "s3" and payload and not SHA256.fullmatch(payload):
        raise AccessRefused(Why.INCOMPLETE, "x-amz-content-sha256 must be the SHA-256 of the body.")
    if payload and not (SHA256.fullmatch(payload) or payload in (UNSIGNED_PAYLOAD, UNSIGNED_CHUNKS, *SIGNED_CHUNKS)):
        raise AccessRefused(
            Why.INCOMPLETE,
            f"x-amz-content-sha256 is {payload}, which is neither a SHA-256 nor a way to stream that is known here.",
        )
    return _checked(Signed(key, scope, time, signature, payload), head, signed)


def _presigned(head: RequestHead, parameters: dict[str, str], find: Find, now: datetime) -> Signed:
    needed = (
        "X-Amz-Algorithm",
        "X-Amz-Credential",
        "X-Amz-Date",
        "X-Amz-Expires",
        "X-Amz-SignedHeaders",
        "X-Amz-Signature",
    )
    missing = [name for name in needed if not parameters.get(name)]
    if missing or parameters["X-Amz-Algorithm"] != sigv4.ALGORITHM:
        raise AccessRefused(Why.INCOMPLETE, f"Query-string authentication needs {', '.join(missing or needed)}.")
    key_id, scope = _credential(parameters["X-Amz-Credential"])
    key = known_key(find, key_id, parameters.get("X-Amz-Security-Token"))
    lasts = parameters["X-Amz-Expires"]
    if not lasts.isdecimal() or len(lasts) > LONGEST_NUMBER or not 0 < int(lasts) <= LONGEST_PRESIGNED:
        raise AccessRefused(Why.INCOMPLETE, f"X-Amz-Expires must be from 1 to {LONGEST_PRESIGNED} seconds.")
    began = _moment(parameters["X-Amz-Date"], scope)
    if now - began > timedelta(seconds=int(lasts)):
        raise AccessRefused(Why.EXPIRED, "Request has expired")
    if began - now > MOST_SKEW:
        raise AccessRefused(Why.EXPIRED, "Request is not valid yet")
    signed = parameters["X-Amz-SignedHeaders"].split(";")
    _check_coverage(head, signed)
    # A presigned URL of S3 signs these words in the place of the body's hash.
    payload = UNSIGNED_PAYLOAD if scope.service == "s3" else None
    return _checked(Signed(key, scope, parameters["X-Amz-Date"], parameters["X-Amz-Signature"], payload), head, signed)


def _checked(signed: Signed, head: RequestHead, names: list[str]) -> Signed:
    """With its signature checked, unless that needs the body."""

    def canonical(payload: str) -> bytes:
        try:
            return sigv4.canonical_request(head, names, payload, signed.service)
        except ValueError as error:
            raise AccessRefused(Why.INCOMPLETE, str(error)) from error

    if signed.payload is None:
        return Signed(signed.key, signed.scope, signed.time, signed.signature, None, canonical)
    signed._check(canonical(signed.payload))
    return signed


def _by_old_header(head: RequestHead, authorization: str, find: Find, now: datetime) -> Signed:
    key_id, _, signature = authorization.removeprefix("AWS ").strip().partition(":")
    key = known_key(find, key_id, head.headers.get("x-amz-security-token"))
    date = head.headers.get("x-amz-date") or head.headers.get("date", "")
    try:
        skew = abs(parsedate_to_datetime(date) - now)
    except (ValueError, TypeError, OverflowError) as error:
        raise AccessRefused(Why.UNSIGNED, "AWS authentication requires a valid Date or x-amz-date header.") from error
    if skew > MOST_SKEW:
        raise AccessRefused(Why.TIME, "The difference between the request time and the current time is too large.")
    return _signed_the_old_way(head, key, signature, head.headers.get("date", ""))


def _presigned_the_old_way(head: RequestHead, parameters: dict[str, str], find: Find, now: datetime) -> Signed:
    key = known_key(find, parameters["AWSAccessKeyId"], parameters.get("x-amz-security-token"))
    expires = parameters.get("Expires", "")
    if not expires.isdecimal() or len(expires) > LONGEST_NUMBER:
        raise AccessRefused(Why.INCOMPLETE, "Query-string authentication needs Expires, in seconds since 1970.")
    if now.timestamp() > int(expires):
        raise AccessRefused(Why.EXPIRED, "Request has expired")
    return _signed_the_old_way(head, key, parameters["Signature"], expires)


def _signed_the_old_way(head: RequestHead, key: AccessKey, signature: str, date: str) -> Signed:
    try:
        texts = sigv2.texts_to_sign(path_style(head), date)
    except ValueError as error:
        raise AccessRefused(Why.INCOMPLETE, str(error)) from error
    if not any(hmac.compare_digest(sigv2.signature(key.secret, text).encode(), signature.encode()) for text in texts):
        raise wrong_signature()
    return Signed(key, Scope("", "", "s3"), payload=UNSIGNED_PAYLOAD)


def _credential(text: str) -> tuple[str, Scope]:
    try:
        return sigv4.credential(text)
    except ValueError as error:
        raise AccessRefused(Why.INCOMPLETE, str(error)) from error


def _moment(text: str, scope: Scope) -> datetime:
    try:
        found = sigv4.moment(text)
    except ValueError as error:
        raise AccessRefused(
            Why.INCOMPLETE, f"The request's time is {text!r}; it should look like 20260131T120000Z."
        ) from error
    if found.strftime("%Y%m%d") != scope.date:
        raise AccessRefused(Why.WRONG_SIGNATURE, "The date of the credential is not that of the request.")
    return found.replace(tzinfo=UTC)


def _check_coverage(head: RequestHead, signed: list[str]) -> None:
    """What AWS decides by must be under the signature: else it could be added to a signed request by somebody else."""
    loose = [name for name in head.headers if name.startswith("x-amz-") and name not in signed]
    if "host" not in signed or loose:
        raise AccessRefused(
            Why.FORBIDDEN,
            f"There were headers present in the request which were not signed: {', '.join(loose) or 'host'}",
        )
