"""Which trained model to serve: an archive, a job's, or that of the newest job that is Completed."""

from scripts import names
from scripts.aws import Aws
from scripts.failure import Failure
from scripts.hint import make
from scripts.jobs import TRAINING
from scripts.layout import bucket_and_key
from scripts.objects import has_objects


def find_model_data(aws: Aws, job: str | None = None) -> tuple[str, str]:
    """The name of the job (default: the newest Completed) and the URI of its model.tar.gz. Raises Failure without one."""
    if job is None:
        newest = next(TRAINING.newest_first(aws, StatusEquals="Completed"), None)
        if newest is None:
            raise Failure(f"No training job of {aws.settings.prefix} is Completed in {aws.region}. Run `{make('train')}`.")
        job = newest["TrainingJobName"]
    if names.is_features_job(aws.settings.prefix, job):
        raise Failure(f"{job} made features for a tuning job, and no model. Name another with --job.")
    description = TRAINING.describe(aws, job)
    artifacts = description.get("ModelArtifacts", {}).get("S3ModelArtifacts")
    if not artifacts:
        raise Failure(f"The training job {job} is {description['TrainingJobStatus']} and left no model. Name another with --job.")
    if artifacts.startswith("s3://") and not has_objects(aws.client("s3"), *bucket_and_key(artifacts)):
        raise Failure(f"The model of {job} is no longer at {artifacts}. Run `{make('train')}`, or name another job with --job.")
    return job, artifacts
