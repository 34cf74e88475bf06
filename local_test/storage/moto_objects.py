"""Moto's S3 classes with the bytes in files: keys, multipart uploads, delete markers, and the backend that holds them.

Written against moto 5.2 (https://github.com/getmoto/moto/blob/5.2.5/moto/s3/models.py). What differs from its classes:
the bytes of a key are a file that is open only while it is read or written; what a request has changed is noted for the
thread that serves it (`Changes`), and written down by ObjectStore.flush; large bodies travel as ObjectBody.
"""

import base64
import functools
import hashlib
import threading
import time
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from types import ModuleType
from typing import Any

from moto.s3 import models, responses, urls
from moto.s3.exceptions import EntityTooSmall, InvalidPart, MalformedXML
from moto.s3.models import FakeDeleteMarker, FakeKey, FakeMultipart, MultipartChecksumBuilder, S3Backend
from moto.settings import S3_UPLOAD_PART_MIN_SIZE

from local_test.storage.object_body import Finished, ObjectBody, store
from local_test.storage.object_folder import ObjectFolder
from local_test.storage.object_record import WATCHED, apply_record


class Changes(threading.local):
    """What this thread has changed and flush has not yet written: records to write, objects to remove."""

    def __init__(self):
        self.stale: dict[int, DiskKey | DiskDeleteMarker] = {}
        self.removed: list[DiskKey | DiskDeleteMarker] = []


class _Lazily(threading.local):
    on = False


_lazily = _Lazily()


@contextmanager
def bodies_stay_on_disk() -> Iterator[None]:
    """Inside, the value of a key is an ObjectBody; outside it is bytes, as all of moto expects."""
    before, _lazily.on = _lazily.on, True
    try:
        yield
    finally:
        _lazily.on = before


class Order:
    """Numbers that rise from call to call and from one process to the next."""

    def __init__(self):
        self._last, self._lock = 0, threading.Lock()

    def next(self) -> int:
        with self._lock:
            self._last = max(self._last + 1, time.time_ns())
            return self._last


class DiskKey(FakeKey):
    """An object, or a part of a multipart upload (which has no bucket name), whose bytes are a file."""

    folder: ObjectFolder
    changes: Changes
    order_of_writes: Order

    def __new__(cls, *args: Any, **kwargs: Any) -> "DiskKey":
        return object.__new__(cls)  # moto's own __new__ keeps every instance for good

    def __init__(self, *args: Any, **kwargs: Any):
        super().__init__(*args, **kwargs)
        self.order = self.order_of_writes.next()
        if self.bucket_name is not None:
            self.mark_stale()

    @classmethod
    def restored(cls, bucket: str, path: Path, record: dict[str, Any], account: str, region: str) -> "DiskKey":
        key = object.__new__(cls)
        FakeKey.__init__(key, record["key"], path, account, region, bucket_name=bucket)
        apply_record(record, key)
        key.order = record["order"]
        return key

    @property
    def value(self) -> bytes | ObjectBody:
        return ObjectBody(self.path) if _lazily.on else self.path.read_bytes()

    @value.setter
    def value(self, value: bytes | str | ObjectBody | Finished | Path) -> None:
        self._value_buffer.close()  # moto has just made a temporary file for it
        if isinstance(value, Path):
            self.path = value
            return
        self.path = (
            self.folder.new_unfinished() if self.bucket_name is None else self.folder.new_object(self.bucket_name)
        )
        self.contentsize, md5 = store(value, self.path)
        self._etag = self._etag or md5

    def __setattr__(self, name: str, value: Any) -> None:
        super().__setattr__(name, value)
        # The last attribute of construction is `order`: before it there is nothing to be stale.
        if name in WATCHED and "order" in self.__dict__ and self.bucket_name is not None:
            self.mark_stale()

    def set_metadata(self, metadata: Any, replace: bool = False) -> None:
        super().set_metadata(metadata, replace)
        self.mark_stale()

    def mark_stale(self) -> None:
        self.changes.stale[id(self)] = self

    def dispose(self, garbage: bool = False) -> None:
        """Moto lets go of the key. Its files stay until flush has written what replaces it."""
        if not self.disposed:
            self.disposed = True
            if self.bucket_name is None:
                self.path.unlink(missing_ok=True)
            else:
                self.changes.removed.append(self)

    def __del__(self) -> None:
        """Moto's would dispose of the key; here a key that nobody refers to has nothing open."""

    def __deepcopy__(self, memo: dict[str, Any]) -> "DiskKey":
        """Moto copies every version of every object to list them; the copies share the file."""
        copy = object.__new__(type(self))
        copy.__dict__.update(self.__dict__)
        return copy


