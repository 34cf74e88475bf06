"""Objects put through boto3 are there after kill -9, with all that was said of them."""

import io
import os
import subprocess
import sys

import pytest

from tests.local_test.storage.bucket_content import body, files, keys
from tests.local_test.storage.conftest import ROOT


def test_an_object_keeps_bytes_metadata_type_tags_and_times_over_kill_9(server, s3):
    s3.put_object(
        Bucket="pictures",
        Key="train/1/ä b.jpg",
        Body=b"picture",
        ContentType="image/jpeg",
        ContentEncoding="gzip",
        Metadata={"breed": "Beagle"},
        Tagging="split=train",
        StorageClass="STANDARD_IA",
        ACL="public-read",
        ChecksumAlgorithm="SHA256",
    )

    def seen():
        client = server.client("s3")
        head = client.head_object(Bucket="pictures", Key="train/1/ä b.jpg", ChecksumMode="ENABLED")
        head.pop("ResponseMetadata")
        tags = client.get_object_tagging(Bucket="pictures", Key="train/1/ä b.jpg")["TagSet"]
        return (
            body(client, "train/1/ä b.jpg"),
            head,
            tags,
            client.get_object_acl(Bucket="pictures", Key="train/1/ä b.jpg")["Grants"],
        )

    before = seen()
    server.restart()
    assert seen() == before
    assert (
        before[0] == b"picture"
        and before[1]["Metadata"] == {"breed": "Beagle"}
        and before[1]["ContentType"] == "image/jpeg"
    )
    assert before[1]["StorageClass"] == "STANDARD_IA" and before[1]["ChecksumSHA256"]
    assert before[2] == [{"Key": "split", "Value": "train"}] and len(before[3]) == 2


def test_tags_set_later_and_deleted_objects_are_remembered(server, s3):
    for key in ("tagged", "untagged", "deleted", "emptied/1", "emptied/2"):
        s3.put_object(Bucket="pictures", Key=key, Body=b"x", Tagging="old=1")
    s3.put_object_tagging(Bucket="pictures", Key="tagged", Tagging={"TagSet": [{"Key": "new", "Value": "2"}]})
    s3.delete_object_tagging(Bucket="pictures", Key="untagged")
    s3.delete_object(Bucket="pictures", Key="deleted")
    s3.delete_objects(Bucket="pictures", Delete={"Objects": [{"Key": "emptied/1"}, {"Key": "emptied/2"}]})
    server.restart()
    again = server.client("s3")
    assert keys(again) == ["tagged", "untagged"]
    assert again.get_object_tagging(Bucket="pictures", Key="tagged")["TagSet"] == [{"Key": "new", "Value": "2"}]
    assert again.get_object_tagging(Bucket="pictures", Key="untagged")["TagSet"] == []
    assert len(files(server)) == 1 + 2 * 2  # the bucket, and two files for each object


def test_a_key_may_be_another_key_s_folder_and_may_look_like_a_path(server, s3):
    odd = sorted(["a", "a/b", "a//b", "a/b/", "../../up", "%2e%2e", "ü" * 500])
    for key in odd:
        s3.put_object(Bucket="pictures", Key=key, Body=key.encode())
    server.restart()
    again = server.client("s3")
    assert keys(again) == odd
    assert [body(again, key) for key in odd] == [key.encode() for key in odd]


@pytest.mark.parametrize("megabytes", [1, 17])
def test_a_copy_survives_its_source(server, s3, megabytes):
    data = os.urandom(megabytes << 20)
    s3.upload_fileobj(io.BytesIO(data), "pictures", "source", ExtraArgs={"ContentType": "image/png"})
    s3.copy({"Bucket": "pictures", "Key": "source"}, "pictures", "copy")
    s3.delete_object(Bucket="pictures", Key="source")
    server.restart()
    again = server.client("s3")
    assert keys(again) == ["copy"]
    assert body(again, "copy") == data
    assert again.head_object(Bucket="pictures", Key="copy")["ContentType"] == "image/png"


def test_a_copy_with_a_checksum_of_its_own_has_it(s3):
    s3.put_object(Bucket="pictures", Key="source", Body=b"picture")
    s3.copy_object(Bucket="pictures", Key="copy", CopySource="pictures/source", ChecksumAlgorithm="SHA256")
    assert s3.get_object(Bucket="pictures", Key="copy", ChecksumMode="ENABLED")["ChecksumSHA256"]


def test_versions_and_delete_markers_come_back_in_order(server, s3):
    s3.put_bucket_versioning(Bucket="pictures", VersioningConfiguration={"Status": "Enabled"})
    versions = [s3.put_object(Bucket="pictures", Key="a", Body=bytes([n]))["VersionId"] for n in range(3)]
    s3.put_object(Bucket="pictures", Key="hidden", Body=b"x")
    marker = s3.delete_object(Bucket="pictures", Key="hidden")["VersionId"]
    s3.delete_object(Bucket="pictures", Key="a", VersionId=versions[1])
    server.restart()
    again = server.client("s3")
    assert keys(again) == ["a"]
    assert body(again, "a") == bytes([2])
    assert body(again, "a", VersionId=versions[0]) == bytes([0])
    listed = again.list_object_versions(Bucket="pictures")
    assert [found["VersionId"] for found in listed["Versions"] if found["Key"] == "a"] == [versions[2], versions[0]]
    assert [found["VersionId"] for found in listed["DeleteMarkers"]] == [marker]
    again.delete_object(Bucket="pictures", Key="hidden", VersionId=marker)
    server.restart()
    assert keys(server.client("s3")) == ["a", "hidden"]
    assert server.client("s3").put_object(Bucket="pictures", Key="a", Body=b"")["VersionId"]


def test_a_deleted_bucket_stays_deleted_and_an_empty_one_stays(server, s3):
    s3.create_bucket(Bucket="short-lived")
    s3.put_object(Bucket="short-lived", Key="a", Body=b"x")
    s3.delete_object(Bucket="short-lived", Key="a")
    s3.delete_bucket(Bucket="short-lived")
    created = s3.list_buckets()["Buckets"][0]["CreationDate"]
    server.restart()
    buckets = server.client("s3").list_buckets()["Buckets"]
    assert [(found["Name"], found["CreationDate"]) for found in buckets] == [("pictures", created)]


def test_a_folder_serves_one_process_at_a_time(server):
    second = subprocess.run(
        [sys.executable, "-m", "tests.local_test.storage.server", server.folder],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert second.returncode != 0
    assert "is in use by another local SageMaker" in second.stderr
