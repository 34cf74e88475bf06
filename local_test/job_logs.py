"""`logs NAME`: what a job, an endpoint or an inference component has printed, from the local CloudWatch Logs."""

from collections.abc import Iterator
from typing import Any

from local_test.api.log_names import component_group, endpoint_group

GROUPS = "/aws/sagemaker/"
OF_ONE = (endpoint_group(""), component_group(""))  # each endpoint and each component has a group of its own


def log_lines(logs: Any, name: str) -> Iterator[str]:
    """Lines of all streams in the order of time. logs: a client of CloudWatch Logs. name: of a job, an endpoint or an
    inference component."""
    groups = logs.get_paginator("describe_log_groups").paginate(logGroupNamePrefix=GROUPS)
    for group in (one["logGroupName"] for page in groups for one in page["logGroups"]):
        if group.startswith(OF_ONE):
            if group in (endpoint_group(name), component_group(name)):
                yield from _events(logs, logGroupName=group)
        else:  # a stream of a job is NAME/INSTANCE
            streams = logs.get_paginator("describe_log_streams").paginate(
                logGroupName=group, logStreamNamePrefix=f"{name}/"
            )
            names = [one["logStreamName"] for page in streams for one in page["logStreams"]]
            if names:
                yield from _events(logs, logGroupName=group, logStreamNames=names)


def _events(logs: Any, **where: Any) -> Iterator[str]:
    for page in logs.get_paginator("filter_log_events").paginate(**where):
        yield from (event["message"] for event in page["events"])
