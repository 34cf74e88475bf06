"""Log groups that survive a restart: moto's CloudWatch Logs answers, a file for each stream keeps the lines.

Written against moto 5.2 (https://github.com/getmoto/moto/blob/5.2.5/moto/logs/models.py). What comes in over the API
(CreateLogGroup, PutLogEvents, DeleteLogStream ...) is kept as well as what `write` is given.
"""

import hashlib
import threading
from datetime import UTC, datetime
from pathlib import Path
from types import ModuleType
from typing import Any, ClassVar

from moto.core.utils import unix_time_millis
from moto.logs import models, urls
from moto.logs.models import LogEvent, LogGroup, LogsBackend, LogStream

from local_test.storage.json_lines import JsonLines, read_lines
from local_test.storage.moto_internals import check_moto

check_moto("logs")


class LogGroups:
    """Safe to use from many threads."""

    def __init__(self, account: str, region: str, folder: Path):
        """Take over moto's logs of this account and region, and put back what `folder` holds."""
        self._files = _Files(folder)
        _StoredBackend.files[account, region] = self._files
        models.LogStream = _StoredStream  # type: ignore[misc] # moto's own code makes streams by this name
        if models.logs_backends.backend is not _StoredBackend:
            models.logs_backends.backend = _StoredBackend
            models.logs_backends.pop(account, None)  # with the other class for what is made later
        models.logs_backends[account].pop(region, None)
        self._backend = models.logs_backends[account][region]
        self._lock = threading.Lock()
        self._restore()

    def write(self, group: str, stream: str, lines: list[tuple[int, str]], region: str | None = None) -> None:
        """Append lines, each with its time in milliseconds since 1970; group and stream are made when they are not
        there. region: None for this one.
        """
        # Moto's own check of the times refuses what is older than 14 days; a job's lines are true whenever they are
        # written.
        backend = models.logs_backends[self._backend.account_id][region] if region else self._backend
        with self._lock:
            backend.ensure_log_group(group)
            backend.ensure_log_stream(group, stream)
            kept = backend.groups[group].streams[stream]
        kept.put_log_events([{"timestamp": time, "message": message} for time, message in lines])

    def with_stream_names(self, request: dict[str, Any], region: str) -> dict[str, Any]:
        """A FilterLogEvents request to a region, whose logStreamNamePrefix, which moto passes over, is resolved into
        names.

        https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_FilterLogEvents.html
        """
        if "logStreamNamePrefix" not in request:
            return request
        backend = models.logs_backends[self._backend.account_id][region]
        group = backend.groups.get(request.get("logGroupName", ""))
        names = [
            name for name in list(group.streams if group else ()) if name.startswith(request["logStreamNamePrefix"])
        ]
        # Without names moto takes every stream; no stream has this one.
        return {**request, "logStreamNames": names or [":none"]}

    def _restore(self) -> None:
        streams = []
        for path in sorted(self._files.folder.glob("*.jsonl")):
            header, *batches = list(read_lines(path)) or [None]
            if header is None:  # killed before its first line was whole
                path.unlink()
            elif header["stream"] is None:
                account, region = self._backend.account_id, self._backend.region_name
                name, key = header["group"], header["kms_key_id"]
                group = LogGroup(account, region, name, kmsKeyId=key)  # type: ignore[abstract] # moto makes them, too
                group.creation_time = datetime.fromisoformat(header["created"])
                self._backend.groups[header["group"]] = group
                self._backend.tag_resource(group.arn, header["tags"])
            else:
                streams.append((header, batches))
        for header, batches in sorted(streams, key=lambda stream: stream[0]["created"]):
            if of_stream := self._backend.groups.get(header["group"]):
                of_stream.streams[header["stream"]] = _StoredStream.restored(of_stream, header, batches)


