"""`python -m scripts.train [name=value ...]`: start a training job and follow it to its end.

What the service would say after minutes only is looked at before: the role, the image, the data.
Status 0 only when the job is Completed. Ctrl-C ends the watching, not the job.
"""

import argparse
import re
import sys

from scripts import names
from scripts.aws import Aws
from scripts.call import Call, as_json
from scripts.failure import Failure, ends_with_a_sentence
from scripts.hint import make
from scripts.image import image_uri
from scripts.jobs import TRAINING, ended_well, how_to_follow, watch
from scripts.layout import SPLITS, bucket_and_key
from scripts.objects import has_objects, is_bucket
from scripts.requests.training_job import training_job_request
from scripts.settings import Settings, load_settings


@ends_with_a_sentence
def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="train", description="Start a training job and follow it.")
    parser.add_argument("hyperparameters", nargs="*", metavar="name=value", help="such as epochs=20 lr=0.001")
    parser.add_argument("--job-name", help="default: <prefix>-train-<UTC time>")
    parser.add_argument("--no-wait", action="store_true", help="start the job and end")
    parser.add_argument("--dry-run", action="store_true", help="print the request, start nothing")
    chosen = parser.parse_args(arguments)
    settings = load_settings()
    name = chosen.job_name or names.training_job(settings.prefix, names.timestamp())
    if not names.is_training_job(settings.prefix, name):
        raise Failure(
            f"The job's name {name} must begin with {settings.prefix}-train- and have at most 63 letters, digits and hyphens."
        )
    hyperparameters = parse_hyperparameters(chosen.hyperparameters)
    aws = Aws(settings)
    request = training_job_request(
        settings, aws.layout, name=name, role_arn=aws.role_arn, image=image_uri(aws, "train"),
        channels=channels(aws, settings), hyperparameters=hyperparameters,
    )
    call = Call("sagemaker", "CreateTrainingJob", request)
    if chosen.dry_run:
        print(as_json([call]))
        return 0

    try:
        aws.make(call)
        print(f"started {name}", file=sys.stderr)
        if chosen.no_wait:
            return 0
        ended = watch(aws, TRAINING, name)
    except KeyboardInterrupt:
        print(f"\n{name} goes on without you: {how_to_follow(name)}", file=sys.stderr)
        return 130
    if not ended_well(ended, TRAINING):
        return 1
    figures = " ".join(f"{one['MetricName']}={one['Value']:.4g}" for one in ended.get("FinalMetricDataList", []))
    billed = f", {ended['BillableTimeInSeconds']} s billed" if "BillableTimeInSeconds" in ended else ""
    print(f"{name} is Completed{billed}. {figures}\nmodel: {ended['ModelArtifacts']['S3ModelArtifacts']}\nnext: {make('deploy')}")
    return 0


def parse_hyperparameters(words: list[str]) -> dict[str, str]:
    """`["epochs=20", ...]` -> `{"epochs": "20", ...}`. Raises Failure for a word that is not of this form."""
    found = {}
    for word in words:
        if not re.fullmatch(r"[a-z][a-z0-9_-]*=.+", word, re.DOTALL):
            raise Failure(f"The hyperparameter {word!r} must be written name=value, such as epochs=20.")
        name, _, found_value = word.partition("=")
        found[name] = found_value
    return found


def channels(aws: Aws, settings: Settings) -> dict[str, str]:
    """The URI of each channel: the splits, and `pretrained` when it is set. A test split that is not in S3 is left out.

    Raises Failure when train, valid or pretrained has no objects, and when there is no bucket for what comes out of the job.
    What is not in S3 cannot be looked at from here.
    """
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
        else:
            raise Failure(f"{uri} has no objects. Run `{make('upload')} DATA=path/to/pictures`.")
    if settings.train.data and not is_bucket(aws.client("s3"), aws.layout.bucket):
        raise Failure(f"There is no bucket {aws.layout.bucket} for the model. Make it: aws s3 mb s3://{aws.layout.bucket} --region {aws.region}")
    return found


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
