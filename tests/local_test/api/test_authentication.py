"""Signatures: what botocore signs is obeyed, and nothing else, in whatever way it differs."""

from dataclasses import replace
from datetime import timedelta

import pytest

from local_test.api.authentication import authenticate
from local_test.api.errors import AccessRefused, Why
from local_test.api.http_request import RequestHead
from local_test.host.identity import AccessKey
from tests.local_test.api.signing import KEY, accepted, find, now, signed_head, why, with_headers

BODY = b'{"TrainingJobName": "x"}'
TARGET = {"X-Amz-Target": "SageMaker.DescribeTrainingJob"}


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


@pytest.mark.parametrize("value", ["é", "à", "犬", "a  b", "Ã…"])
def test_headers_of_any_language_are_signed(value):
    """As UTF-8, whose bytes may look like spaces of Latin-1."""
    head = signed_head("PUT", "/bucket/k", service="s3", headers={"x-amz-meta-n": value})
    assert accepted(with_headers(head, x_amz_meta_n=value.encode().decode("latin-1"))) == "s3"
