"""Names of everything that the scripts make, and whose a name is.

A project's resources are told from those of a project with a longer prefix (`dog` from `dog-house`) by their whole name,
so that `delete` never takes another's.
"""

import re
from datetime import datetime, timezone

IMAGES = ("train", "serve")
VARIANT = "AllTraffic"
_STAMP = r"\d{8}-\d{6}-\d{3}"
# TrainingJobName and TransformJobName: https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_CreateTrainingJob.html
_JOB_NAME = r"(?=.{1,63}$)[a-zA-Z0-9](-*[a-zA-Z0-9])*"


def timestamp(now: datetime | None = None) -> str:
    """UTC to the millisecond, `20261122-185200-123`."""
    return (now or datetime.now(timezone.utc)).astimezone(timezone.utc).strftime("%Y%m%d-%H%M%S-%f")[:-3]


def repository(prefix: str, image: str) -> str:
    """The name of an image, in ECR and in the engine that built it. image: one of IMAGES."""
    return f"{prefix}-{image}"


def training_job(prefix: str, stamp: str) -> str:
    return f"{prefix}-train-{stamp}"


def transform_job(prefix: str, stamp: str) -> str:
    return f"{prefix}-transform-{stamp}"


def version(prefix: str, stamp: str) -> str:
    """The name of a model and of the endpoint config that serves it."""
    return f"{prefix}-{stamp}"


def endpoint(prefix: str) -> str:
    return prefix


def is_training_job(prefix: str, name: str) -> bool:
    """Whether `name` may be a training job of this prefix; `--job-name` lets a user choose what follows `<prefix>-train-`."""
    return name.startswith(f"{prefix}-train-") and re.fullmatch(_JOB_NAME, name) is not None


def is_transform_job(prefix: str, name: str) -> bool:
    return re.fullmatch(rf"{re.escape(prefix)}-transform-{_STAMP}", name) is not None


def is_version(prefix: str, name: str) -> bool:
    return re.fullmatch(rf"{re.escape(prefix)}-{_STAMP}", name) is not None
