"""What a training job's program left in /opt/ml/output/data: the service packs it into output.tar.gz.

https://docs.aws.amazon.com/sagemaker/latest/dg/your-algorithms-training-algo-output.html
"""

import tarfile
import tempfile
import zlib
from collections.abc import Callable
from typing import IO, Any

from scripts.aws.clients import Aws
from scripts.config.layout import bucket_and_key
from scripts.console.failure import Failure, explain
from scripts.console.make import make


def output_uri(description: dict[str, Any]) -> str:
    """Of the output.tar.gz, be it there or not. description: DescribeTrainingJob's answer."""
    above = description["OutputDataConfig"]["S3OutputPath"].rstrip("/")
    return f"{above}/{description['TrainingJobName']}/output/output.tar.gz"


def read_output(aws: Aws, uri: str, is_wanted: Callable[[str], bool]) -> dict[str, bytes]:
    """The wanted files of the archive, by their names in it; links and all else are not read.

    is_wanted: by name. Raises Failure for what is no sound .tar.gz, ClientError where it cannot be had.
    """
    from boto3.s3.transfer import S3TransferRetriesExceededError as GaveUp  # here: it takes a while, and few need it

    bucket, key = bucket_and_key(uri)
    with tempfile.TemporaryFile() as archive:
        try:
            aws.client("s3").download_fileobj(bucket, key, archive)
        except GaveUp as error:  # after retries of its own
            raise Failure(f"{uri} did not arrive whole. {explain(error.last_exception)} Run it again.") from error
        archive.seek(0)
        try:
            return _files(archive, is_wanted)
        except (tarfile.TarError, EOFError, zlib.error, OSError) as error:
            raise Failure(f"{uri} is not a sound .tar.gz ({error}). Train again: `{make('train')}`.") from error


def _files(archive: IO[bytes], is_wanted: Callable[[str], bool]) -> dict[str, bytes]:
    with tarfile.open(fileobj=archive) as packed:
        return {
            name: file.read()
            for member in packed
            if is_wanted(name := member.name.removeprefix("./"))
            and member.isfile()
            and (file := packed.extractfile(member))
        }
