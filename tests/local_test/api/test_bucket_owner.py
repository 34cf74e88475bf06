"""S3's condition on whose bucket it is, which a client names in a header."""

import pytest

from local_test.api.errors import AccessRefused, Why
from local_test.api.http_request import RequestHead
from local_test.api.other_services import BUCKET_OWNER_HEADERS, InvalidOwner, check_bucket_owner
from local_test.host.emulator_settings import ACCOUNT


def head(**headers) -> RequestHead:
    return RequestHead.of("GET", "/bucket/key", headers)


@pytest.mark.parametrize("header", BUCKET_OWNER_HEADERS)
def test_the_own_account_is_let_in_and_another_is_not(header):
    check_bucket_owner(head())
    check_bucket_owner(head(**{header: ACCOUNT}))
    with pytest.raises(AccessRefused, match="Access Denied") as refused:
        check_bucket_owner(head(**{header: "210987654321"}))
    assert refused.value.why is Why.FORBIDDEN


@pytest.mark.parametrize("named", ["", "me", "12345678901", "arn:aws:iam::123456789012:root"])
def test_what_is_no_account_is_refused_as_s3_does_it(named):
    with pytest.raises(InvalidOwner, match="must be an AWS account ID"):
        check_bucket_owner(head(**{BUCKET_OWNER_HEADERS[0]: named}))
