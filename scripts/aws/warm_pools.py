"""Warm pools: instances of a training job that has ended, which wait for the next job of its kind at their price.

https://docs.aws.amazon.com/sagemaker/latest/dg/train-warm-pools.html
"""

from datetime import UTC, datetime, timedelta
from typing import Any

from botocore.exceptions import ClientError

from scripts.aws.clients import Aws, Call
from scripts.aws.inventory import Thing, seen
from scripts.aws.jobs import TRAINING
from scripts.aws.machines import duration
from scripts.config.sections import LONGEST_WARM_POOL
from scripts.console.failure import is_denied
from scripts.requests.instances import end_pool_request

KIND = "warm pool"
_WAITS = "Available"  # one that is in use belongs to a job that runs, and that is listed itself


def warm_pools(aws: Aws) -> list[Thing]:
    """Those that wait for a job, by the name of the job that left them, with until when. Trials have none of their
    own: these scripts ask for pools in training jobs alone.
    """
    return [
        Thing(
            KIND,
            one["TrainingJobName"],
            _kept(aws, one["TrainingJobName"]),
            one["CreationTime"],
            "by the second, while it waits for a job",
        )
        for one in TRAINING.newest_first(aws, WarmPoolStatusEquals=_WAITS)
        if one.get("WarmPoolStatus", {}).get("Status") == _WAITS  # a stand-in of AWS may not know the filter
    ]


def end_pool_call(job: str) -> Call:
    return Call("sagemaker", "UpdateTrainingJob", end_pool_request(job))


def still_kept(aws: Aws) -> str:
    """A sentence for each pool that waits, with a space before it; empty where none does, or where these credentials
    may not look.
    """
    return "".join(f" The warm pool of {one.name} is {one.state}." for one in seen(warm_pools, aws, []))


def pool_end(job: dict[str, Any]) -> datetime | None:
    """When the pool ends by itself; None where that is not told. job: DescribeTrainingJob's answer."""
    kept, ended = job.get("ResourceConfig", {}).get("KeepAlivePeriodInSeconds"), job.get("TrainingEndTime")
    return None if kept is None or ended is None else ended + timedelta(seconds=kept)


def _kept(aws: Aws, job: str) -> str:
    try:
        end = pool_end(TRAINING.find(aws, job) or {})
    except ClientError as error:
        if not is_denied(error):
            raise
        end = None
    if end is None:
        return f"kept for at most {duration(LONGEST_WARM_POOL)}"
    return f"kept until {end.astimezone(UTC):%Y-%m-%d %H:%M} UTC"