class DiskDeleteMarker(FakeDeleteMarker):
    """A delete marker that is written down."""

    folder: ObjectFolder
    changes: Changes
    order_of_writes: Order

    def __new__(cls, *args: Any, **kwargs: Any) -> "DiskDeleteMarker":
        return object.__new__(cls)

    def __init__(self, key: "DiskKey | DiskDeleteMarker"):
        super().__init__(key)
        self.bucket_name = key.bucket_name
        self.path = self.folder.new_object(self.bucket_name)
        self.order = self.order_of_writes.next()
        self.disposed = False
        self.lock = threading.Lock()
        self.changes.stale[id(self)] = self

    @classmethod
    def restored(
        cls, bucket: str, marked: "DiskKey | DiskDeleteMarker | None", path: Path, record: dict[str, Any]
    ) -> "DiskDeleteMarker":
        marker = object.__new__(cls)
        marker.key, marker.name, marker.bucket_name, marker.path = marked, record["key"], bucket, path
        marker.last_modified = datetime.fromisoformat(record["last_modified"])
        marker._version_id, marker.order = record["_version_id"], record["order"]
        marker.disposed, marker.lock = False, threading.Lock()
        return marker

    def dispose(self) -> None:
        if not self.disposed:
            self.disposed = True
            self.changes.removed.append(self)

    def __deepcopy__(self, memo: dict[str, Any]) -> "DiskDeleteMarker":
        copy = object.__new__(type(self))
        copy.__dict__.update(self.__dict__)
        return copy


class DiskMultipart(FakeMultipart):
    """A multipart upload that is put together in a file. It does not survive a restart: no client could know its
    parts.
    """

    folder: ObjectFolder

    def __new__(cls, *args: Any, **kwargs: Any) -> "DiskMultipart":
        return object.__new__(cls)

    def complete(self, body: Iterator[tuple[int, str]]) -> tuple[Finished, str, tuple[str, str, int] | None]:
        """The whole, its ETag, and its checksum (kind, value, number of parts). Raises what moto's raises."""
        parts: list[DiskKey] = []
        for number, etag in body:
            part = self.parts.get(number)
            if part is None or part.etag.strip('"') != etag.strip('"'):
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
                builder.addPart(part.value)
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
        self, src_key: DiskKey, dest_bucket_name: str, dest_key_name: str, *args: Any, **kwargs: Any
    ) -> None:
        with bodies_stay_on_disk():
            super().copy_object(src_key, dest_bucket_name, dest_key_name, *args, **kwargs)
        # A copy has no parts. Moto gives it the checksum of its source's parts, and boto3 refuses to read such a one.
        if src_key.checksum_type == "COMPOSITE":
            copy = self.get_object(dest_bucket_name, dest_key_name)
            copy.checksum_algorithm = copy.checksum_value = None

    def upload_part_copy(self, *args: Any, **kwargs: Any) -> FakeKey:
        with bodies_stay_on_disk():
            return super().upload_part_copy(*args, **kwargs)

    def put_object_tagging(self, key: DiskKey, tags: dict[str, str] | None) -> FakeKey:
        key.mark_stale()
        return super().put_object_tagging(key, tags)

    def delete_object_tagging(self, bucket_name: str, key_name: str, version_id: str | None = None) -> None:
        super().delete_object_tagging(bucket_name, key_name, version_id)
        self.get_object(bucket_name, key_name, version_id=version_id).mark_stale()


def take_over(folder: ObjectFolder, changes: Changes, account: str) -> None:
    """From now on moto's S3 keeps its objects in `folder`. What the account's backend held before is forgotten."""
    for owner in (DiskKey, DiskDeleteMarker, DiskMultipart):
        owner.folder = folder
    for owner in (DiskKey, DiskDeleteMarker):
        owner.changes, owner.order_of_writes = changes, Order()
    models.FakeKey, models.FakeDeleteMarker, models.FakeMultipart = DiskKey, DiskDeleteMarker, DiskMultipart
    models.s3_backends.backend = DiskBackend
    models.s3_backends.pop(account, None)
    for name, (_, owner) in list(models.s3_backends.bucket_accounts.items()):
        if owner == account:
            del models.s3_backends.bucket_accounts[name]
    if not hasattr(responses.S3Response.get_object, "__wrapped__"):
        responses.S3Response.get_object = _sent_from_disk(responses.S3Response.get_object)
        responses.S3Response.key_response = _bodies_let_go(responses.S3Response.key_response)


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
