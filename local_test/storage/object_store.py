"""S3 objects that survive a restart: moto answers the requests, files hold the objects."""

from __future__ import annotations  # a method is named list

import threading
from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from moto.s3.exceptions import MissingBucket
from moto.s3.models import FakeBucket, s3_backends
from moto.utilities.utils import get_partition

from contract.s3_uri import split_s3_uri
from local_test.storage.moto_keys import Changes, DiskDeleteMarker, DiskKey
from local_test.storage.moto_s3 import DiskBackend, take_over
from local_test.storage.object_body import Finished
from local_test.storage.object_folder import ObjectFolder, StorageError
from local_test.storage.object_record import marker_record, object_record

# What of a bucket is written down here, because objects depend on it; the journal holds its other settings.
BUCKET_SETTINGS = (
    "region_name",
    "versioning_status",
    "object_lock_enabled",
    "default_lock_mode",
    "default_lock_days",
    "default_lock_years",
)


Found = list[tuple[Path, dict[str, Any]]]  # files of objects, each with its record
Versions = list[DiskKey | DiskDeleteMarker]


@dataclass(frozen=True)
class StoredObject:
    """path: the file with the object's bytes; read it or hard-link it, never write to it. It goes when the object is
    overwritten or deleted; a hard link keeps it. size: bytes. etag: without quotation marks. content_type: None when it
    has none."""

    bucket: str
    key: str
    path: Path
    size: int
    etag: str
    content_type: str | None


