"""S3's form uploads (boto3's `generate_presigned_post`): the policy that was signed, and whether the form keeps to it.

Source: https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-post-example.html and .../sigv4-HTTPPOSTConstructPolicy.html
"""

import hmac
import json
from base64 import b64decode
from collections.abc import Mapping
from datetime import datetime

from local_test.api import sigv2, sigv4
from local_test.api.access_refused import AccessRefused, Why
from local_test.api.authentication import Find, Signed, known_key, wrong_signature
from local_test.api.sigv4 import Scope

NOT_IN_CONDITIONS = ("policy", "file", "x-amz-signature", "signature", "awsaccesskeyid")


def authenticate_form(fields: Mapping[str, str], bucket: str, size: int, find: Find, now: datetime) -> Signed:
    """fields: of the form, without the file. size: bytes of the file. Raises AccessRefused."""
    form = {name.lower(): value for name, value in fields.items()}
    text = form.get("policy")
    if not text:
        raise AccessRefused(Why.UNSIGNED, "Bucket POST must contain a field named 'policy', and its signature.")
    if "x-amz-signature" in form:
        signed = _by_version_4(form, text, find)
    else:
        key = known_key(find, form.get("awsaccesskeyid", ""), form.get("x-amz-security-token"))
        if not hmac.compare_digest(sigv2.signature(key.secret, text).encode(), form.get("signature", "").encode()):
            raise wrong_signature()
        signed = Signed(key, Scope("", "", "s3"))
    try:
        policy = json.loads(b64decode(text))
        expires = datetime.fromisoformat(policy["expiration"].replace("Z", "+00:00"))
        conditions = [_condition(one) for one in policy["conditions"]]
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise AccessRefused(Why.INCOMPLETE, f"Invalid policy document: {error}") from error
    if now > expires:
        raise AccessRefused(Why.EXPIRED, "Invalid according to Policy: Policy expired.")
    _check_conditions(conditions, {**form, "bucket": bucket}, size)
    return signed


def _by_version_4(form: Mapping[str, str], text: str, find: Find) -> Signed:
    try:
        key_id, scope = sigv4.credential(form.get("x-amz-credential", ""))
    except ValueError as error:
        raise AccessRefused(Why.INCOMPLETE, str(error)) from error
    key = known_key(find, key_id, form.get("x-amz-security-token"))
    if scope.service != "s3" or not hmac.compare_digest(sigv4.signature(key.secret, scope, text).encode(), form["x-amz-signature"].encode()):
        raise wrong_signature()
    return Signed(key, scope)


def _condition(stated: dict | list) -> tuple[str, str, object]:
    """(`eq`, `starts-with` or `content-length-range`, field or lowest, value or highest)."""
    if isinstance(stated, dict):
        [(name, value)] = stated.items()
        return "eq", name.lower(), str(value)
    kind, first, second = stated
    if kind.lower() == "content-length-range":
        return kind.lower(), int(first), int(second)
    if kind.lower() not in ("eq", "starts-with") or not first.startswith("$"):
        raise ValueError(f"unknown condition {stated}")
    return kind.lower(), first[1:].lower(), str(second)


def _check_conditions(conditions: list[tuple], form: Mapping[str, str], size: int) -> None:
    for kind, name, value in conditions:
        if kind == "content-length-range":
            if not name <= size <= value:
                raise AccessRefused(Why.FORBIDDEN, f"Your proposed upload has {size} bytes; the policy allows {name} to {value}.")
        elif not (form.get(name, "") == value if kind == "eq" else form.get(name, "").startswith(value)):
            raise AccessRefused(Why.FORBIDDEN, f'Invalid according to Policy: Policy Condition failed: ["{kind}", "${name}", "{value}"]')
    allowed = {name for kind, name, _ in conditions if kind != "content-length-range"}
    extra = [name for name in form if name not in (*NOT_IN_CONDITIONS, *allowed) and not name.startswith("x-ignore-")]
    if extra:
        raise AccessRefused(Why.FORBIDDEN, f"Invalid according to Policy: Extra input fields: {', '.join(extra)}")
