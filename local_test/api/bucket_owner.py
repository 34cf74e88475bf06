"""S3's headers that name the account which a bucket must belong to.

https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucket-owner-condition.html
"""

import re

from local_test.api.access_refused import AccessRefused, Why
from local_test.api.errors import ApiError
from local_test.api.request_head import RequestHead
from local_test.host.emulator_settings import ACCOUNT

HEADERS = ("x-amz-expected-bucket-owner", "x-amz-source-expected-bucket-owner")
ACCOUNT_ID = re.compile("[0-9]{12}")


class InvalidOwner(ApiError):
    """S3's InvalidBucketOwnerAWSAccountID."""

    code = "InvalidBucketOwnerAWSAccountID"
    status = 400


def check_bucket_owner(head: RequestHead) -> None:
    """Every bucket here belongs to one account. Raises AccessRefused where the request names another, and
    InvalidOwner for what is no account.
    """
    for header in HEADERS:
        named = head.headers.get(header, ACCOUNT)
        if not ACCOUNT_ID.fullmatch(named):
            raise InvalidOwner("The value of the expected bucket owner parameter must be an AWS account ID")
        if named != ACCOUNT:
            raise AccessRefused(Why.FORBIDDEN, "Access Denied")
