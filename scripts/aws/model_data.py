"""Which trained model to serve: an archive, a job's, or that of the newest job that is Completed."""

import sys
from typing import Any

from contract.feature_sharing import makes_features
from scripts.aws.clients import Aws
from scripts.aws.jobs import TRAINING
from scripts.aws.objects import has_objects
from scripts.config.layout import bucket_and_key
from scripts.console.failure import Failure
from scripts.console.make_prefix import make


def find_model_data(aws: Aws, job: str | None = None) -> tuple[str, str]:
    """The name of the job (default: the newest Completed) and the URI of its model.tar.gz. Raises Failure without
    one.
    """
    description = TRAINING.describe(aws, job) if job else _newest(aws)
    job = description["TrainingJobName"]
    if _made_features(description):
        raise Failure(f"{job} made features, and no model. Name another with --job.")
    artifacts = description.get("ModelArtifacts", {}).get("S3ModelArtifacts")
    if not artifacts:
        raise Failure(
            f"The training job {job} is {description['TrainingJobStatus']} and left no model. Name another with --job."
        )
    if artifacts.startswith("s3://") and not has_objects(aws.client("s3"), *bucket_and_key(artifacts)):
        raise Failure(
            f"The model of {job} is no longer at {artifacts}. Run `{make('train')}`, or name another job with --job."
        )
    return job, artifacts


def _newest(aws: Aws) -> dict[str, Any]:
    """The description of the newest Completed job that may have left a model."""
    for summary in TRAINING.newest_first(aws, StatusEquals="Completed"):
        description = TRAINING.describe(aws, summary["TrainingJobName"])
        if not _made_features(description):
            return description
        print(
            f"{summary['TrainingJobName']} made features, and no model: an earlier job is looked for", file=sys.stderr
        )
    raise Failure(f"No training job of {aws.settings.prefix} is Completed in {aws.region}. Run `{make('train')}`.")


def _made_features(description: dict[str, Any]) -> bool:
    return makes_features(description.get("HyperParameters", {}))