class _Files:
    """One file for each group and each stream, named by a hash: their names may be longer than a file's and hold
    slashes.

    The first line says whose file it is; in a stream's file every further line is one batch of events.
    """

    def __init__(self, folder: Path):
        folder.mkdir(parents=True, exist_ok=True)
        self.folder = folder

    def open(self, group: str, stream: str | None, **header: Any) -> JsonLines:
        path = self._path(group, stream)
        is_new = not path.exists() or not path.stat().st_size
        lines = JsonLines(path)
        if is_new:
            lines.append({"group": group, "stream": stream, **header})
        return lines

    def remove(self, group: str, stream: str | None) -> None:
        self._path(group, stream).unlink(missing_ok=True)

    def _path(self, group: str, stream: str | None) -> Path:
        name = f"{group}\n{stream}" if stream is not None else group
        return self.folder / f"{hashlib.sha256(name.encode()).hexdigest()[:32]}.jsonl"


class _StoredStream(LogStream):
    def __init__(self, log_group: LogGroup, name: str):
        super().__init__(log_group, name)
        # Events must lie in the file in the order in which moto holds them.
        self._lock = threading.Lock()
        self._lines: JsonLines | None = None
        if files := _StoredBackend.files.get((log_group.account_id, log_group.region)):
            self._lines = files.open(log_group.name, name, created=self.creation_time.isoformat())

    @classmethod
    def restored(cls, group: LogGroup, header: dict[str, Any], batches: list[dict[str, Any]]) -> "_StoredStream":
        stream = cls(group, header["stream"])
        stream.creation_time = datetime.fromisoformat(header["created"])
        for batch in batches:
            for time, message in batch["events"]:
                stream.events.append(LogEvent(batch["ingested"], {"timestamp": time, "message": message}))
                stream.stored_bytes += len(message)
        if batches:
            stream.last_ingestion_time = datetime.fromtimestamp(batches[-1]["ingested"] / 1000, UTC).replace(
                tzinfo=None
            )
        stream.upload_sequence_token = len(batches)
        return stream

    def put_log_events(self, log_events: list[dict[str, Any]]) -> str:
        with self._lock:
            token = super().put_log_events(log_events)
            if self._lines and log_events:
                ingested = int(unix_time_millis(self.last_ingestion_time))
                events = [[event["timestamp"], event["message"]] for event in log_events]
                self._lines.append({"ingested": ingested, "events": events})
            return token

    def forget(self) -> None:
        """Later writes to the stream are not stored."""
        with self._lock:
            self._lines = None


class _StoredBackend(LogsBackend):
    files: ClassVar[dict[tuple[str, str], _Files]] = {}  # by account and region; others keep nothing

    @property
    def _url_module(self) -> ModuleType:
        return urls

    @property
    def _files(self) -> _Files | None:
        return self.files.get((self.account_id, self.region_name))

    def create_log_group(self, log_group_name: str, tags: dict[str, str], **kwargs: Any) -> LogGroup:
        group = super().create_log_group(log_group_name, tags, **kwargs)
        self._keep(group, tags)
        return group

    def ensure_log_group(self, log_group_name: str) -> None:
        if log_group_name not in self.groups:
            super().ensure_log_group(log_group_name)
            self._keep(self.groups[log_group_name], {})

    def delete_log_group(self, log_group_name: str) -> None:
        group = self.groups.get(log_group_name)
        super().delete_log_group(log_group_name)
        if group and self._files:
            self._files.remove(log_group_name, None)  # first: streams without their group are not restored
            for name, stream in list(group.streams.items()):
                self._forget(group, name, stream)

    def delete_log_stream(self, log_group_name: str, log_stream_name: str) -> None:
        group = self.groups.get(log_group_name)
        stream = group and group.streams.get(log_stream_name)
        super().delete_log_stream(log_group_name, log_stream_name)
        if group and stream:
            self._forget(group, log_stream_name, stream)

    def _keep(self, group: LogGroup, tags: dict[str, str] | None) -> None:
        if self._files:
            created = group.creation_time.isoformat()
            self._files.open(group.name, None, created=created, tags=tags or {}, kms_key_id=group.kms_key_id)

    def _forget(self, group: LogGroup, name: str, stream: LogStream) -> None:
        if self._files and isinstance(stream, _StoredStream):
            stream.forget()
            self._files.remove(group.name, name)
