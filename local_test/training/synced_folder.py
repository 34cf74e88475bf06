"""A folder of running containers that is synchronised to S3: checkpoints, tensors, profiles. Checkpoints are restored
before the containers start.

The folder is in the container and is read through the engine: nothing of root's appears on this machine, and it works
where the engine is in a virtual machine.
Source: https://docs.aws.amazon.com/sagemaker/latest/dg/model-checkpoints.html
"""

import logging
import os
import re
import shutil
import tarfile
import tempfile
import threading
import time
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path, PurePosixPath

from docker.errors import APIError, NotFound
from docker.models.containers import Container
from docker.utils import decode_json_header
from requests.exceptions import RequestException

from local_test.host.archives import spooled_archive
from local_test.storage.destination import Destination
from local_test.storage.file_names import check_name, check_side_by_side

SECONDS_BETWEEN_LOOKS = 1.0
CLOCK_MARGIN = 0.05  # seconds
# What smdebug appends to the name of a file of tensors or of a profile until it is whole; the program may be stopped
# before.
UNFINISHED = (".tmp",)
SHARE_OF_TIME = 0.1  # a folder that is large, or has many files, costs at most this share of the machine's time
logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Version:
    """What the engine says of a file or folder without reading it. modified: RFC 3339 with nanoseconds."""

    size: int
    modified: str

    def is_older_than(self, moment: float) -> bool:
        """Whether the last change lies before a time (seconds since 1970), with a margin for a virtual machine's
        clock.
        """
        microseconds = re.sub(r"(\.\d{6})\d*", r"\1", self.modified)
        return datetime.fromisoformat(microseconds).timestamp() < moment - CLOCK_MARGIN


class SyncedFolder:
    """Copies what is new in `folder` of a container to `uri`, until it is closed. What the program deletes stays
    there.
    """

    def __init__(
        self, container: Container, folder: str, uri: str, destination: Destination, leaves_out: tuple[str, ...] = ()
    ):
        """leaves_out: endings of the names of files that are still being written; those are never stored."""
        self._container, self._folder, self._uri, self._destination = container, folder, uri.rstrip("/"), destination
        self._leaves_out = leaves_out
        self._stored: dict[
            str, Version | None
        ] = {}  # file -> the version that is stored; None: it may have changed meanwhile
        self._folders = {""}
        self._closed = threading.Event()
        self._thread = threading.Thread(target=self._follow, name=f"keep-{folder}", daemon=True)

    def restore(self) -> None:
        """Put what is at `uri` into the container, which has not started. Raises ValueError when the names there, which
        in S3 may be any text, cannot be files of one folder."""
        files = self._destination.list(self._uri)
        if not files:
            return
        try:
            for name, _ in files:
                check_name(name)
            check_side_by_side(name for name, _ in files)
        except ValueError as error:
            raise ValueError(f"{self._uri}: {error}") from error
        with tempfile.TemporaryFile() as spool:
            with tarfile.open(fileobj=spool, mode="w") as archive:
                for name, path in files:
                    with path.open("rb") as file:
                        member = tarfile.TarInfo(name)
                        member.size, member.mtime, member.mode = path.stat().st_size, int(time.time()), 0o644
                        archive.addfile(member, file)
            spool.seek(0)
            self._container.put_archive(self._folder, spool)
        for name, _ in files:
            self._stored[name] = self._version(name)
            self._folders |= {parent.as_posix() for parent in PurePosixPath(name).parents} - {"."}

    def start(self) -> None:
        self._thread.start()

    def close(self) -> None:
        """Store what is still new: the container has ended, so this is its last state. Raises NotFound when it is
        gone.
        """
        self.abandon()
        if self._thread.is_alive():
            self._thread.join()
        self.store_changes()

    def abandon(self) -> None:
        """Stop synchronising; what is new is lost. Returns at once."""
        self._closed.set()

    def store_changes(self) -> int:
        """Store the files that are new or different. Returns their number.

        Raises ValueError, after everything else is stored, for a file that cannot be stored at `uri` under its name.
        """
        before = {name: self._version(name) for name in self._stored}
        began = time.time()
        stored = 0
        there = set()
        refused = []
        try:
            stream, _ = self._container.get_archive(self._folder)
        except NotFound:
            # a program may remove the folder; that the container is gone must not pass for that
            self._container.reload()
            return 0
        with spooled_archive(stream) as spool, tarfile.open(fileobj=spool) as archive:
            for member in archive:
                _, _, name = member.name.partition("/")
                name = name.rstrip("/")
                if not member.isdir() and name.endswith(self._leaves_out):
                    continue
                try:
                    if name:  # else it is the folder itself, or what the program has put in its place
                        check_name(name)
                except ValueError as error:
                    refused.append(f"{self._folder} has a file that cannot be stored: {error}")
                    continue
                there.add(name)
                if member.isdir():
                    self._folders.add(name)
                # One of several hard links to a file comes as a link to another member, whose bytes are read in its
                # place.
                elif name and (member.isfile() or member.islnk()) and self._is_new(name, before):
                    try:
                        self._store(archive, member, name)
                    except (ValueError, KeyError) as error:  # KeyError: a hard link to what is not in the folder
                        refused.append(f"{self._folder} has a file that cannot be stored: {error}")
                        continue
                    version = before.get(name) or self._version(name)
                    # A file that was written while the engine read it is stored again the next time.
                    self._stored[name] = version if version and version.is_older_than(began) else None
                    stored += 1
        self._stored = {name: version for name, version in self._stored.items() if name in there}
        self._folders &= there | {""}
        if refused:
            raise ValueError(refused[0])
        return stored

    def _is_new(self, name: str, before: dict[str, Version | None]) -> bool:
        return name not in before or before[name] is None or before[name] != self._stored[name]

    def _store(self, archive: tarfile.TarFile, member: tarfile.TarInfo, name: str) -> None:
        with tempfile.NamedTemporaryFile(dir=self._destination.spool, delete=False) as copy:
            try:
                content = archive.extractfile(member)
                assert content is not None  # the caller has seen that it is a file, or a link to one
                shutil.copyfileobj(content, copy, 1024 * 1024)
                copy.flush()
                self._destination.put(self._uri, name, Path(copy.name))
            except BaseException:
                Path(copy.name).unlink(missing_ok=True)  # where the disk is full, every look would leave one
                raise

    def _follow(self) -> None:
        pause = SECONDS_BETWEEN_LOOKS
        folders: dict[str, Version | None] = {}
        while not self._closed.wait(pause):
            began = time.monotonic()
            try:
                looked = {name: self._version(name) for name in self._folders}
                if looked != folders or any(
                    version is None or self._version(name) != version for name, version in self._stored.items()
                ):
                    self.store_changes()
                    folders = looked
            except (APIError, RequestException, OSError, ValueError, tarfile.TarError) as error:
                # The engine refuses while the container ends; close() stores the last state, and raises what is really
                # wrong.
                logger.info("%s of %s cannot be read now: %s", self._folder, self._container.name, error)
            pause = max(SECONDS_BETWEEN_LOOKS, (time.monotonic() - began) / SHARE_OF_TIME)

    def _version(self, name: str) -> Version | None:
        api = self._container.client.api
        path = f"{self._folder}/{name}" if name else self._folder
        answer = api.head(api._url("/containers/{0}/archive", self._container.id), params={"path": os.fsencode(path)})
        if answer.status_code != 200:
            return None
        state = decode_json_header(answer.headers["x-docker-container-path-stat"])
        return Version(state["size"], state["mtime"])
