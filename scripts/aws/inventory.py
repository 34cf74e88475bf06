"""All resources of a prefix on AWS, and which of them cost money while they exist."""

from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, TypeVar

from botocore.exceptions import ClientError

from scripts.aws.clients import Aws
from scripts.aws.components import component_of
from scripts.aws.endpoints import describe_endpoint, hosts_components, is_serverless
from scripts.aws.image import repository_uri
from scripts.aws.jobs import MOST_RESULTS, RUNNING, JobKind
from scripts.aws.objects import StoredVersion, listing, version_listing
from scripts.config import names
from scripts.console.failure import explain, is_denied
from scripts.console.tables import Table
from scripts.requests.autoscaling import wake_alarm

COMPONENT = "inference component"  # the kind of thing
SHOWN_JOBS = 10  # of each kind that have ended

Found = TypeVar("Found")


@dataclass(frozen=True)
class Thing:
    """One resource. costs: how it costs money while it is there, empty when it does not. described: AWS's answer, where
    what it has come to follows from that.
    """

    kind: str
    name: str
    state: str
    created: datetime | None
    costs: str
    described: dict[str, Any] = field(default_factory=dict, repr=False, compare=False)

    def as_row(self) -> dict[str, Any]:
        """Its fields but AWS's answer, as `--json` shows them."""
        return {name: value for name, value in vars(self).items() if name != "described"}


def seen(look: Callable[[Aws], list[Found]], aws: Aws, unseen: list[str], so: str = "") -> list[Found]:
    """What `look` finds. When these credentials may not look, that is nothing, and `unseen` gets the sentence about
    it. so: what follows from it.
    """
    try:
        return look(aws)
    except ClientError as error:
        if not is_denied(error):
            raise
        unseen.append(f"{explain(error)} {so}".rstrip())
        return []


def endpoints(aws: Aws) -> list[Thing]:
    """The endpoint with its machines, and before it the inference component on it; none where there is no endpoint."""
    endpoint = describe_endpoint(aws, names.endpoint(aws.settings.prefix))
    if endpoint is None:
        return []
    variants = endpoint.get("ProductionVariants", [])
    machines = sum(one.get("CurrentInstanceCount", 0) for one in variants)
    costs = (
        "by request"
        if is_serverless(endpoint)
        else "by the hour" + (f", {machines} instance{'s'[: machines > 1]}" if machines else "")
    )
    state, nothing_runs = endpoint["EndpointStatus"], endpoint["EndpointStatus"] == "Failed"
    if hosts_components(endpoint) and not machines and state == "InService":
        state, nothing_runs = f"{state}, 0 instances", True
    costs = "" if nothing_runs else costs
    of_components = _components(component_of(aws, endpoint))
    created = endpoint["CreationTime"]
    return [*of_components, Thing("endpoint", endpoint["EndpointName"], state, created, costs, endpoint)]


def _components(found: dict[str, Any] | None) -> list[Thing]:
    """found: DescribeInferenceComponent's answer. Its copies cost nothing beside the instances under them."""
    if found is None:
        return []
    copies = found.get("RuntimeConfig", {}).get("CurrentCopyCount", 0)
    state = f"{found['InferenceComponentStatus']}, {copies} cop{'y' if copies == 1 else 'ies'}"
    return [Thing(COMPONENT, found["InferenceComponentName"], state, found["CreationTime"], "")]


def endpoint_configs(aws: Aws) -> list[Thing]:
    return _versions(aws, "endpoint config", "list_endpoint_configs", "EndpointConfigs", "EndpointConfigName")


def models(aws: Aws) -> list[Thing]:
    return _versions(aws, "model", "list_models", "Models", "ModelName")


def _versions(aws: Aws, kind: str, operation: str, field: str, name: str) -> list[Thing]:
    pages = (
        aws.client("sagemaker")
        .get_paginator(operation)
        .paginate(NameContains=aws.settings.prefix, MaxResults=MOST_RESULTS)
    )
    return [
        Thing(kind, one[name], "", one["CreationTime"], "")
        for page in pages
        for one in page[field]
        if names.is_version(aws.settings.prefix, one[name])
    ]


def alarms(aws: Aws) -> list[Thing]:
    """The alarm that wakes an endpoint without instances: one, or none."""
    found = aws.client("cloudwatch").describe_alarms(AlarmNames=[wake_alarm(aws.settings.prefix)])["MetricAlarms"]
    return [Thing("alarm", one["AlarmName"], one["StateValue"], None, "by the month, some cents") for one in found]


