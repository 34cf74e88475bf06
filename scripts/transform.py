"""`python -m scripts.transform SOURCE`: classify every picture of a folder, here or in S3, without an endpoint.

Starts machines, sends them every picture, stores the answers beside each other in S3, and ends the machines.
"""

import argparse
import sys
from pathlib import Path
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from scripts.aws.all_or_nothing import make_all
from scripts.aws.before_creation import before_creation
from scripts.aws.clients import Aws, Call, as_json
from scripts.aws.image import serving_image_uri
from scripts.aws.jobs import TRANSFORM, failure_of, how_to_follow, watch
from scripts.aws.log_tail import print_last_lines
from scripts.aws.machines import of_transform
from scripts.aws.model_data import check_owner, find_model_data
from scripts.aws.objects import THREADS, has_objects, listing, put_objects
from scripts.aws.pace import Pace
from scripts.aws.pictures import answer, find_pictures, picture_line
from scripts.config import names
from scripts.config.layout import bucket_and_key
from scripts.config.settings import load_settings
from scripts.console.document import Document, add_json_option, document
from scripts.console.failure import Failure, ends_with_a_sentence, explain
from scripts.console.make import make
from scripts.console.parallel import in_parallel
from scripts.console.waits import Wait
from scripts.requests.endpoint import model_request
from scripts.requests.transform_job import transform_job_request


@ends_with_a_sentence
def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(
        prog="transform", description="Classify every picture of a folder, without an endpoint."
    )
    parser.add_argument("source", help="a folder of pictures, or an s3:// URI")
    which = parser.add_mutually_exclusive_group()
    which.add_argument("--job", help="the training job whose model is used; default: the newest Completed")
    which.add_argument("--model-data", metavar="URI", help="a model.tar.gz in S3")
    parser.add_argument("--no-wait", action="store_true", help="start the job and end")
    parser.add_argument("--dry-run", action="store_true", help="print the requests, change nothing")
    add_json_option(parser, "every prediction of every picture as JSON")
    args = parser.parse_args(arguments)
    found = document(args.json)
    settings = load_settings()
    stamp = names.timestamp()
    name, model = names.transform_job(settings.prefix, stamp), names.version(settings.prefix, stamp)
    aws = Aws(settings)
    role_arn = aws.role_arn
    in_s3 = args.source.startswith("s3://")
    pictures = [] if in_s3 else pictures_to_send(Path(args.source), settings.transform.max_payload_mb)
    source = f"{args.source.rstrip('/')}/" if in_s3 else f"{aws.layout.transform(name)}/input/"
    output = f"{aws.layout.transform(name)}/output"
    if in_s3 and not has_objects(aws.client("s3"), *bucket_and_key(source)):
        raise Failure(f"{source} has no objects. Name a folder of pictures, here or in S3.")
    model_data = args.model_data or find_model_data(aws, args.job)[1]
    calls = [
        Call(
            "sagemaker",
            "CreateModel",
            model_request(
                settings,
                name=model,
                image=serving_image_uri(aws, (settings.transform.instance_type,)),
                model_data=model_data,
                role_arn=role_arn,
            ),
        ),
        Call(
            "sagemaker",
            "CreateTransformJob",
            transform_job_request(
                settings,
                name=name,
                model=model,
                source=source,
                output=output,
            ),
        ),
    ]
    if args.dry_run:
        found.write_text(as_json(calls))
        return 0

    check_owner(aws, model_data)
    before_creation(aws, of_transform(settings))
    s3 = aws.client("s3")
    if pictures:
        bucket, prefix = bucket_and_key(source)
        above = Path(args.source) if Path(args.source).is_dir() else Path(args.source).parent
        contents = {f"{prefix}{one.relative_to(above).as_posix()}": one.read_bytes for one in pictures}
        put_objects(s3, bucket, contents, "No job was started: run the same command again.")
    try:
        make_all(aws, calls, aws.make)
        found.update(job=name, status="InProgress", output=output)
        print(f"started {name} with {model_data}; the answers go to {output}", file=sys.stderr)
        if args.no_wait:
            return 0
        ended = watch(aws, TRANSFORM, name, show_log=False)
    except KeyboardInterrupt:
        print(f"\n{name} keeps running: {how_to_follow(name)}. Its answers go to {output}", file=sys.stderr)
        return 130
    if ended[f"{TRANSFORM.noun}Status"] == "Failed":
        print_last_lines(TRANSFORM.log(aws, name, optional=True))
    why = failure_of(ended, TRANSFORM)
    if why:
        print(f"error: {why}", file=sys.stderr)
    try:
        _show_answers(s3, source, output, found)  # one bad picture fails a job, and the others have their answers
    except (ClientError, BotoCoreError) as error:
        raise Failure(f"{explain(error)} {name} has ended, and its answers stay in {output}.") from error
    return 1 if why else 0


def pictures_to_send(source: Path, most_mb: int) -> list[Path]:
    """The pictures of a folder. Raises Failure for one above `most_mb`, over which the whole job would fail."""
    found = find_pictures([source])
    for picture in found:
        if picture.stat().st_size > most_mb * 2**20:
            raise Failure(
                f"{picture} is larger than transform.max-payload-mb = {most_mb} in sagemaker.toml. Leave it out, or "
                "raise that."
            )
    return found


def _show_answers(s3: Any, source: str, output: str, found: Document) -> None:
    """Print what the model said of every picture. Raises Failure that names those without an answer."""
    bucket, prefix = bucket_and_key(f"{output}/")
    keys = [key for key in sorted(listing(s3, bucket, prefix)) if key.endswith(".out")]
    pace = Pace(THREADS)

    def read(key: str) -> bytes:
        return pace.call(lambda: bytes(s3.get_object(Bucket=bucket, Key=key)["Body"].read()))

    with Wait(f"{len(keys):,} answers from S3"):
        bodies = list(in_parallel(read, keys, THREADS))
    said = {key.removeprefix(prefix).removesuffix(".out"): answer(body) for key, body in zip(keys, bodies, strict=True)}
    if found.is_asked_for:
        found.write([{"picture": picture, "answer": one} for picture, one in said.items()])
    else:
        for picture, one in said.items():
            print(picture_line(picture, one))
    from_bucket, from_prefix = bucket_and_key(source)
    sent = listing(s3, from_bucket, from_prefix)
    print(f"{len(said)} of {len(sent)} pictures have their answer in {output}", file=sys.stderr)
    missing = [key.removeprefix(from_prefix) for key in sent if key.removeprefix(from_prefix) not in said]
    if missing:
        raise Failure(
            f"No answer for {', '.join(missing[:5])}{' and others' if len(missing) > 5 else ''}. Their log: "
            f"{make('logs')}"
        )


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
