"""Endpoints from their creation to their deletion, with real containers."""

import json

import pytest
from botocore.exceptions import ClientError

from local_test.host.labels import NAME, find
from local_test.serving import variant_plan
from tests.local_service import until
from tests.service.program_image import archive
from tests.service.serving.harness import Load, variant


def containers(service, endpoint):
    running = find(service.platform.engine, service=service.platform.service)
    return [one for one in running if one.labels[NAME] == endpoint]


def test_two_endpoints_serve_at_once(service):
    first, second = service.deploy({"WHO": "first"}), service.deploy({"WHO": "second"})
    assert (service.who(first), service.who(second)) == ("first", "second")
    described = service.sagemaker.describe_endpoint(EndpointName=first)
    [only] = described["ProductionVariants"]
    assert (only["CurrentInstanceCount"], only["CurrentWeight"]) == (1, 1.0)
    assert "DeployedConfig" not in described
    listed = {one["EndpointName"]: one["EndpointStatus"] for one in service.sagemaker.list_endpoints()["Endpoints"]}
    assert listed == {first: "InService", second: "InService"}


def test_variants_share_the_requests_by_weight_and_can_be_targeted(service):
    heavy, light = service.create_model({"WHO": "heavy"}), service.create_model({"WHO": "light"})
    config = service.create_config(variant(heavy, "heavy", weight=3), variant(light, "light", weight=1))
    endpoint = service.in_service(service.create(config))
    answers = [service.who(endpoint) for _ in range(200)]
    # 150 expected; six standard deviations are 37.
    assert 113 < answers.count("heavy") < 187
    assert {service.who(endpoint, TargetVariant="light") for _ in range(20)} == {"light"}
    invoked = service.runtime.invoke_endpoint(EndpointName=endpoint, Body=b"x", TargetVariant="heavy")
    assert (invoked["InvokedProductionVariant"], invoked["Body"].read()) == ("heavy", b"x")
    with pytest.raises(ClientError, match="Variant other was not found") as error:
        service.who(endpoint, TargetVariant="other")
    assert error.value.response["Error"]["Code"] == "ValidationError"


@pytest.mark.parametrize("strategy", ["RANDOM", "LEAST_OUTSTANDING_REQUESTS"])
def test_every_instance_is_a_container_that_gets_requests(service, strategy):
    model = service.create_model()
    config = service.create_config(variant(model, count=2, RoutingConfig={"RoutingStrategy": strategy}))
    endpoint = service.in_service(service.create(config))
    assert len(containers(service, endpoint)) == 2
    assert len({json.loads(service.ask(endpoint, "who"))["host"] for _ in range(40)}) == 2


def test_the_model_is_unpacked_and_read_only(service, bucket):
    service.s3.put_object(Bucket=bucket, Key="model.tar.gz", Body=archive({"weights/a.txt": b"hello"}, "w:gz"))
    model = service.create_model(ModelDataUrl=f"s3://{bucket}/model.tar.gz")
    endpoint = service.in_service(service.create(service.create_config(variant(model, count=2))))
    assert service.ask(endpoint, "read_model", file="weights/a.txt") == "hello"
    assert "Read-only file system" in service.ask(endpoint, "write_model")
    assert len(list((service.platform.folder / "endpoint-models").iterdir())) == 1  # both containers share it


def test_uncompressed_model_data_is_laid_out_by_its_keys(service, bucket):
    service.s3.put_object(Bucket=bucket, Key="models/a/code/b.txt", Body=b"as it is")
    source = {
        "S3DataSource": {"S3Uri": f"s3://{bucket}/models/a/", "S3DataType": "S3Prefix", "CompressionType": "None"}
    }
    endpoint = service.in_service(
        service.create(service.create_config(variant(service.create_model(ModelDataSource=source))))
    )
    assert service.ask(endpoint, "read_model", file="code/b.txt") == "as it is"


def test_model_data_that_is_gone_fails_the_endpoint(service, bucket):
    service.s3.put_object(Bucket=bucket, Key="none.tar.gz", Body=archive({"a": b"a"}, "w:gz"))
    model = service.create_model(ModelDataUrl=f"s3://{bucket}/none.tar.gz")
    service.s3.delete_object(Bucket=bucket, Key="none.tar.gz")
    with pytest.raises(ClientError, match=f"Could not find model data at s3://{bucket}/none.tar.gz"):
        service.create_model(ModelDataUrl=f"s3://{bucket}/none.tar.gz")
    failed = service.settled(service.create(service.create_config(variant(model))))
    assert failed["EndpointStatus"] == "Failed" and f"s3://{bucket}/none.tar.gz" in failed["FailureReason"]


