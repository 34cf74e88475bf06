"""Signatures: what botocore signs is obeyed, and nothing else, in whatever way it differs."""

import hashlib
from dataclasses import replace
from datetime import timedelta
from urllib.parse import urlencode

import boto3
import pytest
from botocore.auth import HmacV1Auth, HmacV1QueryAuth
from botocore.awsrequest import AWSRequest
from botocore.config import Config

from local_test.api.access_refused import AccessRefused, Why
from local_test.api.authentication import authenticate
from local_test.api.request_head import RequestHead
from local_test.host.identity import AccessKey
from tests.local_test.api.signing import HOST, KEY, credentials, find, now, signed_head

BODY = b'{"TrainingJobName": "x"}'
TARGET = {"X-Amz-Target": "SageMaker.DescribeTrainingJob"}


def accepted(head: RequestHead, body: bytes = b"", finds=find, at=None) -> str:
    """The service that it was signed for."""
    signed = authenticate(head, finds, at or now())
    signed.check_body(hashlib.sha256(body).hexdigest())
    return signed.service


def why(head: RequestHead, body: bytes = b"", finds=find, at=None) -> Why:
    with pytest.raises(AccessRefused) as refused:
        accepted(head, body, finds, at)
    return refused.value.why


def with_headers(head: RequestHead, **changes) -> RequestHead:
    return replace(head, headers={**head.headers, **{name.replace("_", "-"): value for name, value in changes.items()}})


@pytest.mark.parametrize("service", ["sagemaker", "s3", "iam", "ecr", "monitoring", "IoTSecuredTunneling"])
def test_a_signed_request_is_obeyed(service):
    assert accepted(signed_head(body=BODY, service=service, headers=TARGET), BODY) == service.lower()


@pytest.mark.parametrize(
    "target",
    [
        "/bucket/plain.jpg",
        "/bucket/a%20b/%C3%BC%2Bc%23d%3Fe",
        "/bucket//double",
        "/bucket/a/../b",
        "/bucket/.",
        "/bucket/a%25b",
        "/bucket/key/",
        "/bucket?list-type=2&prefix=a%2Fb%20c&delimiter=%2F",
        "/bucket?uploads",
        "/bucket/k?partNumber=1&uploadId=a-b_c.d~e",
        "/bucket/k?acl=&tagging",
        "/",
    ],
)
@pytest.mark.parametrize("presign", [None, 60])
def test_every_key_and_query_of_s3_is_signed_as_it_is_meant(target, presign):
    head = signed_head("GET", target, service="s3", presign=presign)
    assert accepted(head) == "s3"
    assert why(replace(head, path=head.path + "x")) is Why.WRONG_SIGNATURE
    assert why(replace(head, query=head.query + "&versions=")) is Why.WRONG_SIGNATURE


@pytest.mark.parametrize("target", ["/endpoints/a-b/invocations", "/endpoints/a%20b/invocations?x=1", "/a/./b/../c"])
def test_paths_of_other_services_are_signed_as_sent(target):
    assert accepted(signed_head(target=target, body=BODY), BODY) == "sagemaker"


def test_a_request_that_is_not_signed_is_refused():
    assert (
        why(RequestHead.of("POST", "/", {"host": "127.0.0.1:4567", "x-amz-target": "SageMaker.ListModels"}))
        is Why.UNSIGNED
    )


@pytest.mark.parametrize(
    ("method", "target", "headers", "operation"),
    [
        ("POST", "/", {"x-amz-target": "AWSCognitoIdentityService.GetId"}, "GetId"),
        ("POST", "/", {"x-amz-target": "AWSCognitoIdentityProviderService.SignUp"}, "SignUp"),
        ("GET", "/assignment/accounts", {"x-amz-sso_bearer_token": "t"}, "ListAccounts"),
        (
            "GET",
            "/federation/credentials?role_name=a&account_id=123456789012",
            {"x-amz-sso_bearer_token": "t"},
            "GetRoleCredentials",
        ),
        ("POST", "/token", {"content-type": "application/json"}, "CreateToken"),
        ("POST", "/v1/token", {"content-type": "application/json"}, "CreateOAuth2Token"),
    ],
)
def test_a_login_which_nobody_signs_is_refused_by_name(method, target, headers, operation):
    head = RequestHead.of(method, target, {"host": "127.0.0.1:4567", **headers})
    with pytest.raises(AccessRefused, match=f"does not have {operation}. It takes no logins: .* env`") as refused:
        authenticate(head, find, now())
    assert refused.value.why is Why.UNSIGNED


@pytest.mark.parametrize("target", ["/bucket/key", "/bucket?list-type=2", "/assignment/accounts", "/"])
def test_an_anonymous_request_for_an_object_is_told_where_the_keys_are(target):
    with pytest.raises(AccessRefused, match="Request is missing Authentication Token"):
        authenticate(RequestHead.of("GET", target, {"host": "h"}), find, now())


@pytest.mark.parametrize(
    "authorization",
    ["Basic YTpi", "AWS4-HMAC-SHA256", "AWS4-HMAC-SHA256 Credential=a/b, SignedHeaders=host, Signature=" + "0" * 64],
)
def test_what_only_looks_like_a_signature_is_refused(authorization):
    assert why(RequestHead.of("POST", "/", {"host": "h", "authorization": authorization})) is Why.INCOMPLETE


