"""Asynchronous invocations: answers and failures become objects."""

import json
import random
import threading
import time

import pytest
from botocore.exceptions import ClientError

from local_test.serving.async_invocations import NO_ANSWER
from tests.local_service import until

JPEG_LIKE = b"\xff\xd8\xff\xe0\x00\x10JFIF\x00" + random.Random(1).randbytes(200_000) + b"\r\n\r\n\x00\xff\xd9"


def key(uri, bucket):
    return uri.removeprefix(f"s3://{bucket}/")


@pytest.fixture
def asynchronous(service, bucket):
    """Deploy an asynchronous endpoint that writes into the bucket."""

    def deploy(environment=None, **client):
        output = {"S3OutputPath": f"s3://{bucket}/out", "S3FailurePath": f"s3://{bucket}/failed"}
        return service.deploy(environment, AsyncInferenceConfig={"ClientConfig": client, "OutputConfig": output})

    return deploy


def test_an_asynchronous_answer_becomes_an_object(service, bucket, asynchronous):
    endpoint = asynchronous()
    service.s3.put_object(Bucket=bucket, Key="in.jpg", Body=JPEG_LIKE)
    accepted = service.runtime.invoke_endpoint_async(
        EndpointName=endpoint, InputLocation=f"s3://{bucket}/in.jpg", ContentType="image/jpeg", InferenceId="mine"
    )
    assert accepted["ResponseMetadata"]["HTTPStatusCode"] == 202 and accepted["InferenceId"] == "mine"
    assert accepted["FailureLocation"].startswith(f"s3://{bucket}/failed/")
    output = key(accepted["OutputLocation"], bucket)
    assert output.startswith("out/")
    assert until(lambda: service.objects(bucket, "out/")) == {output: JPEG_LIKE}
    assert service.s3.head_object(Bucket=bucket, Key=output)["ContentType"] == "image/jpeg"
    with pytest.raises(ClientError, match="InvokeEndpointAsync only"):
        service.who(endpoint)


@pytest.mark.parametrize(
    ("stored", "asked", "arrives"),
    [
        ({"ContentType": "image/png"}, {}, "image/png"),
        ({"ContentType": "image/png"}, {"ContentType": "image/jpeg"}, "image/jpeg"),
        ({}, {}, "binary/octet-stream"),  # S3's own for an object of which nobody says it
    ],
)
def test_an_asynchronous_container_gets_the_content_type_of_the_object(
    service, bucket, asynchronous, stored, asked, arrives
):
    service.s3.put_object(Bucket=bucket, Key="in", Body=JPEG_LIKE, **stored)
    accepted = service.runtime.invoke_endpoint_async(
        EndpointName=asynchronous(), InputLocation=f"s3://{bucket}/in", **asked
    )
    until(lambda: service.objects(bucket, "out/"))
    answer = service.s3.head_object(Bucket=bucket, Key=key(accepted["OutputLocation"], bucket))
    assert answer["ContentType"] == arrives


def test_asynchronous_answers_go_into_folders_of_this_machine(service, tmp_path):
    output = {"S3OutputPath": (tmp_path / "out#1").as_uri(), "S3FailurePath": (tmp_path / "failed").as_uri()}
    endpoint = service.deploy(AsyncInferenceConfig={"OutputConfig": output})
    accepted = service.runtime.invoke_endpoint_async(
        EndpointName=endpoint, Body=b"body", S3OutputPathExtension="a(1)/b", Filename="c.out"
    )
    assert accepted["OutputLocation"] == (tmp_path / "out#1").as_uri() + "/a%281%29/b/c.out"
    assert until(lambda: [path.read_bytes() for path in tmp_path.glob("out#1/a(1)/b/c.out")]) == [b"body"]
    odd = service.runtime.invoke_endpoint_async(EndpointName=endpoint, Body=b"body", S3OutputPathExtension="a//b")
    told = until(lambda: [path.read_text() for path in tmp_path.glob("failed/*-error.out")])
    assert (
        odd["FailureLocation"].startswith((tmp_path / "failed").as_uri() + "/")
        and "cannot be the name of a file" in told[0]
    )


@pytest.mark.parametrize("input", ["fails", "missing"])
def test_an_asynchronous_failure_becomes_an_object_of_its_own(service, bucket, asynchronous, input):
    endpoint = asynchronous()
    service.s3.put_object(
        Bucket=bucket, Key="fails", Body=json.dumps({"do": "status", "status": 400, "body": "no picture"}).encode()
    )
    accepted = service.runtime.invoke_endpoint_async(EndpointName=endpoint, InputLocation=f"s3://{bucket}/{input}")
    failure = key(accepted["FailureLocation"], bucket)
    told = until(lambda: service.objects(bucket, "failed/"))[failure].decode()
    assert (
        ("client error (400)" in told and "no picture" in told)
        if input == "fails"
        else f"s3://{bucket}/missing" in told
    )
    assert service.objects(bucket, "out/") == {}


