"""Moto's S3 with keys, delete markers and uploads in files: the backend that holds them, and how it takes moto's place.

Written against moto 5.2 (https://github.com/getmoto/moto/blob/5.2.5/moto/s3/models.py). Large bodies travel as
ObjectBody.
"""

import base64
import functools
import hashlib
import json
import threading
import zlib
from collections.abc import Callable, Iterator
from types import ModuleType
from typing import Any

from moto.iam.access_control import IAMPolicy, PermissionResult
from moto.s3 import models, responses, urls
from moto.s3.exceptions import EntityTooSmall, InvalidPart, MalformedXML
from moto.s3.models import FakeBucket, FakeKey, FakeMultipart, MultipartChecksumBuilder, S3Backend
from moto.settings import S3_UPLOAD_PART_MIN_SIZE

from local_test.storage.moto_internals import check_moto
from local_test.storage.moto_keys import Changes, DiskDeleteMarker, DiskKey, Order, bodies_stay_on_disk
from local_test.storage.object_body import Finished, ObjectBody
from local_test.storage.object_folder import ObjectFolder

check_moto("multipart")
check_moto("s3")


class DiskMultipart(FakeMultipart):
    """A multipart upload that is put together in a file. It does not survive a restart: no client could know its
    parts.
    """

    folder: ObjectFolder

    def __new__(cls, *args: Any, **kwargs: Any) -> "DiskMultipart":
        return object.__new__(cls)

    def complete(  # type: ignore[override] # moto hands the whole to the key's value, which takes a file
        self, body: Iterator[tuple[int, str]]
    ) -> tuple[Finished, str, tuple[str, str, int] | None]:
        """The whole, its ETag, and its checksum (kind, value, number of parts). Raises what moto's raises."""
        parts: list[DiskKey] = []
        for number, etag in body:
            part = self.parts.get(number)
            if not isinstance(part, DiskKey) or part.etag.strip('"') != etag.strip('"'):
                raise InvalidPart()
            if parts and parts[-1].contentsize < S3_UPLOAD_PART_MIN_SIZE:
                raise EntityTooSmall()
            parts.append(part)
        if not parts:
            raise MalformedXML

        whole = self.folder.new_unfinished()
        crc = 0
        with whole.open("wb") as file:
            for part in parts:
                for chunk in ObjectBody(part.path):
                    file.write(chunk)
                    crc = zlib.crc32(chunk, crc)
        digests = b"".join(bytes.fromhex(part.etag.strip('"')) for part in parts)
        etag = f"{hashlib.md5(digests, usedforsecurity=False).hexdigest()}-{len(parts)}"
        return Finished(whole), etag, self._checksum(parts, crc)

    def _checksum(self, parts: list[DiskKey], crc: int) -> tuple[str, str, int] | None:
        """None where the client asked for none, or for one of the whole that this Python cannot compute."""
        algorithm = self.metadata.get("x-amz-checksum-algorithm")
        builder = MultipartChecksumBuilder(algorithm, self.metadata.get("x-amz-checksum-type"))
        if algorithm and builder.checksum_type == "COMPOSITE":
            for part in parts:
                builder.addPart(part.path.read_bytes())
            return builder.build()
        if algorithm == "CRC32":
            return "FULL_OBJECT", base64.b64encode(crc.to_bytes(4, "big")).decode(), 1
        return None


