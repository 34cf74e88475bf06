"""What was asked of the small services is asked again after a restart; what only reads, or lies elsewhere, is not."""

import json

import pytest
from botocore.exceptions import ClientError

from local_test.storage.journal import Journal, Request, is_recorded, operation_names, still_needed


def signed(service, **more):
    return {
        "authorization": f"AWS4-HMAC-SHA256 Credential=AKID/20260101/us-east-1/{service}/aws4_request, "
        "Signature=secret",
        **more,
    }


def test_repositories_roles_scaling_alarms_and_bucket_settings_come_back(server, s3):
    server.client("ecr").create_repository(repositoryName="dogbreed-train", tags=[{"Key": "team", "Value": "vision"}])
    trust = json.dumps({"Version": "2012-10-17", "Statement": []})
    server.client("iam").create_role(RoleName="sagemaker", AssumeRolePolicyDocument=trust)
    target = {
        "ServiceNamespace": "sagemaker",
        "ResourceId": "endpoint/e/variant/v",
        "ScalableDimension": "sagemaker:variant:DesiredInstanceCount",
    }
    server.client("application-autoscaling").register_scalable_target(**target, MinCapacity=1, MaxCapacity=3)
    server.client("cloudwatch").put_metric_alarm(
        AlarmName="slow",
        MetricName="ModelLatency",
        Namespace="AWS/SageMaker",
        Statistic="Average",
        Period=60,
        EvaluationPeriods=1,
        Threshold=1.0,
        ComparisonOperator="GreaterThanThreshold",
    )
    s3.put_bucket_versioning(Bucket="pictures", VersioningConfiguration={"Status": "Enabled"})
    s3.put_bucket_tagging(Bucket="pictures", Tagging={"TagSet": [{"Key": "a", "Value": "b"}]})
    server.restart()
    ecr = server.client("ecr")
    repository = ecr.describe_repositories()["repositories"][0]
    assert repository["repositoryName"] == "dogbreed-train"
    assert ecr.list_tags_for_resource(resourceArn=repository["repositoryArn"])["tags"] == [
        {"Key": "team", "Value": "vision"}
    ]
    assert server.client("iam").get_role(RoleName="sagemaker")["Role"]["AssumeRolePolicyDocument"] == json.loads(trust)
    targets = server.client("application-autoscaling").describe_scalable_targets(ServiceNamespace="sagemaker")[
        "ScalableTargets"
    ]
    assert [(found["MinCapacity"], found["MaxCapacity"]) for found in targets] == [(1, 3)]
    assert server.client("cloudwatch").describe_alarms()["MetricAlarms"][0]["Threshold"] == 1.0
    assert server.client("s3").get_bucket_versioning(Bucket="pictures")["Status"] == "Enabled"
    assert server.client("s3").get_bucket_tagging(Bucket="pictures")["TagSet"] == [{"Key": "a", "Value": "b"}]


def test_what_was_deleted_stays_deleted(server):
    ecr = server.client("ecr")
    ecr.create_repository(repositoryName="gone")
    ecr.create_repository(repositoryName="kept")
    ecr.delete_repository(repositoryName="gone")
    server.restart()
    assert [found["repositoryName"] for found in server.client("ecr").describe_repositories()["repositories"]] == [
        "kept"
    ]


def test_a_new_bucket_does_not_inherit_from_a_deleted_one_of_its_name(server, s3):
    s3.put_bucket_tagging(Bucket="pictures", Tagging={"TagSet": [{"Key": "a", "Value": "b"}]})
    s3.delete_bucket(Bucket="pictures")
    s3.create_bucket(Bucket="pictures")
    s3.put_object(Bucket="pictures", Key="a", Body=b"x")
    server.restart()
    with pytest.raises(ClientError, match="NoSuchTagSet"):
        server.client("s3").get_bucket_tagging(Bucket="pictures")
    assert server.client("s3").get_object(Bucket="pictures", Key="a")["Body"].read() == b"x"


def test_objects_that_were_deleted_together_are_not_deleted_again(server, s3):
    s3.put_object(Bucket="pictures", Key="a", Body=b"old")
    s3.delete_objects(Bucket="pictures", Delete={"Objects": [{"Key": "a"}]})
    s3.put_object(Bucket="pictures", Key="a", Body=b"new")
    server.restart()
    assert server.client("s3").get_object(Bucket="pictures", Key="a")["Body"].read() == b"new"


def test_a_request_that_was_refused_is_not_recorded(server):
    with pytest.raises(ClientError):
        server.client("ecr").delete_repository(repositoryName="nowhere")
    journal = server.folder / "journal.jsonl"
    assert not journal.exists() or "DeleteRepository" not in journal.read_text()


