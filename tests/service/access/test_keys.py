"""Signed requests over real HTTP: the service's keys and those it gave out are obeyed, until they end; every other is
not.
"""

import hashlib
import http.client
from datetime import UTC, datetime

import boto3
import pytest
import requests
from botocore.config import Config
from botocore.exceptions import ClientError

from local_test.api import sigv4
from local_test.api.http_request import RequestHead
from local_test.api.sigv4 import Scope
from tests.local_service import until

ONCE = Config(retries={"total_max_attempts": 1})


def client_with(local, service, id, secret, token=None):
    return boto3.client(
        service,
        endpoint_url=local.address.url,
        region_name="us-east-1",
        aws_access_key_id=id,
        aws_secret_access_key=secret,
        aws_session_token=token,
        config=ONCE,
    )


def code(call) -> tuple[str, int]:
    with pytest.raises(ClientError) as refused:
        call()
    return refused.value.response["Error"]["Code"], refused.value.response["ResponseMetadata"]["HTTPStatusCode"]


CALLS = {
    "s3": lambda client: client.list_objects_v2(Bucket="sagemaker-us-east-1-123456789012"),
    "sagemaker": lambda client: client.list_training_jobs(),
    "sagemaker-runtime": lambda client: client.invoke_endpoint(EndpointName="none", Body=b"x"),
    "iam": lambda client: client.list_roles(),
    "sts": lambda client: client.get_caller_identity(),
    "ecr": lambda client: client.describe_repositories(),
    "logs": lambda client: client.describe_log_groups(),
    "cloudwatch": lambda client: client.list_metrics(),
    "application-autoscaling": lambda client: client.describe_scalable_targets(ServiceNamespace="sagemaker"),
    "budgets": lambda client: client.describe_budgets(AccountId="123456789012"),
}
UNKNOWN_KEY = {"s3": "InvalidAccessKeyId", "iam": "InvalidClientTokenId", "sts": "InvalidClientTokenId"}
WRONG_SECRET = {"s3": "SignatureDoesNotMatch", "iam": "SignatureDoesNotMatch", "sts": "SignatureDoesNotMatch"}


@pytest.mark.parametrize("service", CALLS)
def test_other_keys_are_refused_in_the_services_own_words(local, service):
    unknown = client_with(local, service, "local", "local")
    assert code(lambda: CALLS[service](unknown)) == (UNKNOWN_KEY.get(service, "UnrecognizedClientException"), 403)
    wrong = client_with(local, service, local.key.id, "guessed")
    assert code(lambda: CALLS[service](wrong)) == (WRONG_SECRET.get(service, "InvalidSignatureException"), 403)


def test_keys_of_an_assumed_role_and_of_a_user_are_obeyed_until_they_end(local):
    given = local.client("sts").assume_role(RoleArn=local.address.role, RoleSessionName="session", DurationSeconds=900)[
        "Credentials"
    ]
    role = client_with(local, "sts", given["AccessKeyId"], given["SecretAccessKey"], given["SessionToken"])
    assert "assumed-role" in role.get_caller_identity()["Arn"]
    without = client_with(local, "sts", given["AccessKeyId"], given["SecretAccessKey"])
    assert code(without.get_caller_identity)[0] == "InvalidClientTokenId"
    iam = local.client("iam")
    iam.create_user(UserName="someone")
    key = iam.create_access_key(UserName="someone")["AccessKey"]
    someone = client_with(local, "sagemaker", key["AccessKeyId"], key["SecretAccessKey"])
    someone.list_models()
    iam.update_access_key(UserName="someone", AccessKeyId=key["AccessKeyId"], Status="Inactive")
    assert code(someone.list_models)[0] == "UnrecognizedClientException"
    iam.delete_access_key(UserName="someone", AccessKeyId=key["AccessKeyId"])
    iam.delete_user(UserName="someone")