class ObjectStore:
    def __init__(self, folder: Path, account: str, region: str):
        """Take over moto's S3 in this process and put back the buckets and objects that `folder` holds.

        folder: made when it is not there; other programs may link its files, and must not write to them.
        Raises StorageError when another process has the folder.
        """
        self._folder = ObjectFolder(folder)
        self._changes = Changes()
        self._region = region
        take_over(self._folder, self._changes, account)
        self._backend = s3_backends[account][get_partition(region)]
        assert isinstance(self._backend, DiskBackend)
        self._buckets_lock = threading.Lock()
        self._written_buckets: dict[str, dict[str, Any]] = {}
        for name, record in self._folder.buckets():
            self._restore_bucket(name, record)

    def list(self, uri: str) -> list[StoredObject]:
        """Objects whose key starts with the URI's, as S3 does it ('s3://bucket/tra' finds 'train/a'), sorted by key.

        Raises StorageError when the bucket is not there.
        """
        bucket, prefix = split_uri(uri)
        found = ((name, key) for name, key in self._bucket(bucket).keys.items() if name.startswith(prefix))
        return [_stored(bucket, key) for _, key in sorted(found) if isinstance(key, DiskKey)]

    def get(self, uri: str) -> StoredObject:
        """Raises StorageError when there is no such object."""
        bucket, name = split_uri(uri)
        key = self._bucket(bucket).keys.get(name)
        if not isinstance(key, DiskKey):
            raise StorageError(f"There is no object {uri}. Upload it, or correct the address.")
        return _stored(bucket, key)

    def put_file(self, uri: str, path: Path, content_type: str | None = None) -> None:
        """Make the file the object. It is taken over: renamed where it can be, copied and removed otherwise."""
        self._put(uri, Finished(path), content_type)

    def put_bytes(self, uri: str, data: bytes, content_type: str | None = None) -> None:
        self._put(uri, data, content_type)

    def delete(self, uri: str) -> None:
        """As S3 does it: no error when there is no such object; in a versioned bucket a delete marker."""
        bucket, name = split_uri(uri)
        self._bucket(bucket)
        self._backend.delete_object(bucket, name)
        self.flush()

    def ensure_bucket(self, name: str) -> None:
        if name not in self._backend.buckets:
            self._backend.create_bucket(name, self._region)
            self.flush()

    def flush(self) -> None:
        """Write down what this thread has changed. Call it after every S3 request, whatever its outcome, before the
        answer leaves: moto sets metadata and tags after it has made the object.

        New records come before removals, so a crash in between leaves an object twice (the newer counts), never not at
        all."""
        self._write_buckets()
        while self._changes.stale:
            _, key = self._changes.stale.popitem()
            with key.lock:
                # Another thread may have replaced the object already and removed its files.
                if not key.disposed:
                    self._folder.write_record(key.path, self._record(key))
        while self._changes.removed:
            key = self._changes.removed.pop()
            with key.lock:
                self._folder.remove_object(key.path)

    def _put(self, uri: str, value: bytes | Finished, content_type: str | None) -> None:
        bucket, name = split_uri(uri)
        if not name:
            raise StorageError(f"{uri} names a bucket; an object needs a key: s3://{bucket}/some/key.")
        self._bucket(bucket)
        taken: Any = value  # a file as well as bytes, by moto_keys' DiskKey
        key = self._backend.put_object(bucket, name, taken)
        self._backend.tagger.delete_all_tags_for_resource(
            key.arn
        )  # moto leaves those of an earlier object of that name
        if content_type:
            key.set_metadata({"Content-Type": content_type})
        self.flush()

    def _bucket(self, name: str) -> FakeBucket:
        try:
            return self._backend.get_bucket(name)
        except MissingBucket:
            raise StorageError(
                f"There is no bucket {name}: make it first, for instance with boto3's create_bucket."
            ) from None

    def _record(self, key: DiskKey | DiskDeleteMarker) -> dict[str, Any]:
        if isinstance(key, DiskDeleteMarker):
            return marker_record(key.name, key.version_id, key.order, key.last_modified)
        return object_record(key, key.order, self._backend.tagger.get_tag_dict_for_resource(key.arn))

    def _write_buckets(self) -> None:
        """Buckets change in few places and are few: they are compared with what was written."""
        with self._buckets_lock:
            now = {name: _bucket_record(bucket) for name, bucket in dict(self._backend.buckets).items()}
            for name in self._written_buckets.keys() - now.keys():
                self._folder.remove_bucket(name)
            for name, record in now.items():
                if self._written_buckets.get(name) != record:
                    self._folder.write_bucket(name, record)
            self._written_buckets = now

    def _restore_bucket(self, name: str, record: dict[str, Any]) -> None:
        account, region = self._backend.account_id, record["region_name"]
        bucket = FakeBucket(name, account, region)  # type: ignore[abstract] # moto makes them, too
        for setting in BUCKET_SETTINGS:
            setattr(bucket, setting, record[setting])
        bucket.creation_date = datetime.fromisoformat(record["creation_date"])
        self._backend.buckets[name] = bucket
        self._written_buckets[name] = record

        versions: dict[str, Found] = defaultdict(Found)
        for path, of_object in self._folder.objects(name):
            versions[of_object["key"]].append((path, of_object))
        for key_name, found in versions.items():
            found.sort(key=lambda pair: pair[1]["order"])
            newest = {record["_version_id"]: path for path, record in found}
            for path, _ in found:
                if path not in newest.values():  # a crash came between writing the new one and removing the old one
                    self._folder.remove_object(path)
            kept = [(path, record) for path, record in found if path in newest.values()]
            dict.__setitem__(bucket.keys, key_name, self._restore_versions(name, kept))

    def _restore_versions(self, bucket: str, found: Found) -> Versions:
        restored: Versions = []
        for path, record in found:
            if record["size"] is not None:
                key = DiskKey.restored(bucket, path, record, self._backend.account_id, self._backend.region_name)
                if record["tags"]:
                    self._backend.tagger.tag_resource(
                        key.arn, self._backend.tagger.convert_dict_to_tags_input(record["tags"])
                    )
                restored.append(key)
            else:
                restored.append(DiskDeleteMarker.restored(bucket, restored[-1] if restored else None, path, record))
        return restored


def split_uri(uri: str) -> tuple[str, str]:
    """'s3://bucket/some/key' -> ('bucket', 'some/key'); the key may be empty. Raises StorageError."""
    try:
        return split_s3_uri(uri)
    except ValueError as error:
        raise StorageError(str(error)) from None


def _stored(bucket: str, key: DiskKey) -> StoredObject:
    return StoredObject(
        bucket, key.name, key.path, key.contentsize, key.etag.strip('"'), key.metadata.get("Content-Type")
    )


def _bucket_record(bucket: FakeBucket) -> dict[str, Any]:
    return {
        "creation_date": bucket.creation_date.isoformat(),
        **{name: getattr(bucket, name) for name in BUCKET_SETTINGS},
    }
