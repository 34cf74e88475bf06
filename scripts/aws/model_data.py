"""Which trained model to serve: an archive, a job's, or that of the newest job that is Completed."""

import sys
from typing import Any

from botocore.exceptions import ClientError

from contract.feature_sharing import makes_features
from scripts.aws.clients import Aws
from scripts.aws.jobs import TRAINING
from scripts.aws.objects import has_objects
from scripts.config.layout import bucket_and_key
from scripts.console.failure import Failure, is_denied
from scripts.console.make import make


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


def check_owner(aws: Aws, model_data: str) -> None:
    """Raises Failure when the archive, whose code an endpoint runs, is in a bucket of another account's. Requests to
    the project's own bucket name its owner by themselves.
    """
    bucket, _ = bucket_and_key(model_data)
    if bucket == aws.layout.bucket:
        return
    s3 = aws.client("s3")
    try:
        s3.head_bucket(Bucket=bucket, ExpectedBucketOwner=aws.account)
    except ClientError as error:
        if error.response["ResponseMetadata"]["HTTPStatusCode"] == 404:
            raise Failure(f"There is no bucket {bucket}. Name the model's archive with --model-data.") from error
        if not is_denied(error):
            raise
        try:
            s3.head_bucket(Bucket=bucket)
        except ClientError:
            print(
                f"warning: these credentials may not see whose bucket {bucket} is. Be sure of it: what is in the model "
                "decides what the endpoint runs.",
                file=sys.stderr,
            )
            return
        raise Failure(
            f"The bucket {bucket} is another account's, and whoever owns it decides what the endpoint runs. Copy the "
            f"model into a bucket of your own first: aws s3 cp {model_data} {aws.layout.root}/"
        ) from error


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