class DiskBackend(S3Backend):
    """Moto's S3 backend; what it does is unchanged, what it did is noted, and bodies stay on the disk."""

    def __init__(self, region_name: str, account_id: str):
        super().__init__(region_name, account_id)
        # Two writers of one key would each read the list of its versions and write back their own.
        self._writers = [threading.RLock() for _ in range(64)]

    @property
    def _url_module(self) -> ModuleType:
        return urls

    def put_object(self, bucket_name: str, key_name: str, *args: Any, **kwargs: Any) -> FakeKey:
        with self._writers[hash((bucket_name, key_name)) % len(self._writers)]:
            return super().put_object(bucket_name, key_name, *args, **kwargs)

    def copy_object(
        self, src_key: FakeKey, dest_bucket_name: str, dest_key_name: str, *args: Any, **kwargs: Any
    ) -> None:
        with bodies_stay_on_disk():
            super().copy_object(src_key, dest_bucket_name, dest_key_name, *args, **kwargs)
        # A copy has no parts. Moto gives it the checksum of its source's parts, and boto3 refuses to read such a one.
        if src_key.checksum_type == "COMPOSITE":
            copy = self.get_object(dest_bucket_name, dest_key_name)
            assert copy is not None  # it has just been made
            copy.checksum_algorithm = copy.checksum_value = None

    def upload_part_copy(self, *args: Any, **kwargs: Any) -> FakeKey:
        with bodies_stay_on_disk():
            return super().upload_part_copy(*args, **kwargs)

    def put_object_tagging(self, key: FakeKey, *args: Any, **kwargs: Any) -> FakeKey:
        _disk_key(key).mark_stale()
        return super().put_object_tagging(key, *args, **kwargs)

    def delete_object_tagging(self, bucket_name: str, key_name: str, version_id: str | None = None) -> None:
        super().delete_object_tagging(bucket_name, key_name, version_id)
        _disk_key(self.get_object(bucket_name, key_name, version_id=version_id)).mark_stale()


def _disk_key(key: FakeKey | None) -> DiskKey:
    assert isinstance(key, DiskKey)  # since `take_over` there are no others
    return key


def bucket_permission(bucket: FakeBucket, action: str, resource: str) -> PermissionResult:
    """What the bucket's policy says. Takes the place of FakeBucket.get_permission.

    moto decides by every statement as if it had no condition, so that one which refuses requests without TLS would
    refuse all. Statements with a condition decide nothing here: a request that reached this service stands for one over
    TLS, and of addresses, networks and organizations there are none.
    https://docs.aws.amazon.com/AmazonS3/latest/userguide/amazon-s3-policy-keys.html

    Args:
        action: as `s3:GetObject`.
        resource: ARN of an object.
    """
    if bucket.policy is None:
        return PermissionResult.NEUTRAL
    policy = json.loads(bucket.policy)
    statements = policy["Statement"] if isinstance(policy["Statement"], list) else [policy["Statement"]]
    unconditional = [one for one in statements if not one.get("Condition")]
    return IAMPolicy(json.dumps({**policy, "Statement": unconditional})).is_action_permitted(action, resource)


def take_over(folder: ObjectFolder, changes: Changes, account: str) -> None:
    """From now on moto's S3 keeps its objects in `folder`. What the account's backend held before is forgotten."""
    DiskKey.folder = DiskDeleteMarker.folder = DiskMultipart.folder = folder
    DiskKey.changes = DiskDeleteMarker.changes = changes
    DiskKey.order_of_writes, DiskDeleteMarker.order_of_writes = Order(), Order()
    # moto's own code makes its objects by these names.
    models.FakeKey = DiskKey  # type: ignore[misc]
    models.FakeDeleteMarker = DiskDeleteMarker  # type: ignore[misc, assignment]
    models.FakeMultipart = DiskMultipart  # type: ignore[misc]
    models.FakeBucket.get_permission = bucket_permission  # type: ignore[method-assign, assignment]
    models.s3_backends.backend = DiskBackend
    models.s3_backends.pop(account, None)
    for name, (_, owner) in list(models.s3_backends.bucket_accounts.items()):
        if owner == account:
            del models.s3_backends.bucket_accounts[name]
    answers = responses.S3Response
    if not hasattr(answers.get_object, "__wrapped__"):  # ours take the places of moto's methods
        answers.get_object = _sent_from_disk(answers.get_object)  # type: ignore[method-assign]
        answers.key_response = _bodies_let_go(answers.key_response)  # type: ignore[method-assign]


def _sent_from_disk(get_object: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(get_object)
    def sent_from_disk(response: Any) -> Any:
        with bodies_stay_on_disk():
            try:
                return get_object(response)
            except (
                FileNotFoundError
            ):  # overwritten between finding the key and opening its file: the new one is there now
                return get_object(response)

    return sent_from_disk


def _bodies_let_go(key_response: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(key_response)
    def bodies_let_go(response: Any, request: Any, *args: Any) -> Any:
        try:
            return key_response(response, request, *args)
        finally:
            # Both are in reference cycles: until the collector comes by, every part of an upload would stay in memory.
            response.body = response.raw_body = b""
            for kept in ("data", "_cached_data"):
                request.__dict__.pop(kept, None)

    return bodies_let_go
