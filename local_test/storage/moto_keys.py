"""Moto's keys and delete markers with the bytes in files, open only while they are read or written.

Written against moto 5.2 (https://github.com/getmoto/moto/blob/5.2.5/moto/s3/models.py). What a request has changed is
noted for the thread that serves it (`Changes`), and written down by ObjectStore.flush.
"""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

from moto.s3.models import FakeDeleteMarker, FakeKey

from local_test.storage.moto_internals import check_moto
from local_test.storage.object_body import Finished, ObjectBody, store
from local_test.storage.object_folder import ObjectFolder
from local_test.storage.object_record import WATCHED, apply_record

check_moto("keys")


class Changes(threading.local):
    """What this thread has changed and flush has not yet written: records to write, objects to remove."""

    def __init__(self) -> None:
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

    def __init__(self) -> None:
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
        return object.__new__(cls)  # moto's own __new__ holds every instance until the process ends

    def __init__(self, *args: Any, **kwargs: Any):
        super().__init__(*args, **kwargs)
        self.order = self.order_of_writes.next()
        if self.bucket_name is not None:
            self.mark_stale()

    @classmethod
    def restored(cls, bucket: str, path: Path, record: dict[str, Any], account: str, region: str) -> "DiskKey":
        key = object.__new__(cls)
        value: Any = path  # the setter below takes it
        FakeKey.__init__(key, record["key"], value, account, region, bucket_name=bucket)
        apply_record(record, key)
        key.order = record["order"]
        return key

    @property  # type: ignore[override] # bytes for all of moto: another kind only inside bodies_stay_on_disk
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
        """Moto's would dispose of the key; a key here holds no file open."""

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
        marked: Any = key  # by moto's types never a marker itself
        super().__init__(marked)
        self.bucket_name: str = marked.bucket_name
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
        below: Any = marked  # by moto's types there is one, and no marker
        marker.key, marker.name, marker.bucket_name, marker.path = below, record["key"], bucket, path
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
