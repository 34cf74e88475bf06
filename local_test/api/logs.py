"""Where CloudWatch Logs has what a job, an endpoint or an inference component has printed, and how to read it there.

https://docs.aws.amazon.com/sagemaker/latest/dg/logging-cloudwatch.html
"""

from collections.abc import Iterator
from typing import Any

GROUPS = "/aws/sagemaker/"  # what the names of all of them begin with
PLATFORM = "platform"  # stream of what the local SageMaker itself says, beside the containers' streams


def endpoint_group(name: str) -> str:
    return f"{GROUPS}Endpoints/{name}"


def component_group(name: str) -> str:
    return f"{GROUPS}InferenceComponents/{name}"


def log_lines(logs: Any, name: str) -> Iterator[str]:
    """Lines of all streams in the order of time. logs: a client of CloudWatch Logs. name: of a job, an endpoint or an
    inference component."""
    of_one = (endpoint_group(""), component_group(""))  # each endpoint and each component has a group of its own
    groups = logs.get_paginator("describe_log_groups").paginate(logGroupNamePrefix=GROUPS)
    for group in (one["logGroupName"] for page in groups for one in page["logGroups"]):
        if group.startswith(of_one):
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