def test_a_container_that_exits_at_its_start_fails_the_endpoint(service):
    endpoint = service.create(service.config_of({"EXIT_AT_START": "7"}))
    failed = service.settled(endpoint)
    assert failed["EndpointStatus"] == "Failed"
    assert "exit status 7" in failed["FailureReason"] and "no such model" in failed["FailureReason"]
    assert containers(service, endpoint) == []
    with pytest.raises(ClientError, match=f"Endpoint {endpoint} of account 123456789012 not found"):
        service.who(endpoint)


def test_a_container_that_never_gets_healthy_fails_the_endpoint_with_its_last_log_lines(service, monkeypatch):
    monkeypatch.setattr(variant_plan, "SECONDS_TO_READY", 3)  # a request may not ask for less than a minute
    endpoint = service.create(service.config_of({"NEVER_READY": "1", "WHO": "the sick one"}))
    until(lambda: containers(service, endpoint))
    assert service.status(endpoint) == "Creating"
    failed = service.settled(endpoint)
    assert failed["EndpointStatus"] == "Failed"
    assert (
        "/ping within 3 seconds" in failed["FailureReason"]
        and "serve of the sick one starts" in failed["FailureReason"]
    )
    assert containers(service, endpoint) == []


def test_one_bad_variant_fails_the_endpoint_and_takes_the_good_one_along(service):
    good, bad = service.create_model({"WHO": "good"}), service.create_model({"EXIT_AT_START": "3"})
    endpoint = service.create(service.create_config(variant(good, "good"), variant(bad, "bad")))
    failed = service.settled(endpoint)
    assert failed["EndpointStatus"] == "Failed" and "Production variant bad" in failed["FailureReason"]
    assert containers(service, endpoint) == []


def test_a_container_that_exits_while_in_service_fails_the_endpoint_and_only_that_variant(service):
    steady, dying = service.create_model({"WHO": "steady"}), service.create_model({"WHO": "dying"})
    other = service.deploy({"WHO": "other"})
    endpoint = service.in_service(
        service.create(service.create_config(variant(steady, "steady"), variant(dying, "dying")))
    )
    with pytest.raises(ClientError) as error:
        service.ask(endpoint, "exit", status=9, TargetVariant="dying")
    assert (
        error.value.response["Error"]["Code"] == "ModelError"
        and "exit status 9" in error.value.response["OriginalMessage"]
    )
    failed = until(
        lambda: (
            (now := service.sagemaker.describe_endpoint(EndpointName=endpoint))["EndpointStatus"] == "Failed" and now
        ),
        5,
    )
    assert "exit status 9" in failed["FailureReason"] and "the model is leaving now" in failed["FailureReason"]
    assert {one["VariantName"]: one["CurrentInstanceCount"] for one in failed["ProductionVariants"]} == {
        "steady": 1,
        "dying": 0,
    }
    with pytest.raises(ClientError, match="exit status 9") as error:
        service.who(endpoint, TargetVariant="dying")
    assert error.value.response["ResponseMetadata"]["HTTPStatusCode"] == 424
    assert service.who(endpoint, TargetVariant="steady") == "steady" and service.who(other) == "other"


def test_an_endpoint_that_is_being_created_is_not_deleted_nor_updated(service):
    endpoint = service.create(service.config_of({"NEVER_READY": "1"}))
    until(lambda: containers(service, endpoint))
    in_progress = f'Cannot update in-progress endpoint "arn:aws:sagemaker:us-east-1:123456789012:endpoint/{endpoint}".'
    with pytest.raises(ClientError) as error:
        service.sagemaker.delete_endpoint(EndpointName=endpoint)
    assert error.value.response["Error"] == {"Code": "ValidationException", "Message": in_progress}
    with pytest.raises(ClientError, match="Cannot update in-progress endpoint"):
        service.sagemaker.update_endpoint(EndpointName=endpoint, EndpointConfigName=service.config_of())
    assert service.status(endpoint) == "Creating" and len(containers(service, endpoint)) == 1


def test_an_endpoint_that_could_not_be_created_can_only_be_deleted(service):
    endpoint = service.create(service.config_of({"EXIT_AT_START": "7"}))
    service.settled(endpoint)
    with pytest.raises(ClientError, match=r"could not be created\. Delete it and create it anew"):
        service.sagemaker.update_endpoint(EndpointName=endpoint, EndpointConfigName=service.config_of())
    service.sagemaker.delete_endpoint(EndpointName=endpoint)


