"""How many instances of a quota the whole account has in use now: counted from what runs, not from metrics that lag."""

from collections.abc import Iterator
from typing import Any

from scripts.aws.jobs import MOST_RESULTS
from scripts.aws.machines import Machines
from scripts.console.parallel import in_parallel

THREADS = 8
MOST_LOOKED_AT = 40  # jobs or endpoints, the newest: what the rest uses is not counted


def in_use(sagemaker: Any, machines: Machines) -> int:
    """Of the same kind and instance type. Raises ClientError where these credentials may not look."""
    count, names = {
        "endpoint": (_of_endpoint, _endpoints),
        "transform job": (_of_transform_job, _transform_jobs),
    }.get(machines.usage, (_of_training_job, _training_jobs))
    looked_at = list(names(sagemaker))[:MOST_LOOKED_AT]
    return sum(in_parallel(lambda name: count(sagemaker, name, machines), looked_at, THREADS))


_NEWEST = {"SortBy": "CreationTime", "SortOrder": "Descending", "MaxResults": MOST_RESULTS}


def _training_jobs(sagemaker: Any) -> Iterator[str]:
    """With the trials of tuning jobs."""
    found = sagemaker.list_training_jobs(**_NEWEST, StatusEquals="InProgress")["TrainingJobSummaries"]
    return (one["TrainingJobName"] for one in found)


def _of_training_job(sagemaker: Any, name: str, machines: Machines) -> int:
    job = sagemaker.describe_training_job(TrainingJobName=name)
    if job.get("EnableManagedSpotTraining", False) != machines.usage.startswith("spot"):
        return 0
    resources = job.get("ResourceConfig", {})
    groups = resources.get("InstanceGroups") or [resources]
    return sum(one.get("InstanceCount", 0) for one in groups if one.get("InstanceType") == machines.instance_type)


def _transform_jobs(sagemaker: Any) -> Iterator[str]:
    found = sagemaker.list_transform_jobs(**_NEWEST, StatusEquals="InProgress")["TransformJobSummaries"]
    return (one["TransformJobName"] for one in found)


def _of_transform_job(sagemaker: Any, name: str, machines: Machines) -> int:
    resources = sagemaker.describe_transform_job(TransformJobName=name).get("TransformResources", {})
    return resources.get("InstanceCount", 0) if resources.get("InstanceType") == machines.instance_type else 0


def _endpoints(sagemaker: Any) -> Iterator[str]:
    """Those that have failed have no instances."""
    found = sagemaker.list_endpoints(**_NEWEST)["Endpoints"]
    return (one["EndpointName"] for one in found if one["EndpointStatus"] not in ("Failed", "OutOfService"))


def _of_endpoint(sagemaker: Any, name: str, machines: Machines) -> int:
    """One that is being created tells no instances yet: those of its config count."""
    endpoint = sagemaker.describe_endpoint(EndpointName=name)
    config = sagemaker.describe_endpoint_config(EndpointConfigName=endpoint["EndpointConfigName"])
    now = {one["VariantName"]: one.get("CurrentInstanceCount") for one in endpoint.get("ProductionVariants", [])}
    return sum(
        one.get("InitialInstanceCount", 0) if now.get(one["VariantName"]) is None else now[one["VariantName"]]
        for one in config["ProductionVariants"]
        if one.get("InstanceType") == machines.instance_type
    )
