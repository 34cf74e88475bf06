"""One request to an async endpoint: the picture and its answer both go through S3.

https://docs.aws.amazon.com/sagemaker/latest/dg/async-inference-invoke-endpoint.html
"""

import uuid
from typing import Any

from botocore.exceptions import ClientError

from scripts.aws.waiting import answers
from scripts.config.layout import Layout, bucket_and_key
from scripts.console.failure import Failure, error_code
from scripts.console.make import make

LONGEST = 3_600  # seconds an async endpoint may take for one request


def invoke_async(
    runtime: Any,
    s3: Any,
    layout: Layout,
    endpoint: str,
    body: bytes,
    content_type: str,
    custom_attributes: str = "",
) -> bytes:
    """Put the picture, ask for its answer and wait for that. Raises Failure with the model's reason when it has
    none.
    """
    bucket, key = bucket_and_key(f"{layout.asynchronous}/requests/{uuid.uuid4()}")
    s3.put_object(Bucket=bucket, Key=key, Body=body, ContentType=content_type)
    said = runtime.invoke_endpoint_async(
        EndpointName=endpoint,
        InputLocation=f"s3://{bucket}/{key}",
        ContentType=content_type,
        Accept="application/json",
        **({"CustomAttributes": custom_attributes} if custom_attributes else {}),
    )

    def look() -> tuple[bytes | None, bytes | None]:
        return _read(s3, said["OutputLocation"]), _read(
            s3, said["FailureLocation"]
        ) if "FailureLocation" in said else None

    for passed, (found, reason) in answers(look):
        if found is not None:
            return found
        if reason is not None:
            raise Failure(f"the model refused: {reason.decode(errors='replace').strip()}")
        if passed > LONGEST:
            break
    raise Failure(
        f"no answer in an hour at {said['OutputLocation']}, or these credentials may not read it (s3:GetObject). The "
        f"endpoint's log may say why: {make('logs')} ARGS={endpoint}"
    )


def _read(s3: Any, uri: str) -> bytes | None:
    bucket, key = bucket_and_key(uri)
    try:
        return s3.get_object(Bucket=bucket, Key=key)["Body"].read()
    except ClientError as error:
        # Without the permission to list the bucket, S3 says 403 for what is not there yet.
        if error_code(error) in ("NoSuchKey", "AccessDenied"):
            return None
        raise