def test_model_data_may_be_named_by_its_address_in_s3(service, bucket):
    service.s3.put_object(Bucket=bucket, Key="a b/model.tar.gz", Body=archive({"a.txt": b"hello"}, "w:gz"))
    for url in (
        f"https://s3-us-east-1.amazonaws.com/{bucket}/a%20b/model.tar.gz",
        f"https://{bucket}.s3.us-east-1.amazonaws.com/a%20b/model.tar.gz",
    ):
        endpoint = service.serve(service.create_model(ModelDataUrl=url))
        assert service.ask(endpoint, "read_model", file="a.txt") == "hello"


def test_a_container_that_somebody_removes_fails_its_endpoint_and_nothing_else(service):
    steady = service.deploy({"WHO": "steady"})
    serving, starting = service.deploy(), service.create(service.config_of({"NEVER_READY": "1"}))
    until(lambda: containers(service, starting) and containers(service, starting)[0].status == "running")
    for endpoint in (serving, starting):
        containers(service, endpoint)[0].remove(force=True)
        failed = until(
            lambda: (
                (now := service.sagemaker.describe_endpoint(EndpointName=endpoint))["EndpointStatus"] == "Failed"
                and now
            )
        )
        assert "fault" not in failed["FailureReason"] and containers(service, endpoint) == []
        service.sagemaker.delete_endpoint(EndpointName=endpoint)
    assert service.who(steady) == "steady"


def test_logs_of_a_container_are_in_its_log_group(service):
    endpoint = service.deploy({"WHO": "logged"})
    group = f"/aws/sagemaker/Endpoints/{endpoint}"
    until(lambda: service.logs.describe_log_groups(logGroupNamePrefix=group)["logGroups"])
    [stream] = until(lambda: service.logs.describe_log_streams(logGroupName=group)["logStreams"])
    assert stream["logStreamName"].startswith("AllTraffic/i-")
    read = {"logGroupName": group, "logStreamName": stream["logStreamName"]}
    events = until(lambda: service.logs.get_log_events(**read)["events"])
    assert [event["message"] for event in events] == ["serve of logged starts"]


def test_network_isolation_leaves_no_way_out(service):
    model = service.create_model(EnableNetworkIsolation=True)
    endpoint = service.in_service(service.create(service.create_config(variant(model))))
    open_model = service.in_service(service.create(service.create_config(variant(service.create_model()))))
    [container] = containers(service, open_model)
    container.reload()
    [address] = [one["IPAddress"] for one in container.attrs["NetworkSettings"]["Networks"].values()]
    assert "no way" in service.ask(endpoint, "connect", host=address, port=8080)
    assert service.ask(open_model, "connect", host=address, port=8080) == "connected"


def test_requests_beyond_max_concurrency_of_a_serverless_variant_are_throttled(service):
    model = service.create_model()
    serverless = {
        "VariantName": "v",
        "ModelName": model,
        "ServerlessConfig": {"MemorySizeInMB": 1024, "MaxConcurrency": 1},
    }
    endpoint = service.in_service(service.create(service.create_config(serverless)))
    [container] = containers(service, endpoint)
    container.reload()
    assert container.attrs["HostConfig"]["Memory"] == 1024**3
    with Load(lambda: service.ask(endpoint, "sleep", seconds=0.3), threads=2) as load:
        codes = until(lambda: [one.response["Error"]["Code"] for one in load.answers if isinstance(one, ClientError)])
    assert set(codes) == {"ThrottlingException"}
    assert "slept" in load.answers


def test_an_endpoint_of_instance_types_in_order_of_preference_has_the_first(service):
    kinds = ("ml.g5.xlarge", "ml.g4dn.xlarge")
    pools = [{"InstanceType": kind, "Priority": priority} for priority, kind in enumerate(kinds, start=1)]
    wanted = variant(service.create_model({"WHO": "pooled"}))
    del wanted["InstanceType"]
    endpoint = service.in_service(service.create(service.create_config({**wanted, "InstancePools": pools})))
    assert service.who(endpoint) == "pooled"
    [described] = service.sagemaker.describe_endpoint(EndpointName=endpoint)["ProductionVariants"]
    assert described["InstancePools"] == [
        {"InstanceType": kind, "CurrentInstanceCount": count} for kind, count in zip(kinds, (1, 0), strict=True)
    ]
