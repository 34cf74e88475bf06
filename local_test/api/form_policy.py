"""S3's form uploads (boto3's `generate_presigned_post`): the policy that was signed, and whether the form keeps to it.

Source: https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-post-example.html and
.../sigv4-HTTPPOSTConstructPolicy.html"""

import hmac
import json
from base64 import b64decode
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from local_test.api import sigv2, sigv4
from local_test.api.authentication import Find, Signed, known_key, wrong_signature
from local_test.api.errors import AccessRefused, Why
from local_test.api.sigv4 import Scope

NOT_IN_CONDITIONS = ("policy", "file", "x-amz-signature", "signature", "awsaccesskeyid")


def authenticate_form(
    fields: Sequence[tuple[str, str]], files: Sequence[tuple[str, int]], bucket: str, find: Find, now: datetime
) -> Signed:
    """fields: of the form, names and values. files: names of the fields that are files, and their sizes in bytes.
    Raises AccessRefused.
    """
    size = _size_of_file(fields, files)
    form = {name.lower(): value for name, value in fields}
    text = form.get("policy")
    if not text:
        raise AccessRefused(Why.UNSIGNED, "Bucket POST must contain a field named 'policy', and its signature.")
    if "x-amz-signature" in form:
        signed = _by_version_4(form, text, find)
    else:
        key = known_key(find, form.get("awsaccesskeyid", ""), form.get("x-amz-security-token"))
        if not hmac.compare_digest(
            sigv2.signature(key.secret, text.encode()).encode(), form.get("signature", "").encode()
        ):
            raise wrong_signature()
        signed = Signed(key, Scope("", "", "s3"))
    try:
        policy = json.loads(b64decode(text))
        is_over = now > datetime.fromisoformat(policy["expiration"].replace("Z", "+00:00"))
        conditions = [_condition(one) for one in policy["conditions"]]
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise AccessRefused(Why.INCOMPLETE, f"Invalid policy document: {error}") from error
    if is_over:
        raise AccessRefused(Why.EXPIRED, "Invalid according to Policy: Policy expired.")
    _check_conditions(conditions, {**form, "bucket": bucket}, size)
    return signed


def _size_of_file(fields: Sequence[tuple[str, str]], files: Sequence[tuple[str, int]]) -> int:
    """Bytes of the one file. A form in which two fields could be taken for each other is refused."""
    names = [name for name, _ in (*fields, *files)]
    twice = [name for name in names if [one.lower() for one in names].count(name.lower()) > 1]
    if twice:
        raise AccessRefused(Why.FORBIDDEN, f"The form has the field {twice[0]} more than once.")
    if names.count("key") != 1 or names.count("file") != 1 or any(name != "file" for name, _ in files):
        raise AccessRefused(
            Why.FORBIDDEN, "A form has one field key and one field file, in lower case, and no other file."
        )
    return files[0][1] if files else len(dict(fields)["file"].encode())


def _by_version_4(form: Mapping[str, str], text: str, find: Find) -> Signed:
    try:
        key_id, scope = sigv4.credential(form.get("x-amz-credential", ""))
    except ValueError as error:
        raise AccessRefused(Why.INCOMPLETE, str(error)) from error
    key = known_key(find, key_id, form.get("x-amz-security-token"))
    if scope.service != "s3" or not hmac.compare_digest(
        sigv4.signature(key.secret, scope, text).encode(), form["x-amz-signature"].encode()
    ):
        raise wrong_signature()
    return Signed(key, scope)


def _condition(stated: dict[str, Any] | list[Any]) -> tuple[str, Any, Any]:
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


def _check_conditions(conditions: list[tuple[Any, ...]], form: Mapping[str, str], size: int) -> None:
    for kind, name, value in conditions:
        if kind == "content-length-range":
            if not name <= size <= value:
                raise AccessRefused(
                    Why.FORBIDDEN, f"Your proposed upload has {size} bytes; the policy allows {name} to {value}."
                )
        elif not (form.get(name, "") == value if kind == "eq" else form.get(name, "").startswith(value)):
            raise AccessRefused(
                Why.FORBIDDEN, f'Invalid according to Policy: Policy Condition failed: ["{kind}", "${name}", "{value}"]'
            )
    allowed = {name for kind, name, _ in conditions if kind != "content-length-range"}
    extra = [name for name in form if name not in (*NOT_IN_CONDITIONS, *allowed) and not name.startswith("x-ignore-")]
    if extra:
        raise AccessRefused(Why.FORBIDDEN, f"Invalid according to Policy: Extra input fields: {', '.join(extra)}")
