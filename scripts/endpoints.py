"""The state of the endpoint, and waiting until it has the one that was asked for."""

import sys

from botocore.exceptions import ClientError

from scripts.aws import Aws
from scripts.failure import Failure, error_code
from scripts.log_tail import LogTail, endpoint_group
from scripts.waiting import moments

SHOWN = 30  # log lines after a failure


def describe_endpoint(aws: Aws, name: str) -> dict | None:
    """DescribeEndpoint's answer, None when there is no endpoint of this name."""
    try:
        return aws.client("sagemaker").describe_endpoint(EndpointName=name)
    except ClientError as error:
        # The API has no code of its own for it.
        if error_code(error) == "ResourceNotFound" or "could not find" in str(error).lower():
            return None
        raise


def wait_until_in_service(aws: Aws, name: str, config: str, since: int) -> None:
    """Wait until the endpoint serves the endpoint config named `config`, telling every state on stderr.

    Raises Failure with the service's reason after the last log lines (those after `since`, UTC in milliseconds) when it does
    not come to that: it failed, it went back to the earlier config, or it is gone.
    """
    told = None
    for passed in moments():
        endpoint = describe_endpoint(aws, name)
        if endpoint is None:
            raise Failure(f"The endpoint {name} is gone: something else has deleted it.")
        status = endpoint["EndpointStatus"]
        if status != told:
            told = status
            print(f"[{int(passed) // 60}:{int(passed) % 60:02}] endpoint {name}: {status}", file=sys.stderr, flush=True)
        if status == "InService" and endpoint["EndpointConfigName"] == config:
            return
        if status in ("InService", "Failed", "UpdateRollbackFailed", "OutOfService"):
            for line in LogTail(aws.client("logs"), endpoint_group(name), since=since).last_lines(SHOWN):
                print(line, file=sys.stderr)
            reason = endpoint.get("FailureReason", "SageMaker gave no reason").rstrip(".")
            if status == "InService":
                raise Failure(f"The endpoint {name} went back to {endpoint['EndpointConfigName']}: {reason}.")
            raise Failure(f"The endpoint {name} is {status}: {reason}. Mend it and deploy again, or run `make delete`.")


def wait_until_gone(aws: Aws, name: str) -> None:
    for _ in moments():
        if describe_endpoint(aws, name) is None:
            return