def test_an_asynchronous_request_whose_time_is_over_is_not_begun(service, bucket, asynchronous, monkeypatch):
    endpoint = asynchronous(MaxConcurrentInvocationsPerInstance=1)
    for name, body in (("slow", {"do": "sleep", "seconds": 2}), ("late", {"do": "who"})):
        service.s3.put_object(Bucket=bucket, Key=name, Body=json.dumps(body).encode())
    first = service.runtime.invoke_endpoint_async(
        EndpointName=endpoint, InputLocation=f"s3://{bucket}/slow", RequestTTLSeconds=60
    )
    late = service.runtime.invoke_endpoint_async(
        EndpointName=endpoint, InputLocation=f"s3://{bucket}/late", RequestTTLSeconds=60
    )
    until(lambda: any(one.outstanding for one in service.endpoints.live(endpoint).router.current.instances()))
    # An hour passes for the queue while the first one is under way.
    monkeypatch.setattr(service.runtime_app._asynchronous, "_clock", lambda: time.time() + 3600)
    told = until(lambda: service.objects(bucket, "failed/"))
    assert told == {
        key(late["FailureLocation"], bucket): b"The request waited longer than its RequestTTLSeconds of 60."
    }
    assert set(service.objects(bucket, "out/")) == {key(first["OutputLocation"], bucket)}


def test_asynchronous_requests_of_a_deleted_endpoint_fail(service, bucket, asynchronous):
    endpoint = asynchronous(MaxConcurrentInvocationsPerInstance=1)
    service.s3.put_object(Bucket=bucket, Key="slow", Body=json.dumps({"do": "sleep", "seconds": 60}).encode())
    for _ in range(2):
        service.runtime.invoke_endpoint_async(EndpointName=endpoint, InputLocation=f"s3://{bucket}/slow")
    until(lambda: any(one.outstanding for one in service.endpoints.live(endpoint).router.current.instances()))
    service.sagemaker.delete_endpoint(EndpointName=endpoint)
    told = until(lambda: len(found := service.objects(bucket, "failed/")) == 2 and found)
    assert set(told.values()) == {f"The endpoint was deleted. {NO_ANSWER}".encode()}


def test_asynchronous_requests_of_a_new_endpoint_do_not_wait_behind_those_of_a_deleted_one(
    service, bucket, asynchronous
):
    old = asynchronous(MaxConcurrentInvocationsPerInstance=1)
    config = service.sagemaker.describe_endpoint(EndpointName=old)["EndpointConfigName"]
    for name, body in (("slow", {"do": "sleep", "seconds": 60}), ("quick", {"do": "who"})):
        service.s3.put_object(Bucket=bucket, Key=name, Body=json.dumps(body).encode())
    told, writing = threading.Event(), service.runtime_app._asynchronous._tell_failure

    def slowly(*arguments):
        told.wait(10)  # the old endpoint's queue is still there when the new endpoint is
        writing(*arguments)

    service.runtime_app._asynchronous._tell_failure = slowly
    try:
        for _ in range(2):
            service.runtime.invoke_endpoint_async(EndpointName=old, InputLocation=f"s3://{bucket}/slow")
        until(lambda: any(one.outstanding for one in service.endpoints.live(old).router.current.instances()))
        service.sagemaker.delete_endpoint(EndpointName=old)
        until(lambda: not service.sagemaker.list_endpoints()["Endpoints"])
        service.sagemaker.create_endpoint(EndpointName=old, EndpointConfigName=config)
        service.in_service(old)
        service.runtime.invoke_endpoint_async(EndpointName=old, InputLocation=f"s3://{bucket}/quick")
        until(lambda: service.objects(bucket, "out/"), 5)
    finally:
        told.set()
        del service.runtime_app._asynchronous._tell_failure
    until(lambda: len(service.objects(bucket, "failed/")) == 2)


@pytest.mark.parametrize("where", [{"Filename": "../a"}, {"Filename": "a.b.c"}, {"S3OutputPathExtension": "a/../../b"}])
def test_an_asynchronous_answer_stays_below_the_output_path(service, asynchronous, where):
    with pytest.raises(ClientError, match=f"{next(iter(where))} must satisfy") as error:
        service.runtime.invoke_endpoint_async(EndpointName=asynchronous(), Body=b"x", **where)
    assert error.value.response["Error"]["Code"] == "ValidationError"
