"""Signatures of version 2, which boto3 still presigns with, and presigned URLs: obeyed for what they cover alone."""

from dataclasses import replace
from datetime import timedelta
from urllib.parse import urlencode

import boto3
import pytest
from botocore.auth import HmacV1Auth, HmacV1QueryAuth
from botocore.awsrequest import AWSRequest
from botocore.config import Config

from local_test.api.errors import Why
from local_test.api.http_request import RequestHead
from local_test.host.identity import AccessKey
from tests.local_test.api.signing import HOST, KEY, accepted, credentials, now, signed_head, why, with_headers


def old_style(signer, method="GET", target="/bucket/a%20b?acl", headers=None, key=KEY) -> RequestHead:
    request = AWSRequest(method, HOST + target, headers={"Host": "127.0.0.1:4567", **(headers or {})})
    request.auth_path = target.partition("?")[0]
    signer(credentials(key)).add_auth(request)
    return RequestHead.of(
        method, request.url.removeprefix(HOST), {name.lower(): value for name, value in request.headers.items()}
    )


@pytest.mark.parametrize("signer", [HmacV1Auth, HmacV1QueryAuth])
@pytest.mark.parametrize("headers", [{}, {"x-amz-meta-a": "b", "Content-Type": "image/jpeg"}])
def test_what_boto3_presigns_by_default_is_obeyed_too(signer, headers):
    head = old_style(signer, headers=headers)
    assert accepted(head) == "s3"
    assert why(replace(head, path="/bucket/other")) is Why.WRONG_SIGNATURE
    assert why(replace(head, method="PUT")) is Why.WRONG_SIGNATURE
    assert why(with_headers(head, x_amz_acl="public-read")) is Why.WRONG_SIGNATURE
    assert why(old_style(signer, headers=headers, key=replace(KEY, secret="guessed"))) is Why.WRONG_SIGNATURE
    assert why(old_style(signer, headers=headers, key=AccessKey("AKIA3", "s"))) is Why.UNKNOWN_KEY


@pytest.mark.parametrize("operation", ["list_objects_v2", "head_bucket", "get_bucket_tagging", "create_bucket"])
def test_what_boto3_presigns_for_a_bucket_is_obeyed(operation):
    """Signed as `/bucket/`, sent as `/bucket`."""
    client = boto3.client(
        "s3", endpoint_url=HOST, region_name="us-east-1", aws_access_key_id=KEY.id, aws_secret_access_key=KEY.secret
    )
    url = client.generate_presigned_url(operation, Params={"Bucket": "bucket"})
    method = {"head_bucket": "HEAD", "create_bucket": "PUT"}.get(operation, "GET")
    head = RequestHead.of(method, url.removeprefix(HOST), {"host": "127.0.0.1:4567"})
    assert "AWSAccessKeyId" in head.query and accepted(head) == "s3"
    assert why(replace(head, path="/bucket/key")) is Why.WRONG_SIGNATURE


@pytest.mark.parametrize("name", ["encryption", "retention", "legal-hold", "attributes"])
def test_what_the_old_version_does_not_cover_is_refused(name):
    assert (
        why(replace(old_style(HmacV1QueryAuth), query=old_style(HmacV1QueryAuth).query + f"&{name}")) is Why.INCOMPLETE
    )


def test_a_header_cannot_take_the_place_of_a_signed_parameter():
    head = old_style(HmacV1QueryAuth, "PUT", headers={"x-amz-copy-source": "bucket/public"})
    assert accepted(head) == "s3"
    assert why(with_headers(head, x_amz_copy_source="bucket/secret")) is Why.INCOMPLETE


@pytest.mark.parametrize(
    "name", ["X-Amz-Signature", "X-Amz-Expires", "X-Amz-Credential", "Signature", "AWSAccessKeyId"]
)
def test_a_parameter_of_the_signature_stands_in_the_query_once(name):
    for head in (signed_head("GET", "/bucket/k", service="s3", presign=60), old_style(HmacV1QueryAuth)):
        if name in dict(head.parameters()):
            assert why(replace(head, query=f"{name}=x&{head.query}")) is Why.INCOMPLETE


@pytest.mark.parametrize("disposition", ["attachment; filename=ü.jpg", "attachment; filename=犬.jpg"])
@pytest.mark.parametrize("version", ["s3", "s3v4"])
def test_parameters_of_any_language_are_signed(version, disposition):
    client = boto3.client(
        "s3",
        endpoint_url=HOST,
        region_name="us-east-1",
        aws_access_key_id=KEY.id,
        aws_secret_access_key=KEY.secret,
        config=Config(signature_version=version),
    )
    url = client.generate_presigned_url(
        "get_object", Params={"Bucket": "bucket", "Key": "k", "ResponseContentDisposition": disposition}
    )
    assert accepted(RequestHead.of("GET", url.removeprefix(HOST), {"host": "127.0.0.1:4567"})) == "s3"


@pytest.mark.parametrize("query", ["Expires=" + "9" * 5000, "Expires=x", "Expires=-1"])
def test_an_expiry_that_is_no_number_is_refused(query):
    assert (
        why(RequestHead.of("GET", f"/bucket/k?AWSAccessKeyId={KEY.id}&Signature=x&{query}", {"host": "h"}))
        is Why.INCOMPLETE
    )


@pytest.mark.parametrize(
    "changes",
    [
        {"X-Amz-Expires": "9" * 5000},
        {"X-Amz-Date": "99991231T235959Z", "X-Amz-Credential": f"{KEY.id}/99991231/us-east-1/s3/aws4_request"},
    ],
)
def test_times_beyond_all_bounds_are_refused(changes):
    parameters = {**dict(signed_head("GET", "/bucket/k", service="s3", presign=60).parameters()), **changes}
    assert why(RequestHead.of("GET", "/bucket/k?" + urlencode(parameters), {"host": "127.0.0.1:4567"})) in (
        Why.INCOMPLETE,
        Why.EXPIRED,
        Why.WRONG_SIGNATURE,
    )
    dated = with_headers(old_style(HmacV1Auth), date="Fri, 31 Dec 99999 23:59:59 GMT")
    assert why(dated) in (Why.UNSIGNED, Why.TIME)


def test_an_old_presigned_url_expires():
    head = old_style(HmacV1QueryAuth)
    assert why(head, at=now() + timedelta(hours=2)) is Why.EXPIRED
    assert why(replace(head, query=head.query.replace("Expires=", "Expires=9"))) is Why.WRONG_SIGNATURE


def test_an_old_signature_is_good_for_a_quarter_of_an_hour():
    assert why(old_style(HmacV1Auth), at=now() + timedelta(minutes=20)) is Why.TIME
