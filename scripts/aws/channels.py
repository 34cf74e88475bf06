"""The channels of a training job that reads pictures, and whether what they name is there."""

import sys

from contract.splits import SPLITS
from scripts.aws.clients import Aws
from scripts.aws.objects import has_objects, is_bucket
from scripts.config.layout import bucket_and_key
from scripts.config.settings import Settings
from scripts.console.failure import Failure
from scripts.console.make import make


def channels(aws: Aws, settings: Settings) -> dict[str, str]:
    """The URI of each channel: the splits, and `pretrained` when it is set. A test split that is not in S3 is left out.

    Raises Failure when train, valid or pretrained has no objects, and when there is no bucket for what comes out of the
    job. What is not in S3 cannot be looked at from here."""
    above = (settings.train.data or aws.layout.data).rstrip("/")
    found = {split: f"{above}/{split}/" for split in SPLITS}
    if settings.train.pretrained:
        found["pretrained"] = settings.train.pretrained
    for channel, uri in list(found.items()):
        if not uri.startswith("s3://"):
            continue
        if has_objects(aws.client("s3"), *bucket_and_key(uri)):
            continue
        if channel == "test":
            print(f"{uri} has no objects: the model will not be evaluated on a test split", file=sys.stderr)
            del found["test"]
        elif channel == "pretrained":
            raise Failure(f"{uri} has no objects. Put the weights there, or empty train.pretrained in sagemaker.toml.")
        elif settings.train.data:  # where `upload` brings nothing
            raise Failure(f"{uri} has no objects. Bring the pictures there, or correct train.data in sagemaker.toml.")
        else:
            raise Failure(f"{uri} has no objects. Run `{make('upload')} DATA=path/to/pictures`.")
    if settings.train.data and not is_bucket(aws.client("s3"), aws.layout.bucket):
        raise Failure(
            f"There is no bucket {aws.layout.bucket} for the model. Make it: aws s3 mb s3://{aws.layout.bucket} "
            f"--region {aws.region}"
        )
    return found
