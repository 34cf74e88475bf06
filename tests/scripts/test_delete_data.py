"""make delete ARGS=--data: what a bucket keeps of the prefix goes, old versions too, or is said to go on costing."""

import json
from functools import partial

import pytest
from botocore.awsrequest import AWSResponse

from scripts import delete, status
from scripts.aws import objects
from scripts.aws.clients import Aws
from scripts.config.settings import load_settings
from tests.scripts.sagemaker_stand_in import Refusal


@pytest.fixture
def s3(sagemaker, bucket):
    """The client of the programs, of an account that has objects and nothing else."""
    sagemaker.answers |= {
        "DescribeEndpoint": Refusal("ValidationException", "Could not find endpoint."),
        "ListModels": {"Models": []},
        "ListEndpointConfigs": {"EndpointConfigs": []},
    }
    s3 = Aws(load_settings()).client("s3")
    for key in ("dogbreed/data/train/A/x.jpg", "dogbreed/jobs/model.tar.gz", "dogbreed-house/data/y.jpg"):
        s3.put_object(Bucket=bucket, Key=key, Body=b"x" * 1000)
    return s3


@pytest.fixture
def versioned(s3, bucket):
    """The bucket keeps versions: one object was overwritten, one removed, and one is as it was before that."""
    s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    s3.put_object(Bucket=bucket, Key="dogbreed/jobs/model.tar.gz", Body=b"new")
    s3.put_object(Bucket=bucket, Key="dogbreed/old.txt", Body=b"x")
    s3.delete_object(Bucket=bucket, Key="dogbreed/old.txt")
    return s3


def left(s3, bucket) -> list[str]:
    """The keys of everything that the bucket keeps, once for each version and delete marker."""
    found = s3.list_object_versions(Bucket=bucket)
    return [one["Key"] for kind in ("Versions", "DeleteMarkers") for one in found.get(kind, [])]


def answers(request, s3, operation: str, status: int, answer: dict) -> None:
    """S3 answers this operation so, until the test ends."""
    event = f"before-call.s3.{operation}"
    said = AWSResponse("", status, {}, None), {**answer, "ResponseMetadata": {"HTTPStatusCode": status}}
    s3.meta.events.register_first(event, handler := lambda **_: said)
    request.addfinalizer(partial(s3.meta.events.unregister, event, handler))


DENIED = {"Code": "AccessDenied", "Message": "Access Denied"}


def test_old_versions_and_delete_markers_go_with_the_data(versioned, bucket, capsys):
    assert delete.main(["--yes", "--data"]) == 0
    assert left(versioned, bucket) == ["dogbreed-house/data/y.jpg"]
    shown = capsys.readouterr().out
    assert "DeleteObjects  2 objects and 3 old versions in s3://some-bucket/dogbreed/" in shown and "removed" in shown


def test_old_versions_of_data_that_was_removed_before_are_found(versioned, bucket, capsys):
    for key in ("dogbreed/data/train/A/x.jpg", "dogbreed/jobs/model.tar.gz"):
        versioned.delete_object(Bucket=bucket, Key=key)
    assert delete.main(["--yes"]) == 0
    assert "stays: 0 objects and 7 old versions in s3://some-bucket/dogbreed/" in capsys.readouterr().out
    assert delete.main(["--yes", "--data"]) == 0
    assert left(versioned, bucket) == ["dogbreed-house/data/y.jpg"]


def test_more_versions_than_one_request_takes_all_go(s3, bucket, monkeypatch):
    s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    monkeypatch.setattr(objects, "DELETED_AT_ONCE", 3)
    for _ in range(10):
        s3.put_object(Bucket=bucket, Key="dogbreed/x", Body=b"x")
    assert delete.main(["--yes", "--data"]) == 0
    assert left(s3, bucket) == ["dogbreed-house/data/y.jpg"]


def test_delete_markers_that_the_removal_itself_leaves_go_too(s3, bucket, request):
    """As where versioning is suspended, which moto does not do as S3 does: here it is switched on meanwhile."""

    def switch_on(**_) -> None:
        s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})

    s3.meta.events.register_first("before-call.s3.DeleteObjects", switch_on)
    request.addfinalizer(partial(s3.meta.events.unregister, "before-call.s3.DeleteObjects", switch_on))
    assert delete.main(["--yes", "--data"]) == 0
    assert left(s3, bucket) == ["dogbreed-house/data/y.jpg"]


def test_a_dry_run_names_every_version(versioned, bucket, capsys):
    assert delete.main(["--dry-run", "--data"]) == 0
    *_, call = json.loads(capsys.readouterr().out)
    assert call["operation"] == "DeleteObjects" and len(call["request"]["Delete"]["Objects"]) == 5
    assert all(one["VersionId"] for one in call["request"]["Delete"]["Objects"])
    assert len(left(versioned, bucket)) == 6


def test_old_versions_that_may_not_be_seen_are_said_to_cost(versioned, bucket, request, capsys):
    answers(request, versioned, "ListObjectVersions", 403, {"Error": DENIED})
    assert delete.main(["--yes", "--data"]) == 1
    said = capsys.readouterr().err
    assert "AWS refused ListObjectVersions" in said and "Old versions in the bucket, if it keeps them, go on" in said
    assert "Contents" not in versioned.list_objects_v2(Bucket=bucket, Prefix="dogbreed/")
    assert status.main([]) == 0


def test_a_bucket_that_keeps_no_versions_needs_no_permission_to_look_for_them(s3, bucket, request, capsys):
    answers(request, s3, "ListObjectVersions", 403, {"Error": DENIED})
    assert delete.main(["--yes", "--data"]) == 0
    assert capsys.readouterr().err == ""
    assert "Contents" not in s3.list_objects_v2(Bucket=bucket, Prefix="dogbreed/")


def test_a_bucket_of_which_nothing_can_be_told_is_taken_for_one_with_old_versions(s3, bucket, request, capsys):
    for operation in ("ListObjectVersions", "GetBucketVersioning"):
        answers(request, s3, operation, 403, {"Error": DENIED})
    assert delete.main(["--yes", "--data"]) == 1
    assert "Old versions in the bucket, if it keeps them, go on costing" in capsys.readouterr().err


def test_versions_that_may_not_be_removed_are_said_to_cost(versioned, bucket, request, capsys):
    error = {"Key": "dogbreed/x", "VersionId": "1", **DENIED}
    answers(request, versioned, "DeleteObjects", 200, {"Errors": [error]})
    assert delete.main(["--yes", "--data"]) == 1
    shown = capsys.readouterr()
    assert "every version in it costs until it is removed: give these credentials s3:DeleteObjectVersion" in shown.err
    assert "\nremoved\n" not in shown.out


def test_status_counts_old_versions(versioned, capsys):
    assert status.main([]) == 0
    assert "2 objects and 3 old versions" in capsys.readouterr().out