@pytest.mark.parametrize(
    ("method", "path", "headers", "body", "recorded"),
    [
        (
            "POST",
            "/",
            signed("ecr", **{"x-amz-target": "AmazonEC2ContainerRegistry_V20150921.CreateRepository"}),
            b"{}",
            True,
        ),
        (
            "POST",
            "/",
            signed("ecr", **{"x-amz-target": "AmazonEC2ContainerRegistry_V20150921.DescribeImages"}),
            b"{}",
            False,
        ),
        (
            "POST",
            "/",
            signed("ecr", **{"x-amz-target": "AmazonEC2ContainerRegistry_V20150921.BatchGetImage"}),
            b"{}",
            False,
        ),
        (
            "POST",
            "/",
            signed("ecr", **{"x-amz-target": "AmazonEC2ContainerRegistry_V20150921.BatchDeleteImage"}),
            b"{}",
            False,
        ),
        (
            "POST",
            "/",
            signed("iam", **{"content-type": "application/x-www-form-urlencoded"}),
            b"Action=CreateRole&RoleName=a",
            True,
        ),
        (
            "POST",
            "/",
            signed("iam", **{"content-type": "application/x-www-form-urlencoded"}),
            b"Action=GetRole&RoleName=a",
            False,
        ),
        ("POST", "/service/GraniteServiceVersion20100801/operation/PutMetricAlarm", signed("monitoring"), b"", True),
        ("POST", "/service/GraniteServiceVersion20100801/operation/PutMetricData", signed("monitoring"), b"", False),
        ("POST", "/", signed("logs", **{"x-amz-target": "Logs_20140328.PutLogEvents"}), b"{}", False),
        ("POST", "/", signed("logs", **{"x-amz-target": "Logs_20140328.PutRetentionPolicy"}), b"{}", True),
        ("PUT", "/bucket", signed("s3", host="127.0.0.1:5000"), b"", True),
        ("PUT", "/bucket/", signed("s3", host="localhost:5000"), b"", True),
        ("PUT", "/bucket/key", signed("s3", host="127.0.0.1:5000"), b"", False),
        ("PUT", "/", signed("s3", host="bucket.s3.local:5000"), b"", True),
        ("PUT", "/key", signed("s3", host="bucket.s3.local:5000"), b"", False),
        ("POST", "/bucket", signed("s3", host="127.0.0.1:5000"), b"", False),
        ("GET", "/bucket", signed("s3", host="127.0.0.1:5000"), b"", False),
        ("POST", "/anything", {}, b"", False),
    ],
)
def test_only_what_changes_moto_s_memory_is_recorded(method, path, headers, body, recorded):
    assert is_recorded(method, path, "", headers, body) == recorded


def test_the_operation_is_found_in_every_protocol():
    assert operation_names("/", "", {"x-amz-target": "SomeService.DoIt"}, b"") == {"DoIt"}
    form = {"content-type": "application/x-www-form-urlencoded; charset=utf-8"}
    assert operation_names("/", "", form, b"Version=1&Action=DoIt") == {"DoIt"}
    assert operation_names("/", "Action=DoIt&Version=1", {}, b"") == {"DoIt"}
    assert operation_names("/service/S/operation/DoIt", "", {}, b"") == {"DoIt"}
    assert operation_names("/v1/things", "", {}, b"") == set()
    assert operation_names("/", "Action=One", {"x-amz-target": "S.Two"}, b"Action=Three&Action=Four") == {
        "One",
        "Two",
        "Three",
        "Four",
    }


def test_signatures_and_session_tokens_are_not_written_down(tmp_path):
    journal = Journal(tmp_path / "journal.jsonl")
    headers = signed("ecr", **{"X-Amz-Target": "E.CreateRepository", "X-Amz-Security-Token": "secret"})
    journal.record("POST", "/", "", headers, b"{}", 200)
    text = (tmp_path / "journal.jsonl").read_text()
    assert "CreateRepository" in text and "secret" not in text


def test_a_torn_last_line_is_dropped_and_the_next_one_is_whole(tmp_path):
    path = tmp_path / "journal.jsonl"
    headers = signed("ecr", **{"x-amz-target": "E.CreateRepository"})
    Journal(path).record("POST", "/", "", headers, b"first", 200)
    with path.open("a") as file:
        file.write('{"method": "PO')
    journal = Journal(path)
    journal.record("POST", "/", "", headers, b"second", 200)
    seen = []

    def app(environ, start_response):
        seen.append(environ["wsgi.input"].read())
        start_response("200 OK", [])
        return [b""]

    assert journal.replay(app) == 2
    assert seen == [b"first", b"second"]


def test_one_request_that_fails_does_not_stop_the_replay(tmp_path, caplog):
    journal = Journal(tmp_path / "journal.jsonl")
    for body in (b"bad", b"good"):
        journal.record("POST", "/", "", signed("ecr", **{"x-amz-target": "E.CreateRepository"}), body, 200)

    def app(environ, start_response):
        if environ["wsgi.input"].read() == b"bad":
            raise RuntimeError("not any more")
        start_response("200 OK", [])
        return [b""]

    assert journal.replay(app) == 1
    assert "not any more" in caplog.text


def test_deleting_a_bucket_takes_what_was_asked_of_it_before():
    def request(method, path, query=""):
        return Request(method, path, query, signed("s3", host="127.0.0.1:1"), "")

    create, tag, delete, other = (
        request("PUT", "/a"),
        request("PUT", "/a", "tagging"),
        request("DELETE", "/a"),
        request("PUT", "/b"),
    )
    untag = request("DELETE", "/a", "tagging")
    assert still_needed([create, tag, other, delete, create]) == [other, create]
    assert still_needed([create, tag, untag]) == [create, tag, untag]
