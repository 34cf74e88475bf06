"""Bytes that a request's URI leads to: into the local S3, or with `file://` into a folder of this machine."""

import uuid
from pathlib import Path

from local_test.storage.destination import Destination
from local_test.storage.local_files import LocalFiles
from local_test.storage.object_store import ObjectStore


class StoredBytes:
    """spool: folder for files on their way, on the same file system as the objects."""

    def __init__(self, objects: ObjectStore, files: LocalFiles, spool: Path):
        self._spool = spool
        self._destination = Destination(objects, files, spool)

    def put(self, base: str, name: str, data: bytes, content_type: str) -> None:
        """Store the bytes as `name` below `base`. Raises ValueError when that cannot be, for instance without such a
        bucket.
        """
        self._spool.mkdir(parents=True, exist_ok=True)
        path = self._spool / uuid.uuid4().hex
        path.write_bytes(data)
        try:
            self._destination.put(base, name, path, content_type)
        finally:
            path.unlink(missing_ok=True)
