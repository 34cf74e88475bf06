"""Many objects of S3 at once: what lies under a prefix, putting them in parallel, removing them."""

import hashlib
import mimetypes
import sys
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import ClientError

from scripts.console.failure import Failure, explain, is_denied
from scripts.console.parallel import in_parallel
from scripts.console.progress import Progress

THREADS = 32  # S3 takes 3,500 puts a second under a prefix; what is waited for is its answers
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
        print(f"warning: s3://{bucket}/{prefix} is taken to be there. {explain(error)}", file=sys.stderr)
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


def put_objects(s3: Any, bucket: str, contents: dict[str, Callable[[], bytes]]) -> None:
    """Put the content of each key, in parallel, each in one part, so that its ETag is its MD5, and with its SHA-256."""

    def put(item: tuple[str, Callable[[], bytes]]) -> None:
        key, read = item
        content = read()
        s3.put_object(
            **put_request(bucket, key), Body=content, Metadata={"sha256": hashlib.sha256(content).hexdigest()}
        )

    progress = Progress(len(contents), "files sent")
    for _ in in_parallel(put, contents.items(), THREADS):
        progress.step()


def delete_objects(s3: Any, bucket: str, keys: list[str]) -> None:
    """Remove the objects. Raises Failure that names the first one which stays."""
    for start in range(0, len(keys), DELETED_AT_ONCE):
        batch = [{"Key": key} for key in keys[start : start + DELETED_AT_ONCE]]
        errors = s3.delete_objects(Bucket=bucket, Delete={"Objects": batch, "Quiet": True}).get("Errors", [])
        if errors:
            raise Failure(
                f"s3://{bucket}/{errors[0]['Key']} could not be removed: {errors[0].get('Message', 'no reason given')}."
            )