@pytest.mark.parametrize("version", ["s3", "s3v4"])
def test_a_presigned_url_is_good_until_it_expires(local, version):
    client = local.client("s3", signature_version=version)
    local.put("presigned", b"content")
    where = {"Bucket": local.address.bucket, "Key": "presigned"}
    url = client.generate_presigned_url("get_object", Params=where, ExpiresIn=600)
    assert requests.get(url, timeout=10).content == b"content"
    other = requests.get(url.replace("/presigned?", "/other?"), timeout=10)
    assert other.status_code == 403 and "<Code>SignatureDoesNotMatch</Code>" in other.text
    assert requests.delete(url, timeout=10).status_code == 403 and local.read("presigned") == b"content"
    put = client.generate_presigned_url("put_object", Params=where, ExpiresIn=600)
    assert requests.put(put, data=b"new", timeout=10).status_code == 200 and local.read("presigned") == b"new"
    short = client.generate_presigned_url("get_object", Params=where, ExpiresIn=1)
    [expired] = until(lambda: [answer for answer in [requests.get(short, timeout=10)] if answer.status_code == 403])
    assert "<Code>AccessDenied</Code><Message>Request has expired</Message>" in expired.text


@pytest.mark.parametrize("version", ["s3", "s3v4"])
def test_a_form_uploads_what_its_policy_says_and_nothing_else(local, version):
    client = local.client("s3", signature_version=version)
    post = client.generate_presigned_post(local.address.bucket, f"form-{version}", ExpiresIn=600)
    files = {"file": ("a.jpg", b"picture")}
    planted = requests.post(post["url"], data={**post["fields"], "key": "models/model.tar.gz"}, files=files, timeout=10)
    assert planted.status_code == 403 and local.keys("models/model.tar.gz") == []
    assert requests.post(post["url"], data=post["fields"], files=files, timeout=10).status_code == 204
    assert local.read(f"form-{version}") == b"picture"
    assert (
        requests.post(post["url"], data={"key": "unsigned"}, files=files, timeout=10).status_code == 403
        and local.keys("unsigned") == []
    )


def streamed(local, key: str, sent: bytes, signed: bytes) -> int:
    """Upload as the SDKs of other languages do: in one chunk, whose signature goes on from the request's. signed: what
    the chunk was signed as.
    """
    time_, host = datetime.now(UTC).strftime(sigv4.TIME), f"127.0.0.1:{local.address.port}"
    target, scope, secret = f"/{local.address.bucket}/{key}", Scope(time_[:8], "us-east-1", "s3"), local.key.secret
    headers = {
        "content-encoding": "aws-chunked",
        "host": host,
        "x-amz-content-sha256": "STREAMING-AWS4-HMAC-SHA256-PAYLOAD",
        "x-amz-date": time_,
        "x-amz-decoded-content-length": str(len(sent)),
    }
    canonical = sigv4.canonical_request(
        RequestHead.of("PUT", target, headers), sorted(headers), headers["x-amz-content-sha256"], "s3"
    )
    seed = sigv4.request_signature(secret, scope, time_, canonical)
    first = sigv4.chunk_signature(secret, scope, time_, seed, hashlib.sha256(signed).hexdigest())
    last = sigv4.chunk_signature(secret, scope, time_, first, sigv4.EMPTY)
    body = b"%x;chunk-signature=%s\r\n%s\r\n0;chunk-signature=%s\r\n\r\n" % (
        len(sent),
        first.encode(),
        sent,
        last.encode(),
    )
    headers["Authorization"] = (
        f"{sigv4.ALGORITHM} Credential={local.key.id}/{scope}, SignedHeaders={';'.join(sorted(headers))}, "
        f"Signature={seed}"
    )
    connection = http.client.HTTPConnection(host, timeout=30)
    try:
        connection.request("PUT", target, body, headers)
        return connection.getresponse().status
    finally:
        connection.close()


@pytest.mark.parametrize("size", [10, 3_000_000])
def test_a_streamed_upload_is_stored_as_it_was_signed(local, size):
    content, other = b"a" * size, b"b" * size
    assert streamed(local, f"streamed-{size}", content, content) == 200 and local.read(f"streamed-{size}") == content
    assert streamed(local, f"changed-{size}", other, content) == 403 and local.keys(f"changed-{size}") == []


def test_what_the_service_writes_down_names_no_secret(local):
    local.client("iam").create_role(RoleName="journaled", AssumeRolePolicyDocument="{}")
    local.client("iam").delete_role(RoleName="journaled")
    written = [path for path in local.folder.rglob("*") if path.is_file() and path.name != "identity.json"]
    assert written and not any(local.key.secret.encode() in path.read_bytes() for path in written)
