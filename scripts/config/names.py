"""Names of all resources that the scripts create, and which prefix a name belongs to.

A project's resources are told from those of a project with a longer prefix (`dog` from `dog-house`) by their whole
name, so that `delete` never takes another's."""

import hashlib
import re
from datetime import UTC, datetime
from typing import Any

IMAGES = ("train", "serve")
CPU_IMAGE = "serve-cpu"  # the serve image without CUDA, which not everybody builds
VARIANT = "AllTraffic"
_STAMP = r"\d{8}-\d{6}-\d{3}"
# TrainingJobName and TransformJobName:
# https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_CreateTrainingJob.html
_JOB_NAME = r"(?=.{1,63}$)[a-zA-Z0-9](-*[a-zA-Z0-9])*"
# HyperParameterTuningJobName:
# https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_CreateHyperParameterTuningJob.html
LONGEST_TUNING_JOB = 32
_LONGEST_TUNING_PREFIX = LONGEST_TUNING_JOB - len("-tune-261122-185200")
# The service names a trial by its tuning job, its number and 8 characters of its own.
_TRIAL = r"(?P<tuning_job>.+)-\d{3,}-[a-zA-Z0-9]{8}"


def timestamp(now: datetime | None = None) -> str:
    """UTC to the millisecond, `20261122-185200-123`."""
    return (now or datetime.now(UTC)).astimezone(UTC).strftime("%Y%m%d-%H%M%S-%f")[:-3]


def repository(prefix: str, image: str) -> str:
    """The name of an image, in ECR and in the engine that built it. image: one of IMAGES, or CPU_IMAGE."""
    return f"{prefix}-{image}"


def training_job(prefix: str, stamp: str) -> str:
    return f"{prefix}-train-{stamp}"


def transform_job(prefix: str, stamp: str) -> str:
    return f"{prefix}-transform-{stamp}"


def features_job(prefix: str, stamp: str) -> str:
    """The training job that computes the features which all trials of a tuning job read."""
    return f"{prefix}-features-{stamp}"


def tuning_prefix(prefix: str) -> str:
    """What the tuning jobs of a prefix begin with: the prefix, or what stands for one that is too long for their names.

    That is its first 4 letters and digits and 8 hex digits of its SHA-256. Its own hyphens go, so that no cut can leave
    another prefix with `-train` or `-tune` behind it.
    """
    if len(prefix) <= _LONGEST_TUNING_PREFIX:
        return prefix
    return f"{prefix.replace('-', '')[:4]}-{hashlib.sha256(prefix.encode()).hexdigest()[:8]}"


def tuning_job(prefix: str, stamp: str) -> str:
    """`20261122-185200-123` -> `dogbreed-tune-261122-185200`."""
    return f"{tuning_prefix(prefix)}-tune-{stamp[2:15]}"


def version(prefix: str, stamp: str) -> str:
    """The name of a model and of the endpoint config that serves it."""
    return f"{prefix}-{stamp}"


def endpoint(prefix: str) -> str:
    return prefix


def inference_component(prefix: str) -> str:
    """Of an endpoint that scales to zero; there is one on it."""
    return prefix


def is_training_job(prefix: str, name: str) -> bool:
    """Whether `name` may be a training job of this prefix; `--job-name` lets a user choose what follows
    `<prefix>-train-`.
    """
    return name.startswith(f"{prefix}-train-") and re.fullmatch(_JOB_NAME, name) is not None


def is_transform_job(prefix: str, name: str) -> bool:
    return re.fullmatch(rf"{re.escape(prefix)}-transform-{_STAMP}", name) is not None


def is_features_job(prefix: str, name: str) -> bool:
    return re.fullmatch(rf"{re.escape(prefix)}-features-{_STAMP}", name) is not None


def is_tuning_job(prefix: str, name: str) -> bool:
    """Whether `name` may be a tuning job of this prefix; `--job-name` lets a user choose what follows `<prefix>-tune-`.

    A second part `tune` in it, or a trial's ending, would make it another prefix's, or a trial's.
    """
    beginning = f"{tuning_prefix(prefix)}-tune-"
    return (
        name.startswith(beginning)
        and len(name) <= LONGEST_TUNING_JOB
        and re.fullmatch(_JOB_NAME, name) is not None
        and "tune" not in name.removeprefix(beginning).split("-")
        and re.fullmatch(_TRIAL, name) is None
    )


def is_trial(prefix: str, name: str) -> bool:
    """Whether `name` is a training job that a tuning job of this prefix started."""
    found = re.fullmatch(_TRIAL, name)
    return found is not None and is_tuning_job(prefix, found["tuning_job"])


def is_version(prefix: str, name: str) -> bool:
    return re.fullmatch(rf"{re.escape(prefix)}-{_STAMP}", name) is not None


def project_tags(prefix: str) -> list[dict[str, Any]]:
    """The tag that every resource of a project carries, so that a bill can be split by it."""
    return [{"Key": "project", "Value": prefix}]
