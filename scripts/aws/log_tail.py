"""The log lines of a job or an endpoint, as CloudWatch gets them.

A host has a stream of its own. https://docs.aws.amazon.com/sagemaker/latest/dg/logging-cloudwatch.html
"""

import sys
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from botocore.exceptions import ClientError

from scripts.console.failure import error_code, explain, is_denied

TRAINING_GROUP, TRANSFORM_GROUP = "/aws/sagemaker/TrainingJobs", "/aws/sagemaker/TransformJobs"
# CloudWatch may tell the time of a stream's last line an hour late:
# https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_LogStream.html
_LATE = 3_600_000  # milliseconds
SHOWN_AFTER_FAILURE = 30  # lines


def endpoint_group(endpoint: str) -> str:
    return f"/aws/sagemaker/Endpoints/{endpoint}"


def component_group(component: str) -> str:
    return f"/aws/sagemaker/InferenceComponents/{component}"


@dataclass(frozen=True)
class LogLine:
    """host: what the name of its stream has after the job's. message: as it was written. text: as people read it, with
    the host's name before it once several hosts have written.
    """

    time: datetime
    host: str
    message: str
    text: str


class LogTail:
    """Reads the streams of `group` whose names begin with `stream_prefix`. since: UTC, milliseconds; older lines are
    not read.

    A group or a stream that is not there yet has no lines: CloudWatch makes it with the first one. optional: a log that
    these credentials may not read has no lines either, and a warning says so once; otherwise that is raised.
    """

    def __init__(self, logs: Any, group: str, stream_prefix: str = "", since: int = 0, optional: bool = False):
        self._logs, self._group, self._prefix, self._since, self._optional = logs, group, stream_prefix, since, optional
        self._tokens: dict[str, str | None] = {}
        self._closed = False

    def streams(self) -> list[str]:
        """The names of the streams that have lines after `since`, sorted."""
        wanted = {"logGroupName": self._group} | ({"logStreamNamePrefix": self._prefix} if self._prefix else {})
        try:
            pages = list(self._logs.get_paginator("describe_log_streams").paginate(**wanted))
        except ClientError as error:
            if error_code(error) == "ResourceNotFoundException":
                return []
            raise
        return sorted(
            stream["logStreamName"]
            for page in pages
            for stream in page["logStreams"]
            if stream.get("lastEventTimestamp", self._since) + _LATE >= self._since
        )

    def new_lines(self) -> list[LogLine]:
        """What came since the last call, in the order of time; each line begins with its host's name once several have
        written.

        When it raises, nothing is lost: the next call begins where this one did.
        """

        def read() -> list[LogLine]:
            found, tokens = {}, {}
            for stream in self.streams():
                found[stream], tokens[stream] = self._events_from(stream, self._tokens.get(stream))
            self._tokens |= tokens
            return self._in_order(found)

        return self._if_allowed(read)

    def last_lines(self, count: int) -> list[LogLine]:
        """The newest `count` lines of all hosts."""

        def read() -> list[LogLine]:
            return self._in_order(
                {
                    stream: self._logs.get_log_events(
                        logGroupName=self._group,
                        logStreamName=stream,
                        limit=count,
                        startFromHead=False,
                        startTime=self._since,
                    )["events"]
                    for stream in self.streams()
                }
            )[-count:]

        return self._if_allowed(read)

    def _if_allowed(self, read: Callable[[], list[LogLine]]) -> list[LogLine]:
        try:
            return [] if self._closed else read()
        except ClientError as error:
            if not (self._optional and is_denied(error)):
                raise
            self._closed = True
            print(f"warning: the log cannot be shown. {explain(error)}", file=sys.stderr)
            return []

    def _events_from(self, stream: str, token: str | None) -> tuple[list[dict[str, Any]], str | None]:
        """The events after `token`, and the token of those that are still to come."""
        events = []
        while True:
            answer = self._logs.get_log_events(
                logGroupName=self._group,
                logStreamName=stream,
                startFromHead=True,
                startTime=self._since,
                **({"nextToken": token} if token else {}),
            )
            events += answer["events"]
            # CloudWatch gives the token back that it got when there is nothing more.
            if answer["nextForwardToken"] == token:
                return events, token
            token = answer["nextForwardToken"]

    def _in_order(self, events: dict[str, list[dict[str, Any]]]) -> list[LogLine]:
        rows = [(event["timestamp"], stream, event["message"]) for stream, found in events.items() for event in found]
        rows.sort(key=lambda row: row[0])  # stable: what one host wrote in one millisecond stays in its order
        return [
            LogLine(
                datetime.fromtimestamp(timestamp / 1000, UTC),
                host := stream.removeprefix(self._prefix),
                message.rstrip("\n"),
                message.rstrip("\n") if len(events) < 2 else f"{host}  {message.rstrip()}",
            )
            for timestamp, stream, message in rows
        ]


def print_lines(lines: list[LogLine]) -> None:
    if lines:
        print("\n".join(line.text for line in lines), flush=True)


def print_last_lines(log: LogTail) -> None:
    """What was written last before something failed, on stderr, where the failure is told too."""
    for line in log.last_lines(SHOWN_AFTER_FAILURE):
        print(line.text, file=sys.stderr)