def running_jobs(aws: Aws, kind: JobKind) -> list[tuple[JobKind, str, str]]:
    """The kind, the name and the status, InProgress or Stopping, of every job that has not ended."""
    summaries = _newest_and_running(aws, kind)
    found = {one[f"{kind.noun}Name"]: one[f"{kind.noun}Status"] for one in summaries}
    return [(kind, name, status) for name, status in found.items() if status in RUNNING]


def jobs(aws: Aws, kind: JobKind) -> list[Thing]:
    """The newest jobs of a kind, and every one that runs however old it is."""
    found = {}
    for number, one in enumerate(_newest_and_running(aws, kind)):
        status = one[f"{kind.noun}Status"]
        if number >= SHOWN_JOBS and status not in RUNNING:
            continue
        costs = "by the second, until it ends" if status in RUNNING else ""
        found[one[f"{kind.noun}Name"]] = Thing(kind.words, one[f"{kind.noun}Name"], status, one["CreationTime"], costs)
    return list(found.values())


def _newest_and_running(aws: Aws, kind: JobKind) -> list[dict[str, Any]]:
    """Summaries, perhaps one of them twice: a request where it gives all jobs, else two more. An account may have
    thousands, and AWS throttles its lists.
    """
    summaries, are_all = kind.newest(aws)
    if are_all:
        return summaries
    return summaries + [one for status in RUNNING for one in kind.newest_first(aws, StatusEquals=status)]


def repositories(aws: Aws) -> list[Thing]:
    """The repositories of images, with how many and how large (compressed) they are."""
    found = []
    for image in (*names.IMAGES, names.CPU_IMAGE):
        name = names.repository(aws.settings.prefix, image)
        if repository_uri(aws, name) is None:
            continue
        pages = aws.client("ecr").get_paginator("describe_images").paginate(repositoryName=name)
        sizes = [one.get("imageSizeInBytes", 0) for page in pages for one in page["imageDetails"]]
        state = f"{len(sizes)} image{'s'[: len(sizes) != 1]}, {_size(sum(sizes))}"
        found.append(Thing("ECR repository", name, state, None, "storage" if sizes else ""))
    return found


def stored_keys(aws: Aws) -> dict[str, int]:
    """Every object under the prefix in the bucket, with its size in bytes; none when there is no bucket."""
    s3, layout = aws.client("s3"), aws.layout
    try:
        return {key: one.size for key, one in listing(s3, layout.bucket, f"{layout.prefix}/").items()}
    except s3.exceptions.NoSuchBucket:
        return {}


def stored_versions(aws: Aws) -> list[StoredVersion]:
    """Every version and delete marker under the prefix, where the bucket has more than its present objects."""
    s3, layout = aws.client("s3"), aws.layout
    try:
        return version_listing(s3, layout.bucket, f"{layout.prefix}/")
    except s3.exceptions.NoSuchBucket:
        return []


def objects_in_words(keys: Collection[str], versions: list[StoredVersion]) -> str:
    """`3 objects and 2 old versions`. A delete marker is an old version here: it goes and costs as one."""
    old = sum(not one.is_current for one in versions)
    return f"{len(keys):,} objects" + (f" and {old:,} old versions" if old else "")


def storage(aws: Aws) -> list[Thing]:
    """What lies under the prefix in S3, as one thing."""
    sizes = stored_keys(aws)
    unseen: list[str] = []
    versions = seen(stored_versions, aws, unseen)
    if not sizes and not versions:
        return []
    size = sum(one.size for one in versions) if versions else sum(sizes.values())
    hidden = "; its old versions may not be seen" if unseen else ""
    return [
        Thing(
            "S3", f"{aws.layout.root}/", f"{objects_in_words(sizes, versions)}, {_size(size)}{hidden}", None, "storage"
        )
    ]


def table(things: list[Thing]) -> Table:
    """A row for each thing; what costs money says how, in the last column."""
    rows = []
    for one in things:
        made = one.created.astimezone(UTC).strftime("%Y-%m-%d %H:%M") if one.created else ""
        rows.append((one.kind, one.name, one.state, made, one.costs))
    return Table(("kind", "name", "state", "made (UTC)", "costs"), rows, names=2)


def _size(count: int) -> str:
    return f"{count / 1e9:,.2f} GB" if count >= 1e8 else f"{count / 1e6:,.1f} MB"
