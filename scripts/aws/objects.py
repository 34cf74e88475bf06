"""Many S3 objects at once: listing a prefix, uploading in parallel, deleting, with old versions where asked for."""

import hashlib
import mimetypes
import sys
import threading
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from scripts.aws.pace import Pace
from scripts.aws.waiting import moments
from scripts.console.failure import PASSING, Failure, explain, is_denied
from scripts.console.parallel import in_parallel
from scripts.console.waits import Progress

THREADS = 32  # S3 takes 3,500 puts a second under a prefix; what is waited for is its answers
SECONDS_TO_DELETE = 60.0  # for keys that S3 has no time for now
DELETED_AT_ONCE = 1_000  # https://docs.aws.amazon.com/AmazonS3/latest/API/API_DeleteObjects.html


@dataclass(frozen=True)
class StoredObject:
    """size in bytes; etag without its quotes."""

    size: int
    etag: str


def listing(s3: Any, bucket: str, prefix: str) -> dict[str, StoredObject]:
    """Every object whose key begins with `prefix`: a request for each thousand."""
    found = {}
    for page in s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix):
        for one in page.get("Contents", []):
            found[one["Key"]] = StoredObject(one["Size"], one["ETag"].strip('"'))
    return found


@dataclass(frozen=True)
class StoredVersion:
    """A version of an object, or a delete marker, which has no bytes.

    is_current: whether a request without a version finds it; no delete marker is.
    """

    key: str
    version: str
    size: int
    is_current: bool


def version_listing(s3: Any, bucket: str, prefix: str) -> list[StoredVersion]:
    """Everything that the bucket keeps of keys that begin with `prefix`; empty where that is what `listing` finds.

    Raises ClientError where these credentials may not look, and the bucket does not say that it keeps no versions.
    """
    found = []
    try:
        for page in s3.get_paginator("list_object_versions").paginate(Bucket=bucket, Prefix=prefix):
            for one in page.get("Versions", []):
                found.append(StoredVersion(one["Key"], one["VersionId"], one["Size"], one["IsLatest"]))
            for one in page.get("DeleteMarkers", []):
                found.append(StoredVersion(one["Key"], one["VersionId"], 0, False))
    except ClientError as error:
        if is_denied(error) and _never_versioned(s3, bucket):
            return []
        raise
    # A bucket that was never versioned has one version of each, null, which needs no permission of its own to go.
    return found if any(not one.is_current or one.version != "null" for one in found) else []


def _never_versioned(s3: Any, bucket: str) -> bool:
    try:
        return "Status" not in s3.get_bucket_versioning(Bucket=bucket)
    except ClientError:
        return False


def folders(s3: Any, bucket: str, above: str) -> list[str]:
    """The names that come next in the keys that begin with `above`, which ends with a slash."""
    pages = s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=above, Delimiter="/")
    return [one["Prefix"].removeprefix(above).rstrip("/") for page in pages for one in page.get("CommonPrefixes", [])]


def has_objects(s3: Any, bucket: str, prefix: str) -> bool:
    """Whether any key begins with `prefix`; none does where there is no such bucket.

    Where these credentials may not look, the service's role still may: then they are taken to be there.
    """
    try:
        return s3.list_objects_v2(Bucket=bucket, Prefix=prefix, MaxKeys=1).get("KeyCount", 0) > 0
    except s3.exceptions.NoSuchBucket:
        return False
    except ClientError as error:
        if not is_denied(error):
            raise
        print(f"warning: s3://{bucket}/{prefix} is assumed to be there. {explain(error)}", file=sys.stderr)
        return True


def is_bucket(s3: Any, bucket: str) -> bool:
    """Whether there is such a bucket, be it one that these credentials may not look into."""
    try:
        s3.head_bucket(Bucket=bucket)
    except ClientError as error:
        if error.response["ResponseMetadata"]["HTTPStatusCode"] == 404:
            return False
        if not is_denied(error):
            raise
    return True


def put_request(bucket: str, key: str) -> dict[str, Any]:
    """PutObject's request without the content; the type follows from the key's suffix."""
    return {"Bucket": bucket, "Key": key, "ContentType": mimetypes.guess_type(key)[0] or "application/octet-stream"}


def put_objects(s3: Any, bucket: str, contents: dict[str, Callable[[], bytes]], then: str) -> None:
    """Put the content of each key, in parallel, each in one part, so that its ETag is its MD5, and with its SHA-256.

    Where S3 throttles, or the network is cut, it goes on more slowly. Raises Failure when that does not help, or when
    AWS refuses. then: what to do next, once AWS answers again; the failure says it after how many files are there.
    """
    pace, sent = Pace(THREADS), 0

    def put(item: tuple[str, Callable[[], bytes]]) -> None:
        nonlocal sent
        key, read = item
        content = read()
        request = put_request(bucket, key)
        metadata = {"sha256": hashlib.sha256(content).hexdigest()}
        pace.call(lambda: s3.put_object(**request, Body=content, Metadata=metadata))
        with counting:
            sent += 1

    counting = threading.Lock()
    try:
        with Progress(len(contents), "files sent") as progress:
            for _ in in_parallel(put, contents.items(), THREADS):
                progress.step()
    except (ClientError, BotoCoreError) as error:
        raise Failure(f"{explain(error)} {sent:,} of {len(contents):,} files have arrived and stay. {then}") from error


def delete_objects(s3: Any, bucket: str, objects: Iterable[str | StoredVersion]) -> None:
    """Remove objects by key, or versions for good. Raises Failure that names the first one which stays."""
    for request in delete_requests(bucket, objects):
        request["Delete"]["Quiet"] = True
        errors: list[dict[str, Any]] = []
        for passed in moments():
            errors = s3.delete_objects(**request).get("Errors", [])
            busy = [one for one in errors if one.get("Code") in PASSING]
            if len(busy) < len(errors) or not busy or passed > SECONDS_TO_DELETE:
                break
            request["Delete"]["Objects"] = [
                {name: one[name] for name in ("Key", "VersionId") if one.get(name)} for one in busy
            ]
        if errors:
            first = errors[0]
            said = f"s3://{bucket}/{first['Key']} could not be removed: {first.get('Message', 'no reason given')}."
            if first.get("VersionId") and first.get("Code") == "AccessDenied":
                said += (
                    " The bucket is versioned, and every version in it costs until it is removed: give these "
                    "credentials s3:DeleteObjectVersion."
                )
            elif first.get("Code") == "AccessDenied":
                said += " Give these credentials s3:DeleteObject."
            raise Failure(said)


def delete_requests(bucket: str, objects: Iterable[str | StoredVersion]) -> Iterator[dict[str, Any]]:
    """DeleteObjects' requests for keys, or for versions."""
    named = [{"Key": one} if isinstance(one, str) else {"Key": one.key, "VersionId": one.version} for one in objects]
    for start in range(0, len(named), DELETED_AT_ONCE):
        yield {"Bucket": bucket, "Delete": {"Objects": named[start : start + DELETED_AT_ONCE]}}