def test_a_key_that_nobody_has_is_refused_before_anything_else():
    other = AccessKey("AKIA3333333333333333", KEY.secret)
    assert why(signed_head(key=other)) is Why.UNKNOWN_KEY
    assert why(signed_head("GET", "/bucket/k", service="s3", key=other, presign=60)) is Why.UNKNOWN_KEY


def test_a_wrong_secret_is_refused():
    other = replace(KEY, secret="guessed")
    assert why(signed_head(body=BODY, key=other), BODY) is Why.WRONG_SIGNATURE
    assert why(signed_head("GET", "/bucket/k", service="s3", key=other)) is Why.WRONG_SIGNATURE
    assert why(signed_head("GET", "/bucket/k", service="s3", key=other, presign=60)) is Why.WRONG_SIGNATURE


@pytest.mark.parametrize("service", ["sagemaker", "s3"])
def test_another_body_than_the_signed_one_is_refused(service):
    head = signed_head("PUT", "/bucket/k", BODY, service)
    assert why(head, BODY.replace(b"x", b"y")) in (Why.WRONG_SIGNATURE, Why.OTHER_BODY)
    assert why(head, b"") in (Why.WRONG_SIGNATURE, Why.OTHER_BODY)


def test_another_method_target_or_header_than_the_signed_one_is_refused():
    head = signed_head(body=BODY, headers=TARGET)
    assert why(replace(head, method="PUT"), BODY) is Why.WRONG_SIGNATURE
    assert why(with_headers(head, x_amz_target="SageMaker.DeleteModel"), BODY) is Why.WRONG_SIGNATURE
    assert why(with_headers(head, host="evil.example"), BODY) is Why.WRONG_SIGNATURE


def test_a_header_that_decides_must_be_under_the_signature():
    assert why(with_headers(signed_head(body=BODY), x_amz_target="SageMaker.DeleteModel"), BODY) is Why.FORBIDDEN
    presigned = signed_head("PUT", "/bucket/k", service="s3", presign=60)
    assert why(with_headers(presigned, x_amz_acl="public-read")) is Why.FORBIDDEN
    without_host = signed_head(body=BODY)
    text = without_host.headers["authorization"].replace("SignedHeaders=host;", "SignedHeaders=")
    assert why(with_headers(without_host, authorization=text), BODY) is Why.FORBIDDEN


def test_a_signature_is_good_for_a_quarter_of_an_hour():
    head = signed_head(body=BODY)
    assert accepted(head, BODY, at=now() + timedelta(minutes=14)) == "sagemaker"
    for late in (timedelta(minutes=16), timedelta(minutes=-16), timedelta(days=1)):
        assert why(head, BODY, at=now() + late) is Why.TIME


def test_a_signature_for_one_service_is_none_for_another():
    head = signed_head(body=BODY, service="iam")
    assert (
        why(with_headers(head, authorization=head.headers["authorization"].replace("/iam/", "/sagemaker/")), BODY)
        is Why.WRONG_SIGNATURE
    )


def test_a_presigned_url_is_good_until_it_expires_and_not_for_longer_than_it_says():
    head = signed_head("GET", "/bucket/k", service="s3", presign=60)
    assert accepted(head, at=now() + timedelta(seconds=55)) == "s3"
    assert why(head, at=now() + timedelta(seconds=65)) is Why.EXPIRED
    assert why(replace(head, query=head.query.replace("X-Amz-Expires=60", "X-Amz-Expires=600"))) is Why.WRONG_SIGNATURE
    assert why(signed_head("GET", "/bucket/k", service="s3", presign=8 * 24 * 3600)) is Why.INCOMPLETE


def test_a_temporary_key_needs_its_token():
    key = AccessKey("ASIA2222222222222222", "s", "the-token")

    def finds(id):
        return key if id == key.id else None

    assert accepted(signed_head(body=BODY, key=key), BODY, finds) == "sagemaker"
    assert why(signed_head(body=BODY, key=replace(key, session_token=None)), BODY, finds) is Why.WRONG_TOKEN
    assert why(signed_head(body=BODY, key=replace(key, session_token="other")), BODY, finds) is Why.WRONG_TOKEN
    assert why(signed_head(body=BODY, key=replace(KEY, session_token="made up")), BODY) is Why.WRONG_TOKEN


def test_an_object_may_be_sent_unsigned_as_on_aws_but_no_other_request():
    unsigned = {"X-Amz-Content-SHA256": "UNSIGNED-PAYLOAD"}
    head = signed_head("PUT", "/bucket/k", b"", "s3", presign=60)
    assert accepted(head, b"anything") == "s3"
    assert why(signed_head(body=BODY, headers=unsigned), BODY) is Why.INCOMPLETE


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


@pytest.mark.parametrize("value", ["é", "à", "犬", "a  b", "Ã…"])
def test_headers_of_any_language_are_signed(value):
    """As UTF-8, whose bytes may look like spaces of Latin-1."""
    head = signed_head("PUT", "/bucket/k", service="s3", headers={"x-amz-meta-n": value})
    assert accepted(with_headers(head, x_amz_meta_n=value.encode().decode("latin-1"))) == "s3"


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
