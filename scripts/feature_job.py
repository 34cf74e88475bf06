"""The job that computes the features which the trials of a tuning job share: found again, or made."""

import sys
from dataclasses import dataclass

from botocore.exceptions import ClientError

from scripts import names
from scripts.aws import Aws
from scripts.call import Call
from scripts.failure import Failure, explain, is_denied
from scripts.feature_rule import features_key, keeping_apart, trains_on_features
from scripts.jobs import FEATURES, ended_well, watch
from scripts.layout import bucket_and_key
from scripts.objects import StoredObject, folders, has_objects, listing
from scripts.requests.features_job import features_job_request, features_uri


@dataclass(frozen=True)
class SharedFeatures:
    """uri: where the features of `job` are, once it is Completed. status: the job's; None when `call` has to make it first."""

    job: str
    uri: str
    status: str | None
    call: Call | None


def plan_features(
    aws: Aws, *, image: str, role_arn: str, channels: dict[str, str], static: dict[str, str], tuned: list[str], stamp: str,
) -> SharedFeatures | None:
    """How the trials come to shared features; None when they read the pictures themselves. Nothing is made."""
    if not trains_on_features(static):
        return None
    if apart := keeping_apart(static, tuned):
        print(f"the trials cannot share features, since {' and '.join(apart)} may differ: each reads the pictures itself", file=sys.stderr)
        return None
    objects = _objects(aws, channels)
    key = stamp if objects is None else features_key(image, static, objects)
    output = aws.layout.features(key)
    found = _found(aws, output)
    if found:
        return SharedFeatures(found[0], features_uri(output, found[0]), found[1], None)
    job = names.features_job(aws.settings.prefix, stamp)
    request = features_job_request(
        aws.settings, aws.layout, name=job, image=image, role_arn=role_arn, channels=channels, static=static, output=output,
    )
    return SharedFeatures(job, features_uri(output, job), None, Call("sagemaker", "CreateTrainingJob", request))


def bring_features(aws: Aws, features: SharedFeatures) -> None:
    """Return when the features are there: make their job when there is none, and follow it to its end.

    Raises Failure when it does not end well.
    """
    if features.status == "Completed":
        print(f"the features of {features.job} are used again: the same pictures, weights and image", file=sys.stderr)
        return
    if features.call:
        aws.make(features.call)
        print(f"started {features.job}: it computes once what all trials read", file=sys.stderr)
    else:
        print(f"{features.job} computes these features already", file=sys.stderr)
    if not ended_well(watch(aws, FEATURES, features.job), FEATURES):
        raise Failure(f"No trial was started, since {features.job} left no features.")


def _objects(aws: Aws, channels: dict[str, str]) -> dict[str, dict[str, StoredObject]] | None:
    """What is in each channel, by name after its URI; None when not all of it can be listed."""
    found = {}
    for channel, uri in channels.items():
        if not uri.startswith("s3://"):
            print(f"{uri} cannot be listed from here: the features are computed anew", file=sys.stderr)
            return None
        bucket, prefix = bucket_and_key(uri)
        try:
            found[channel] = {key.removeprefix(prefix): one for key, one in listing(aws.client("s3"), bucket, prefix).items()}
        except ClientError as error:
            if not is_denied(error):
                raise
            print(f"warning: the features are computed anew. {explain(error)}", file=sys.stderr)
            return None
    return found


def _found(aws: Aws, output: str) -> tuple[str, str] | None:
    """The job that has made what belongs at `output`, or is making it, and its status: Completed or InProgress."""
    s3 = aws.client("s3")
    bucket, above = bucket_and_key(f"{output}/")

    def is_right(job: str, wanted: str) -> bool:
        try:
            description = FEATURES.describe(aws, job)
        except Failure:  # only its files are there: it cannot be told how it ended
            return False
        return description["TrainingJobStatus"] == wanted and description["OutputDataConfig"]["S3OutputPath"] == output

    left = [job for job in folders(s3, bucket, above) if names.is_features_job(aws.settings.prefix, job)]
    for job in sorted(left, reverse=True):
        if has_objects(s3, *bucket_and_key(features_uri(output, job))) and is_right(job, "Completed"):
            return job, "Completed"
    for one in FEATURES.newest_first(aws, StatusEquals="InProgress"):
        if is_right(one["TrainingJobName"], "InProgress"):
            return one["TrainingJobName"], "InProgress"
    return None
