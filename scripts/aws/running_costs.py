"""What a prefix has that costs while it is there: what it has come to (the column `costs` of `status`), and what of
it is left (the last look of `delete`).
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import partial
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError
from botocore.parsers import ResponseParserError

from scripts.aws import inventory
from scripts.aws.clients import Aws
from scripts.aws.endpoint_end import schedules
from scripts.aws.endpoints import hosts_components, is_serverless
from scripts.aws.inventory import Thing
from scripts.aws.jobs import KINDS, MOST_RESULTS, TRANSFORM, TUNING, JobKind
from scripts.aws.prices import price_of, running_cost
from scripts.aws.warm_pools import KIND as WARM_POOL
from scripts.aws.warm_pools import warm_pools
from scripts.requests.instances import instance_count, instance_types

MOST_LOOKED_AT = 10  # of what runs: each is a request or two


@dataclass(frozen=True)
class Running:
    """component: of the price list. instances: now. instance_seconds: since they started, of all together."""

    instance_type: str
    component: str
    instances: int
    instance_seconds: float


def with_costs(aws: Aws, things: Iterable[Thing]) -> list[Thing]:
    """The things, those that run with what they cost; without a word of costs where the settings say so."""
    if not aws.settings.costs.say:
        return [replace(one, costs="") for one in things]
    prices, found, looked_at = _Prices(aws), [], 0
    for one in things:
        look = _LOOKS.get(one.kind) if one.costs and looked_at < MOST_LOOKED_AT else None
        looked_at += look is not None
        found.append(_with_cost(aws, one, look, prices) if look else one)
    return found


def left_over(aws: Aws, unseen: list[str]) -> list[Thing]:
    """The machines that still run or wait in a warm pool, the alarms that still watch, an inference component that
    would bring machines back, and a schedule that would delete a later endpoint of the same name.

    unseen: gets a sentence for each look that these credentials may not take.
    """
    looks: list[Callable[[Aws], list[Thing]]] = [
        inventory.endpoints,
        inventory.alarms,
        *(partial(_running, kind=kind) for kind in KINDS),
        warm_pools,
    ]
    things = [thing for look in looks for thing in inventory.seen(look, aws, unseen)]
    found = [thing for thing in things if thing.costs or thing.kind == inventory.COMPONENT]
    return found + inventory.seen(schedules, aws, [])  # one who may not see it was told before


def _with_cost(aws: Aws, thing: Thing, look: "Look", prices: "_Prices") -> Thing:
    try:
        running = look(aws, thing)
    except (BotoCoreError, ClientError):  # denied, or gone meanwhile: the table is worth having without
        return thing
    if running is None:
        return thing
    words = running_cost(thing.costs, prices.of(running), running.instances, running.instance_seconds)
    return replace(thing, costs=words)


class _Prices:
    """Asked once for each instance type, and no more once there was no answer."""

    def __init__(self, aws: Aws):
        self._aws, self._silent = aws, False
        self._known: dict[tuple[str, str], float | None] = {}

    def of(self, running: Running) -> float | None:
        key = (running.instance_type, running.component)
        if key not in self._known:
            own = self._aws.settings.costs.prices.get(running.instance_type)
            self._known[key] = own if self._silent else self._ask(key)
        return self._known[key]

    def _ask(self, key: tuple[str, str]) -> float | None:
        try:
            return price_of(self._aws, *key)
        except (BotoCoreError, ClientError, ResponseParserError):
            self._silent = True
            return None


def _of_endpoint(aws: Aws, thing: Thing) -> Running | None:
    """Its first variant's: a project's endpoint has one. Earlier updates are taken to have cost the same."""
    endpoint = thing.described
    if is_serverless(endpoint) or not endpoint.get("EndpointConfigName"):
        return None
    if hosts_components(endpoint):  # how long its instances were there is not known
        return None
    config = aws.client("sagemaker").describe_endpoint_config(EndpointConfigName=endpoint["EndpointConfigName"])
    variant: dict[str, Any] = next(iter(config.get("ProductionVariants", [])), {})
    if "InstanceType" not in variant:
        return None
    now = [one.get("CurrentInstanceCount", 0) for one in endpoint.get("ProductionVariants", [])]
    count = sum(now) if now else variant.get("InitialInstanceCount", 0)
    return Running(variant["InstanceType"], "Hosting", count, count * _seconds(endpoint["CreationTime"]))


def _of_training(aws: Aws, thing: Thing) -> Running | None:
    job = aws.client("sagemaker").describe_training_job(TrainingJobName=thing.name)
    return _of_resources(job, _seconds(job.get("TrainingStartTime")))


def _of_pool(aws: Aws, thing: Thing) -> Running | None:
    """Since its job ended: what it cost before is over."""
    job = aws.client("sagemaker").describe_training_job(TrainingJobName=thing.name)
    return _of_resources(job, _seconds(job.get("TrainingEndTime")))


def _of_resources(job: dict[str, Any], seconds: float) -> Running | None:
    """None where its instances are of several types, or not yet selected. seconds: of each instance."""
    resources = job.get("ResourceConfig", {})
    types, count = instance_types(resources), instance_count(resources)
    return Running(types[0], "Training", count, count * seconds) if len(types) == 1 else None


def _of_transform(aws: Aws, thing: Thing) -> Running | None:
    job = aws.client("sagemaker").describe_transform_job(TransformJobName=thing.name)
    resources = job.get("TransformResources", {})
    if "InstanceType" not in resources:
        return None
    count = resources.get("InstanceCount", 1)
    return Running(resources["InstanceType"], "BatchTransform", count, count * _seconds(job.get("TransformStartTime")))


def _of_tuning(aws: Aws, thing: Thing) -> Running | None:
    """Of its newest hundred trials."""
    sagemaker = aws.client("sagemaker")
    job = sagemaker.describe_hyper_parameter_tuning_job(HyperParameterTuningJobName=thing.name)
    resources = job.get("TrainingJobDefinition", {}).get("ResourceConfig", {})
    if "InstanceType" not in resources:
        return None
    count = resources.get("InstanceCount", 1)
    trials = sagemaker.list_training_jobs_for_hyper_parameter_tuning_job(
        HyperParameterTuningJobName=thing.name, SortBy="CreationTime", SortOrder="Descending", MaxResults=MOST_RESULTS
    )["TrainingJobSummaries"]
    seconds = sum(_seconds(one.get("TrainingStartTime"), one.get("TrainingEndTime")) for one in trials)
    running = sum("TrainingStartTime" in one and "TrainingEndTime" not in one for one in trials)
    return Running(resources["InstanceType"], "Training", count * running, count * seconds)


def _seconds(start: datetime | None, end: datetime | None = None) -> float:
    """0 for what has not started."""
    return max(0.0, ((end or datetime.now(UTC)) - start).total_seconds()) if start else 0.0


def _running(aws: Aws, kind: JobKind) -> list[Thing]:
    return [
        Thing(kind.words, name, status, None, "by the second, until it ends")
        for _, name, status in inventory.running_jobs(aws, kind)
    ]


Look = Callable[[Aws, Thing], Running | None]
_OF_KINDS: dict[str, Look] = {TUNING.words: _of_tuning, TRANSFORM.words: _of_transform}
_LOOKS: dict[str, Look] = {
    "endpoint": _of_endpoint,
    WARM_POOL: _of_pool,
    **{kind.words: _OF_KINDS.get(kind.words, _of_training) for kind in KINDS},
}
