"""The job that computes the features shared by a tuning job's trials: an earlier one is reused, or one is started."""

import hashlib
import json
import sys
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from botocore.exceptions import ClientError

from contract.feature_sharing import deciding, keeping_apart, trains_on_features
from contract.value_kinds import unquoted
from scripts.aws.clients import Aws, Call
from scripts.aws.jobs import FEATURES, failure_of, watch
from scripts.aws.objects import StoredObject, delete_objects, folders, listing
from scripts.config import names
from scripts.config.layout import bucket_and_key
from scripts.console.failure import Failure, explain, is_denied
from scripts.console.make import make
from scripts.console.waits import Wait
from scripts.requests.training_job import features_job_request, features_uri

MANIFEST = "bank.json"  # written last; its "sizes" has the bytes of every other file

Answer = TypeVar("Answer")


@dataclass(frozen=True)
class Source:
    """What decides the features: the image, the hyperparameters of every trial, and what is at the URI of each
    channel.
    """

    image: str
    static: dict[str, str]
    channels: dict[str, str]

    def key(self, aws: Aws) -> str | None:
        """`features_key` of what is there now; None when a channel is not in S3."""
        if elsewhere := [uri for uri in self.channels.values() if not uri.startswith("s3://")]:
            print(f"{elsewhere[0]} cannot be listed from here: the features are computed anew", file=sys.stderr)
            return None
        with Wait("the list of what the trials read"):
            return features_key(
                self.image, self.static, {channel: _listed(aws, uri) for channel, uri in self.channels.items()}
            )


@dataclass(frozen=True)
class SharedFeatures:
    """uri: where the features of `job` are, once it is Completed. status: the job's; None when `call` has to make it
    first.

    key: the source's when these were planned; None when it cannot be told.
    """

    job: str
    uri: str
    status: str | None
    call: Call | None
    source: Source
    key: str | None


def plan_features(
    aws: Aws,
    *,
    image: str,
    role_arn: str,
    channels: dict[str, str],
    static: dict[str, str],
    tuned: list[str],
    stamp: str,
) -> SharedFeatures | None:
    """How the trials come to shared features; None when they read the pictures themselves. Nothing is made."""
    if not trains_on_features(static):
        return None
    if apart := keeping_apart(static, tuned):
        print(
            f"the trials cannot share features, since {' and '.join(apart)} may differ: each reads the pictures itself",
            file=sys.stderr,
        )
        return None
    source = Source(image, static, channels)
    key = _unless_denied(lambda: source.key(aws))
    output = aws.layout.features(key or stamp)
    found = _unless_denied(lambda: _found(aws, output)) if key else None
    if found:
        return SharedFeatures(found[0], features_uri(output, found[0]), found[1], None, source, key)
    job = names.features_job(aws.settings.prefix, stamp)
    request = features_job_request(
        aws.settings,
        aws.layout,
        name=job,
        image=image,
        role_arn=role_arn,
        channels=channels,
        static=static,
        output=output,
    )
    return SharedFeatures(
        job, features_uri(output, job), None, Call("sagemaker", "CreateTrainingJob", request), source, key
    )


def bring_features(aws: Aws, features: SharedFeatures) -> None:
    """Return when the features are there: make their job when there is none, and follow it to its end.

    Raises Failure when it does not end well, and when it may have read other pictures than those that its key stands
    for."""
    if features.status == "Completed":
        print(f"the features of {features.job} are used again: the same pictures, weights and image", file=sys.stderr)
        return
    if features.call:
        aws.make(features.call)
        print(f"started {features.job}: it computes once what all trials read", file=sys.stderr)
    else:
        print(f"{features.job} computes these features already", file=sys.stderr)
    if why := failure_of(watch(aws, FEATURES, features.job), FEATURES):
        raise Failure(f"{why.rstrip('.')}. No trial was started, since {features.job} left no features.")
    if features.key and features.source.key(aws) != features.key:
        _remove(aws, features.uri)  # or they would be found again once the pictures are the old ones
        raise Failure(
            f"The pictures, or the weights, changed while {features.job} ran. Its features were removed and no trial "
            "was started: "
            f"run `{make('tune')}` again."
        )


def features_key(image: str, static: dict[str, str], objects: dict[str, dict[str, StoredObject]]) -> str:
    """12 hex digits that stand for everything which decides the features: the same key, the same features.

    image: its URI, whose tag never means another image. objects: by channel, and by name in it.
    """
    named = ("freeze-backbone", *deciding(unquoted(static.get("pretrained", ""))))
    values = {name: static[name] for name in named if name in static}
    listed = {
        channel: {name: [one.size, one.etag] for name, one in sorted(found.items())}
        for channel, found in sorted(objects.items())
    }
    return hashlib.sha256(json.dumps([image, values, listed], sort_keys=True).encode()).hexdigest()[:12]


def _unless_denied(look: Callable[[], Answer]) -> Answer | None:
    """What `look` returns; None when these credentials may not look."""
    try:
        return look()
    except ClientError as error:
        if not is_denied(error):
            raise
        print(f"warning: the features are computed anew. {explain(error)}", file=sys.stderr)
        return None


def _listed(aws: Aws, uri: str) -> dict[str, StoredObject]:
    """What is at the URI, by name after it."""
    bucket, prefix = bucket_and_key(uri)
    return {key.removeprefix(prefix): one for key, one in listing(aws.client("s3"), bucket, prefix).items()}


def _remove(aws: Aws, uri: str) -> None:
    bucket, prefix = bucket_and_key(uri)
    delete_objects(aws.client("s3"), bucket, list(listing(aws.client("s3"), bucket, prefix)))


def _found(aws: Aws, output: str) -> tuple[str, str] | None:
    """The job that has made what belongs at `output`, or is making it, and its status: Completed or InProgress."""

    def is_right(job: str, wanted: str) -> bool:
        description = FEATURES.find(aws, job)  # None where only its files are there: it cannot be told how it ended
        return description is not None and (
            description["TrainingJobStatus"],
            description["OutputDataConfig"]["S3OutputPath"],
        ) == (wanted, output)

    left = [
        job
        for job in folders(aws.client("s3"), *bucket_and_key(f"{output}/"))
        if names.is_features_job(aws.settings.prefix, job)
    ]
    for job in sorted(left, reverse=True):
        if is_right(job, "Completed"):
            if _is_whole(aws, features_uri(output, job)):
                return job, "Completed"
            print(f"the features of {job} are no longer all there: others are made", file=sys.stderr)
    for one in FEATURES.newest_first(aws, StatusEquals="InProgress"):
        if is_right(one["TrainingJobName"], "InProgress"):
            return one["TrainingJobName"], "InProgress"
    return None


def _is_whole(aws: Aws, uri: str) -> bool:
    """Whether every file that the manifest at `uri` names is there in its size."""
    there = _listed(aws, uri)
    if MANIFEST not in there:
        return False
    bucket, above = bucket_and_key(uri)
    try:
        sizes = json.loads(aws.client("s3").get_object(Bucket=bucket, Key=f"{above}{MANIFEST}")["Body"].read())["sizes"]
    except (ValueError, KeyError):
        return False
    return all(name in there and there[name].size == size for name, size in sizes.items())
