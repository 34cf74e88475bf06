"""What is known after the service ended, and what is left of it."""

import json
import os

import pytest
from botocore.exceptions import ClientError

from local_test.host.labels import find
from local_test.host.state import State
from tests.local_service import until
from tests.service.serving import components
from tests.service.serving.harness import Harness, unique


def restarted(harness) -> Harness:
    """A service on the same folder, which knows what the records say."""
    platform = harness.platform
    anew = type(platform)(**{**platform.__dict__, "state": State(platform.folder / "records")})
    return Harness(anew, harness.image)


@pytest.fixture
def endpoints_are_deleted():
    """Here a service lives in the test itself."""


def test_an_endpoint_has_failed_after_a_restart_and_can_be_updated_or_deleted(platform, image):
    with Harness(platform, image) as before:
        mended, deleted = before.deploy({"WHO": "old"}), before.deploy()
        config = before.config_of({"WHO": "new"})
    assert find(platform.engine, service=platform.service) == []
    with restarted(before) as after:
        described = after.sagemaker.describe_endpoint(EndpointName=mended)
        assert described["EndpointStatus"] == "Failed" and "was restarted" in described["FailureReason"]
        assert described["ProductionVariants"][0]["CurrentInstanceCount"] == 0
        with pytest.raises(ClientError, match=r"not found.*was restarted"):
            after.who(mended)
        after.sagemaker.update_endpoint(EndpointName=mended, EndpointConfigName=config)
        assert after.who(after.in_service(mended)) == "new"
        after.sagemaker.delete_endpoint(EndpointName=deleted)
        with pytest.raises(ClientError, match="Could not find endpoint"):
            after.sagemaker.describe_endpoint(EndpointName=deleted)


def test_a_service_that_ends_while_an_endpoint_is_created_leaves_nothing(platform, image):
    with Harness(platform, image) as before:
        name = before.create(before.config_of({"NEVER_READY": "1"}))
        until(lambda: find(platform.engine, service=platform.service))
    assert find(platform.engine, service=platform.service) == []
    with restarted(before) as after:
        assert after.status(name) == "Failed"


def test_a_deletion_that_is_under_way_when_the_service_ends_is_done(platform, image):
    with Harness(platform, image) as before:
        name = before.deploy()
        before.sagemaker.delete_endpoint(EndpointName=name)
    assert find(platform.engine, service=platform.service) == []
    assert platform.state.records("endpoints").get(name) is None


def test_two_services_run_side_by_side(platform, image, tmp_path):
    other = type(platform)(
        **{**platform.__dict__, "service": unique("other"), "folder": tmp_path, "state": State(tmp_path / "records")}
    )
    with Harness(platform, image) as one, Harness(other, image) as two:
        here, there = one.deploy({"WHO": "one"}), two.deploy({"WHO": "two"})
        with restarted(two):  # a start of one service is nothing to the other's containers
            assert one.who(here) == "one"
        with pytest.raises(ClientError, match="not found"):
            one.who(there)
    assert find(platform.engine, service=other.service) == []


def test_what_waited_asynchronously_at_the_end_has_failed(platform, image):
    with Harness(platform, image) as before:
        bucket = unique("bucket")
        before.s3.create_bucket(Bucket=bucket)
        before.s3.put_object(Bucket=bucket, Key="slow", Body=json.dumps({"do": "sleep", "seconds": 60}).encode())
        output = {"S3OutputPath": f"s3://{bucket}/out", "S3FailurePath": f"s3://{bucket}/failed"}
        endpoint = before.deploy(
            AsyncInferenceConfig={"ClientConfig": {"MaxConcurrentInvocationsPerInstance": 1}, "OutputConfig": output}
        )
        for _ in range(2):
            before.runtime.invoke_endpoint_async(EndpointName=endpoint, InputLocation=f"s3://{bucket}/slow")
        until(lambda: any(one.outstanding for one in before.endpoints.live(endpoint).router.current.instances()))
    failures = platform.objects.list(f"s3://{bucket}/failed/")
    assert len(failures) == 2 and all("was stopped" in one.path.read_text() for one in failures)
    assert platform.state.records("async-invocations").names() == []


def test_nothing_of_the_service_belongs_to_another_user(platform, image):
    with Harness(platform, image) as harness:
        harness.deploy()
        assert {path.stat().st_uid for path in platform.folder.rglob("*")} <= {os.getuid()}


def test_a_component_without_copies_outlives_a_restart_and_one_with_copies_has_failed(platform, image):
    with Harness(platform, image) as before:
        host = components.host_of(before)
        awake = components.create(before, host, {"WHO": "again"})
        asleep = components.create(before, host, copies=0)
        for name in (awake, asleep):
            components.in_service(before, name)
    assert find(platform.engine, service=platform.service) == []
    with restarted(before) as after:
        assert after.status(host) == "InService"
        described = components.settled(after, awake)
        assert described["InferenceComponentStatus"] == "Failed" and "was restarted" in described["FailureReason"]
        with pytest.raises(ClientError, match="has no capacity"):
            after.who(host, InferenceComponentName=components.in_service(after, asleep))
        after.sagemaker.update_inference_component(InferenceComponentName=awake)
        assert after.who(host, InferenceComponentName=components.in_service(after, awake)) == "again"
        for name in (awake, asleep):
            components.delete(after, name)
