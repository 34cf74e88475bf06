"""`python -m scripts.upload FOLDER_OR_ZIP`: bring a data set to S3, in parallel, and of it only what changed.

One listing tells what is there. A file of the same size whose MD5 is the object's ETag is the same; where S3 encrypts
with a key of KMS the ETag is no MD5, and the SHA-256 that this program stores with each object decides.
https://docs.aws.amazon.com/AmazonS3/latest/API/API_Object.html"""

import argparse
import hashlib
import sys
import time
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from botocore.exceptions import ClientError

from contract.splits import SPLITS
from scripts.aws.clients import Aws, Call, as_json
from scripts.aws.data_source import DataFile, data_files, md5
from scripts.aws.objects import THREADS, delete_objects, listing, put_objects, put_request
from scripts.aws.pace import Pace
from scripts.config.layout import bucket_and_key
from scripts.config.settings import load_settings
from scripts.console.document import add_json_option, document
from scripts.console.failure import Failure, ends_with_a_sentence
from scripts.console.parallel import in_parallel
from scripts.console.waits import Wait


@ends_with_a_sentence
def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="upload", description="Bring a data set to S3; only what changed is sent.")
    parser.add_argument(
        "source", type=Path, help="a folder or a zip of train, valid and test, or of class folders alone"
    )
    parser.add_argument("--delete", action="store_true", help="remove from S3 what is not in the source")
    parser.add_argument("--dry-run", action="store_true", help="print the requests, change nothing")
    add_json_option(parser)
    args = parser.parse_args(arguments)
    found = document(args.json)
    settings = load_settings()
    aws = Aws(settings)
    place = aws.layout.data
    started = time.monotonic()
    with ExitStack() as opened:
        with Wait(f"the list of files in {args.source}"):
            files = opened.enter_context(data_files(args.source))
        creation = bucket_call(aws)
        bucket, prefix = bucket_and_key(place)
        with Wait(f"the list of what is in {place}"):
            there = {} if creation else listing(aws.client("s3"), bucket, f"{prefix}/")
        with Wait(f"a comparison of {len(files):,} files with S3"):
            changed, same = _changed(aws, bucket, prefix, files, there)
        names = {f"{prefix}/{file.name}" for file in files}
        splits = tuple(f"{prefix}/{split}/" for split in SPLITS)
        gone = [key for key in there if key not in names and key.startswith(splits)]
        if args.dry_run:
            calls = [*([creation] if creation else []), *(_put_call(bucket, prefix, file) for file in changed)]
            if args.delete:
                calls += [Call("s3", "DeleteObject", {"Bucket": bucket, "Key": key}) for key in gone]
            found.write_text(as_json(calls))
            return 0
        if creation:
            aws.make(creation)
            print(f"made the bucket {bucket}")
        contents = {f"{prefix}/{file.name}": file.read for file in changed}
        put_objects(aws.client("s3"), bucket, contents, "The same command sends only the rest.")
    if args.delete:
        with Wait(f"the removal of {len(gone):,} objects from S3"):
            delete_objects(aws.client("s3"), bucket, gone)
    sent = sum(file.size for file in changed)
    found.update(
        data=place,
        sent=len(changed),
        sent_bytes=sent,
        unchanged=same,
        removed=len(gone) if args.delete else 0,
        kept=0 if args.delete else len(gone),
    )
    print(
        f"{place}: {len(changed):,} files sent ({sent / 1e6:,.1f} MB), {same:,} unchanged, in "
        f"{time.monotonic() - started:.1f} s"
    )
    if gone:
        what = "removed, since they are" if args.delete else "kept (--delete removes them) that are"
        print(f"{len(gone):,} objects {what} not in {args.source}")
    return 0


def bucket_call(aws: Aws) -> Call | None:
    """CreateBucket when the bucket is missing, None when it is there. Raises Failure when it is another's or
    elsewhere.
    """
    s3, bucket = aws.client("s3"), aws.layout.bucket  # before: it asks STS, whose refusals are not the bucket's
    try:
        region = s3.head_bucket(Bucket=bucket).get("BucketRegion", aws.region)
    except ClientError as error:
        status = error.response["ResponseMetadata"]["HTTPStatusCode"]
        if status == 403:
            raise Failure(
                f"The bucket {bucket} is another account's, or these credentials lack s3:ListBucket. Name one of "
                "yours: SAGEMAKER_BUCKET, or bucket in sagemaker.toml."
            ) from error
        if status != 404:
            raise
    else:
        if region != aws.region:  # S3 answers from wherever the bucket is; a training job does not look there
            raise Failure(
                f"The bucket {bucket} is in {region}, and the jobs run in {aws.region}. "
                f"Name a bucket there, or set AWS_REGION={region}."
            )
        return None
    request: dict[str, Any] = {"Bucket": bucket}
    if aws.region != "us-east-1":  # the one region that S3 does not want to be named
        request["CreateBucketConfiguration"] = {"LocationConstraint": aws.region}
    return Call("s3", "CreateBucket", request)


def _changed(
    aws: Aws, bucket: str, prefix: str, files: list[DataFile], there: dict[str, Any]
) -> tuple[list[DataFile], int]:
    """The files that are not in S3 as they are here, and how many are."""
    s3, pace = aws.client("s3"), Pace(THREADS)

    def is_there(file: DataFile) -> bool:
        key = f"{prefix}/{file.name}"
        if key not in there or there[key].size != file.size:
            return False
        content = file.read()
        if there[key].etag == md5(content):
            return True
        stored = pace.call(lambda: s3.head_object(Bucket=bucket, Key=key))["Metadata"].get("sha256")
        return bool(stored == hashlib.sha256(content).hexdigest())

    found = list(in_parallel(is_there, files, THREADS))
    return [file for file, same in zip(files, found, strict=True) if not same], sum(found)


def _put_call(bucket: str, prefix: str, file: DataFile) -> Call:
    return Call("s3", "PutObject", put_request(bucket, f"{prefix}/{file.name}"))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
