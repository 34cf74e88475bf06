"""Where a request's output URI leads: into the local S3, or with `file://` into a folder of this machine."""

import errno
import os
import shutil
import uuid
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from local_test.storage.laid_out import FILE_MODE, make_folders
from local_test.storage.local_files import LocalFiles, is_local
from local_test.storage.object_folder import StorageError
from local_test.storage.object_store import ObjectStore, split_uri

LONGEST_KEY = 1024  # bytes: https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-keys.html


@dataclass(frozen=True)
class Destination:
    """Stores files below a base URI under names. The base is the user's; the names come with data, or out of
    containers.

    Args:
        objects: the local S3.
        files: what file:// may reach.
        spool: folder for files that are about to be stored, on the same file system as the objects.
    """

    objects: ObjectStore
    files: LocalFiles
    spool: Path

    def check(self, base: str) -> None:
        """Raise ValueError when nothing can be written there: found out before a job runs, not after."""
        if not is_local(base):
            self.objects.list(base)
            return
        folder = self.files.path(base)
        try:
            make_folders(folder)
        except OSError as error:
            raise ValueError(f"{base} cannot be made a folder: {error.strerror}.") from error
        if not os.access(folder, os.W_OK | os.X_OK):
            raise ValueError(f"{base} is not writable for this user.")

    def check_name(self, base: str, name: str) -> None:
        """Raise ValueError when a file of this name cannot be stored below `base`."""
        if is_local(base):
            self.files.path_below(base, name)
        else:
            _object_uri(base, name)

    def put(self, base: str, name: str, path: Path, content_type: str | None = None) -> None:
        """Store a file as `name` below `base` and take it over: it is no longer at `path`.

        name: literal; nothing in it is unquoted or cut off. Raises ValueError for one that cannot be stored there.
        """
        if not is_local(base):
            self.objects.put_file(_object_uri(base, name), path, content_type)
            return
        target = self.files.path_below(base, name)
        # A name of its own: that of the target may already be as long as a name can be.
        unfinished = target.with_name(f".{uuid.uuid4().hex}.unfinished")
        try:
            make_folders(target.parent)
            try:
                shutil.move(path, unfinished)
                unfinished.chmod(FILE_MODE)
                os.replace(unfinished, target)
            finally:
                unfinished.unlink(missing_ok=True)
        except (FileExistsError, NotADirectoryError, IsADirectoryError) as error:
            raise ValueError(
                f"{name!r} cannot be stored in {base}: {error.filename2 or error.filename} is in its place."
            ) from error
        except OSError as error:
            if error.errno != errno.ENAMETOOLONG:
                raise
            raise ValueError(f"{name[:100]!r}... cannot be stored in {base}: the path would be too long.") from error

    def put_bytes(self, base: str, name: str, data: bytes, content_type: str) -> None:
        """As `put`, of what is in memory."""
        self.spool.mkdir(parents=True, exist_ok=True)
        path = self.spool / uuid.uuid4().hex
        path.write_bytes(data)
        try:
            self.put(base, name, path, content_type)
        finally:
            path.unlink(missing_ok=True)

    def list(self, base: str) -> list[tuple[str, Path]]:
        """(name below `base`, file) of everything there; nothing when there is no such place. Raises ValueError for a
        link in a folder that leads where file:// may not. The names are not checked: in S3 they may be any text."""
        if is_local(base):
            return self.files.files_below(self.files.folder(base)) if os.path.isdir(self.files.path(base)) else []
        _, prefix = split_uri(below := base.rstrip("/") + "/")
        try:
            return [
                (one.key.removeprefix(prefix), one.path)
                for one in self.objects.list(below)
                if not one.key.endswith("/")
            ]
        except StorageError:
            return []


def location(base: str, name: str) -> str:
    """The URI of `name` below `base`, as clients see it."""
    return f"{base.rstrip('/')}/{quote(os.fsencode(name)) if is_local(base) else name}"


def _object_uri(base: str, name: str) -> str:
    """A key is text, not a path: `a//b` and `a#1` are keys of their own, and the local S3 makes no paths of them."""
    uri = f"{base.rstrip('/')}/{name}"
    _, key = split_uri(uri)
    try:
        size = len(key.encode())
    except UnicodeEncodeError as error:
        raise ValueError(f"{name!r} is not UTF-8, and cannot be a part of a key in S3.") from error
    if not name or size > LONGEST_KEY:
        raise ValueError(
            f"{name!r} cannot be stored below {base}: its key would have {size} bytes; 1 to {LONGEST_KEY} are possible."
        )
    return uri
