"""The log lines of a job or an endpoint, as CloudWatch gets them.

A host has a stream of its own. https://docs.aws.amazon.com/sagemaker/latest/dg/logging-cloudwatch.html
"""

from botocore.exceptions import ClientError

from scripts.failure import error_code

TRAINING_GROUP, TRANSFORM_GROUP = "/aws/sagemaker/TrainingJobs", "/aws/sagemaker/TransformJobs"


def endpoint_group(endpoint: str) -> str:
    return f"/aws/sagemaker/Endpoints/{endpoint}"


class LogTail:
    """Reads the streams of `group` whose names begin with `stream_prefix`. since: UTC, milliseconds; older lines are not read.

    A group or a stream that is not there yet has no lines: CloudWatch makes it with the first one.
    """

    def __init__(self, logs, group: str, stream_prefix: str = "", since: int = 0):
        self._logs, self._group, self._prefix, self._since = logs, group, stream_prefix, since
        self._tokens: dict[str, str] = {}

    def streams(self) -> list[str]:
        """The names of the streams, sorted."""
        wanted = {"logGroupName": self._group} | ({"logStreamNamePrefix": self._prefix} if self._prefix else {})
        try:
            pages = list(self._logs.get_paginator("describe_log_streams").paginate(**wanted))
        except ClientError as error:
            if error_code(error) == "ResourceNotFoundException":
                return []
            raise
        return sorted(stream["logStreamName"] for page in pages for stream in page["logStreams"])

    def new_lines(self) -> list[str]:
        """What came since the last call, in the order of time; with several hosts, each line begins with its host's name."""
        return self._in_order({stream: self._new_events(stream) for stream in self.streams()})

    def last_lines(self, count: int) -> list[str]:
        """The newest `count` lines of all hosts."""
        events = {}
        for stream in self.streams():
            answer = self._logs.get_log_events(
                logGroupName=self._group, logStreamName=stream, limit=count, startFromHead=False, startTime=self._since
            )
            events[stream] = answer["events"]
        return self._in_order(events)[-count:]

    def _new_events(self, stream: str) -> list[dict]:
        events = []
        while True:
            token = {"nextToken": self._tokens[stream]} if stream in self._tokens else {}
            answer = self._logs.get_log_events(
                logGroupName=self._group, logStreamName=stream, startFromHead=True, startTime=self._since, **token
            )
            events += answer["events"]
            # CloudWatch gives the token back that it got when there is nothing more.
            if answer["nextForwardToken"] == self._tokens.get(stream):
                return events
            self._tokens[stream] = answer["nextForwardToken"]

    def _in_order(self, events: dict[str, list[dict]]) -> list[str]:
        rows = [(event["timestamp"], stream, event["message"]) for stream, found in events.items() for event in found]
        rows.sort(key=lambda row: row[0])  # stable: what one host wrote in one millisecond stays in its order
        if len(events) < 2:
            return [message.rstrip("\n") for _, _, message in rows]
        return [f"{stream.removeprefix(self._prefix)}  {message.rstrip()}" for _, stream, message in rows]
