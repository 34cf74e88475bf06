"""The machines that each verb starts, from the settings: how many, for how long at most, and what they are to quotas
and to the price list."""

from dataclasses import dataclass

from scripts.config.settings import Settings
from scripts.console.make import make
from scripts.requests.instances import preferred_types


@dataclass(frozen=True)
class Machines:
    """What is about to be started.

    Args:
        usage: as Service Quotas names it: `training job`, `spot training job`, `endpoint`, `transform job`.
        section: of sagemaker.toml, where the instance type stands.
        count: instances at once, from the start.
        most: instances at once at most, with autoscaling.
        seconds: of one instance at most, added over all of them; None where nothing ends them.
        end: what ends them, as a sentence.
        others: instance types that AWS takes where it has none of this one.
    """

    usage: str
    section: str
    instance_type: str
    count: int
    most: int
    seconds: float | None
    end: str
    others: tuple[str, ...] = ()

    @property
    def quota(self) -> str:
        """https://docs.aws.amazon.com/general/latest/gr/sagemaker.html#limits_sagemaker"""
        return quota_name(self.instance_type, self.usage)

    @property
    def component(self) -> str:
        """Of the price list, `platoinstancetype`."""
        return {"endpoint": "Hosting", "transform job": "BatchTransform"}.get(self.usage, "Training")


def quota_name(instance_type: str, usage: str) -> str:
    return f"{instance_type} for {usage} usage"


def of_training(settings: Settings) -> Machines:
    """With the warm pool that the settings want after it: its instances cost what they cost before."""
    train = settings.train
    seconds = train.instance_count * (train.max_runtime_seconds + train.keep_alive_seconds)
    end = f"The job is ended after {duration(train.max_runtime_seconds)} (train.max-runtime-seconds)"
    if train.keep_alive_seconds:
        end += (
            f", and its instances then wait {duration(train.keep_alive_seconds)} for another job at the same price "
            "(train.keep-alive-seconds)"
        )
    return _training(settings, train.instance_count, seconds, f"{end}.")


def of_tuning(settings: Settings, with_features: bool = False) -> Machines:
    """with_features: whether a training job for the features of all trials comes before them. None of them has a
    warm pool of the settings'.
    """
    train, tune = settings.train, settings.tune
    trials, search = tune.max_jobs * train.max_runtime_seconds, tune.parallel * tune.max_runtime_seconds
    if search and search < trials:
        end = f"The search is ended after {duration(tune.max_runtime_seconds)} (tune.max-runtime-seconds)."
    else:
        each = duration(train.max_runtime_seconds)
        end = f"Each of the {tune.max_jobs} trials is ended after {each} (train.max-runtime-seconds)."
    seconds = min(trials, search or trials) + (train.max_runtime_seconds if with_features else 0)
    return _training(settings, train.instance_count * tune.parallel, train.instance_count * seconds, end)


def _training(settings: Settings, count: int, seconds: float, end: str) -> Machines:
    usage = "spot training job" if settings.train.spot else "training job"
    first, *others = preferred_types(settings.train)
    return Machines(usage, "train", first, count, count, seconds, end, tuple(others))


def of_endpoint(settings: Settings, lifetime_seconds: float | None = None) -> Machines | None:
    """None for a serverless endpoint, which has no machines of its own. lifetime_seconds: after which it is deleted."""
    deploy = settings.deploy
    if deploy.mode == "serverless":
        return None
    most = max(deploy.instance_count, settings.autoscaling.max_instances)
    if lifetime_seconds is None:
        seconds, end = None, f"It costs until `{make('delete')}`, whether it is asked or not."
    else:
        seconds, end = most * lifetime_seconds, f"The endpoint is deleted after {duration(lifetime_seconds)}."
    if settings.scales_to_zero:
        end = (
            "Some minutes after the last request it has no instance, and costs nothing until the next one; it is there "
            f"until `{make('delete')}`."
        )
    first, *others = preferred_types(deploy)
    return Machines("endpoint", "deploy", first, deploy.instance_count, most, seconds, end, tuple(others))


def of_transform(settings: Settings) -> Machines:
    transform = settings.transform
    end = f"The job ends with its last picture, or by `{make('stop')}`."
    count = transform.instance_count
    return Machines("transform job", "transform", transform.instance_type, count, count, None, end)


def duration(seconds: float) -> str:
    """`21600` -> `6 hours`, `5400` -> `1.5 hours`, `1` -> `1 second`."""
    for unit, length in (("day", 86_400), ("hour", 3_600), ("minute", 60)):
        if seconds >= length * (2 if unit == "day" else 1):
            count = round(seconds / length, 1)
            return f"{count:g} {unit}{'s' * (count != 1)}"
    return f"{seconds:g} second{'s' * (seconds != 1)}"
