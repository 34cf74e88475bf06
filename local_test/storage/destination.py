"""Where a request's output URI leads: into the local S3, or with `file://` into a folder of this machine."""

import os
import shutil
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote, urlsplit

from local_test.storage.object_store import ObjectStore, StorageError


@dataclass(frozen=True)
class Destination:
    """spool: folder for files that are about to be stored, on the same file system as the objects."""

    objects: ObjectStore
    spool: Path

    def check(self, uri: str) -> None:
        """Raise ValueError when nothing can be written there: found out before a job runs, not after."""
        folder = _folder(uri)
        if folder is None:
            self.objects.list(uri)
            return
        folder.mkdir(parents=True, exist_ok=True)
        if not os.access(folder, os.W_OK):
            raise ValueError(f"{uri} is not writable for this user.")

    def put(self, uri: str, path: Path, content_type: str | None = None) -> None:
        """Store a file under `uri` and take it over: it is no longer at `path`."""
        target = _folder(uri)
        if target is None:
            self.objects.put_file(uri, path, content_type)
            return
        target.parent.mkdir(parents=True, exist_ok=True)
        unfinished = target.with_name(f".{target.name}.unfinished")
        shutil.move(path, unfinished)
        unfinished.chmod(0o644)
        os.replace(unfinished, target)

    def list(self, uri: str) -> list[tuple[str, Path]]:
        """(name below `uri`, file) of everything under a prefix that ends in a slash; nothing when there is no such place."""
        folder = _folder(uri)
        if folder is not None:
            return [(path.relative_to(folder).as_posix(), path) for path in sorted(folder.rglob("*")) if path.is_file()]
        prefix = urlsplit(uri).path.removeprefix("/")
        try:
            return [(one.key.removeprefix(prefix), one.path) for one in self.objects.list(uri) if not one.key.endswith("/")]
        except StorageError:
            return []


def _folder(uri: str) -> Path | None:
    parts = urlsplit(uri)
    return Path(unquote(parts.path)) if parts.scheme == "file" else None
