"""How objects lie in a folder: one file an object, its record (JSON) beside it, and what a crash leaves is told apart.

    buckets/<bucket>/bucket.json          the bucket; without it the bucket is not there
    buckets/<bucket>/<2 digits>/<id>      the object's bytes; written once, never into
    buckets/<bucket>/<2 digits>/<id>.json its record, written last: without it the bytes count for nothing
    unfinished/<id>                       parts of multipart uploads, and what is being put together from them

A key may be any text up to 1,024 bytes, and `a` and `a/b` may both be objects, so files are named by an id, not by key.
Nothing is synced to the disk: a killed process loses nothing that way, only a power cut could.
"""

import fcntl
import json
import os
import shutil
import uuid
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote, unquote


class StorageError(ValueError):
    """Something about the stored objects does not hold; the message is a sentence for the user."""


class ObjectFolder:
    def __init__(self, folder: Path):
        """Take the folder for this process. Raises StorageError when another process has it."""
        self.folder = folder
        (folder / "buckets").mkdir(parents=True, exist_ok=True)
        # Held until the process ends, however it ends. What one process is writing, another would take for torn.
        self._lock = os.open(folder / "lock", os.O_RDWR | os.O_CREAT, 0o644)
        try:
            fcntl.lockf(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            os.close(self._lock)
            raise StorageError(
                f"{folder} is in use by another local SageMaker: stop it, or choose another folder."
            ) from error
        shutil.rmtree(folder / "unfinished", ignore_errors=True)
        (folder / "unfinished").mkdir()

    def new_unfinished(self) -> Path:
        return self.folder / "unfinished" / uuid.uuid4().hex

    def new_object(self, bucket: str) -> Path:
        name = uuid.uuid4().hex
        return self._bucket(bucket) / name[:2] / name

    def write_record(self, path: Path, record: dict) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        _write_atomically(_record_of(path), record)

    def remove_object(self, path: Path) -> None:
        """The record first: a crash in between leaves bytes that count for nothing."""
        _record_of(path).unlink(missing_ok=True)
        path.unlink(missing_ok=True)

    def write_bucket(self, bucket: str, record: dict) -> None:
        self._bucket(bucket).mkdir(exist_ok=True)
        _write_atomically(self._bucket(bucket) / "bucket.json", record)

    def remove_bucket(self, bucket: str) -> None:
        (self._bucket(bucket) / "bucket.json").unlink(missing_ok=True)
        shutil.rmtree(self._bucket(bucket), ignore_errors=True)

    def buckets(self) -> Iterator[tuple[str, dict]]:
        """Name and record of each bucket. A folder without a record is a bucket that was being deleted: it goes."""
        for folder in sorted((self.folder / "buckets").iterdir()):
            try:
                record = json.loads((folder / "bucket.json").read_text())
            except (OSError, ValueError):
                shutil.rmtree(folder)
                continue
            yield unquote(folder.name), record

    def objects(self, bucket: str) -> Iterator[tuple[Path, dict]]:
        """Path and record of each object and delete marker, in no order. Torn writes are removed on the way."""
        with os.scandir(self._bucket(bucket)) as shards:
            folders = [shard.path for shard in shards if shard.is_dir()]
        for folder in folders:
            with os.scandir(folder) as entries:
                names = {entry.name for entry in entries}
            for name in names:
                stem, dot, ending = name.partition(".")
                path = Path(folder, stem)
                record = _read(f"{folder}/{name}") if ending == "json" else None
                if record is not None and (stem in names or record["size"] is None):
                    yield path, record
                    continue
                if dot or f"{stem}.json" not in names:
                    Path(folder, name).unlink()

    def _bucket(self, bucket: str) -> Path:
        return self.folder / "buckets" / quote(bucket, safe="")


def _record_of(path: Path) -> Path:
    return path.with_name(f"{path.name}.json")


def _read(path: str) -> dict | None:
    try:
        with open(path, "rb") as file:
            return json.loads(file.read())
    except ValueError:  # only a power cut leaves half a record
        return None


def _write_atomically(path: Path, record: dict) -> None:
    unfinished = path.with_name(f"{path.name}.new")
    unfinished.write_text(json.dumps(record))
    os.replace(unfinished, path)
