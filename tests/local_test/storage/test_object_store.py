"""Objects put through boto3 are there after kill -9, and the files behind them keep what was linked."""

import hashlib
import http.client
import io
import os
import subprocess
import sys
from pathlib import Path

import pytest
from boto3.s3.transfer import TransferConfig
from botocore.exceptions import ClientError

from local_test.storage.object_store import ObjectStore, StorageError, split_uri
from tests.local_test.storage.conftest import ROOT

MB = 1 << 20


def files(server):
    return sorted(path.name for path in (server.folder / "s3").rglob("*") if path.is_file() and path.name != "lock")


def keys(client, bucket="pictures", **options):
    return [found["Key"] for found in client.list_objects_v2(Bucket=bucket, **options).get("Contents", [])]


def body(client, key, bucket="pictures", **options):
    return client.get_object(Bucket=bucket, Key=key, **options)["Body"].read()


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


def test_a_multipart_upload_becomes_one_file_that_ranges_read(server, s3):
    data = os.urandom(18 * MB + 17)
    s3.upload_fileobj(io.BytesIO(data), "pictures", "model.tar.gz")
    etag = s3.head_object(Bucket="pictures", Key="model.tar.gz")["ETag"]
    assert etag.endswith('-3"')
    server.restart()
    again = server.client("s3")
    assert again.head_object(Bucket="pictures", Key="model.tar.gz")["ETag"] == etag
    assert body(again, "model.tar.gz") == data
    assert body(again, "model.tar.gz", Range="bytes=5-9") == data[5:10]
    assert body(again, "model.tar.gz", Range="bytes=-7") == data[-7:]
    assert body(again, "model.tar.gz", Range=f"bytes={MB}-") == data[MB:]
    downloaded = io.BytesIO()
    again.download_fileobj("pictures", "model.tar.gz", downloaded)  # in ranges, by several threads
    assert downloaded.getvalue() == data
    assert len(files(server)) == 3  # no part is left


def test_a_wrong_or_aborted_multipart_upload_leaves_the_object_and_no_file(server, s3):
    s3.put_object(Bucket="pictures", Key="a", Body=b"old")
    upload = s3.create_multipart_upload(Bucket="pictures", Key="a")["UploadId"]
    s3.upload_part(Bucket="pictures", Key="a", UploadId=upload, PartNumber=1, Body=b"x" * 5 * MB)
    with pytest.raises(ClientError, match="InvalidPart"):
        s3.complete_multipart_upload(
            Bucket="pictures", Key="a", UploadId=upload, MultipartUpload={"Parts": [{"PartNumber": 1, "ETag": '"0"'}]}
        )
    s3.abort_multipart_upload(Bucket="pictures", Key="a", UploadId=upload)
    assert body(s3, "a") == b"old"
    assert len(files(server)) == 3


@pytest.mark.parametrize("megabytes", [1, 17])
def test_a_copy_survives_its_source(server, s3, megabytes):
    data = os.urandom(megabytes * MB)
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


def test_an_upload_that_is_cut_off_by_kill_9_loses_only_itself(server, s3):
    s3.put_object(Bucket="pictures", Key="a", Body=b"first")
    upload = s3.create_multipart_upload(Bucket="pictures", Key="large")["UploadId"]
    s3.upload_part(Bucket="pictures", Key="large", UploadId=upload, PartNumber=1, Body=b"x" * 5 * MB)
    url = s3.generate_presigned_url("put_object", {"Bucket": "pictures", "Key": "a"})
    connection = http.client.HTTPConnection("127.0.0.1", server.port)
    connection.putrequest("PUT", url.split(str(server.port))[1])
    connection.putheader("Content-Length", "1000")
    connection.endheaders(b"half of it")
    server.restart()
    connection.close()
    again = server.client("s3")
    assert keys(again) == ["a"]
    assert body(again, "a") == b"first"
    assert len(files(server)) == 3


def test_what_a_crash_left_behind_is_told_apart(server, s3):
    """The states between two steps of a write, made by hand: kill -9 could stop at each."""
    s3.put_object(Bucket="pictures", Key="a", Body=b"old")
    record, data = sorted((server.folder / "s3/buckets/pictures").glob("*/*"), reverse=True)
    old_record, old_data = record.read_bytes(), data.read_bytes()
    s3.put_object(Bucket="pictures", Key="a", Body=b"new")
    server.kill()
    record.write_bytes(old_record)  # the new one was written, the old one not yet removed
    data.write_bytes(old_data)
    (data.parent / ("0" * 32)).write_bytes(b"bytes without a record")
    (data.parent / f"{'1' * 32}.json.new").write_bytes(b'{"key": "half a rec')
    (data.parent / f"{'2' * 32}.json").write_bytes(old_record)  # a record without bytes
    (server.folder / "s3/buckets/half-deleted/00").mkdir(parents=True)
    server.start()
    again = server.client("s3")
    assert keys(again) == ["a"]
    assert body(again, "a") == b"new"
    assert [found["Name"] for found in again.list_buckets()["Buckets"]] == ["pictures"]
    assert len(files(server)) == 3


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


def test_a_download_goes_on_with_what_it_began_when_the_object_is_overwritten(s3):
    data = os.urandom(20 * MB)
    s3.upload_fileobj(io.BytesIO(data), "pictures", "a")
    stream = s3.get_object(Bucket="pictures", Key="a")["Body"]
    begun = stream.read(1000)
    s3.put_object(Bucket="pictures", Key="a", Body=b"short")
    assert begun + stream.read() == data
    assert body(s3, "a") == b"short"


def test_the_server_never_holds_a_large_object_in_memory(server, s3):
    def peak_mb():
        lines = Path(f"/proc/{server.process.pid}/status").read_text().splitlines()
        return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM")) / 1024

    one_part_at_a_time = TransferConfig(use_threads=False)
    s3.upload_fileobj(io.BytesIO(b"x" * 9 * MB), "pictures", "small", Config=one_part_at_a_time)
    body(s3, "small")
    before = peak_mb()
    s3.upload_fileobj(io.BytesIO(bytes(256 * MB)), "pictures", "large", Config=one_part_at_a_time)
    s3.copy_object(Bucket="pictures", Key="copy", CopySource="pictures/large")
    assert sum(len(chunk) for chunk in s3.get_object(Bucket="pictures", Key="copy")["Body"].iter_chunks(MB)) == 256 * MB
    assert peak_mb() - before < 64


# ---------------------------------------------------------------- the store itself, in this process


@pytest.fixture
def store(tmp_path):
    store = ObjectStore(tmp_path / "s3", "123456789012", "us-east-1")
    store.ensure_bucket("pictures")
    return store


def test_list_goes_by_string_prefix_and_is_sorted(store):
    for key in ("train/b", "train/a", "trainer", "valid/a"):
        store.put_bytes(f"s3://pictures/{key}", key.encode())
    assert [found.key for found in store.list("s3://pictures/train")] == ["train/a", "train/b", "trainer"]
    assert [found.key for found in store.list("s3://pictures/train/")] == ["train/a", "train/b"]
    assert len(store.list("s3://pictures")) == len(store.list("s3://pictures/")) == 4
    assert store.list("s3://pictures/nothing") == []
    one = store.get("s3://pictures/train/a")
    assert (one.bucket, one.size, one.path.read_bytes()) == ("pictures", 7, b"train/a")
    assert one.etag == hashlib.md5(b"train/a").hexdigest()


def test_what_was_put_in_process_is_there_after_a_restart(store, tmp_path):
    store.put_bytes("s3://pictures/log", b"lines", "text/plain")
    store.put_bytes("s3://pictures/gone", b"")
    store.delete("s3://pictures/gone")
    store.delete("s3://pictures/never-there")
    again = ObjectStore(tmp_path / "s3", "123456789012", "us-east-1")
    assert [(found.key, found.path.read_bytes()) for found in again.list("s3://pictures")] == [("log", b"lines")]


def test_a_file_that_is_put_is_taken_over_without_a_copy(store, tmp_path):
    made = tmp_path / "model.tar.gz"
    made.write_bytes(b"model")
    inode = made.stat().st_ino
    store.put_file("s3://pictures/model.tar.gz", made)
    assert not made.exists()
    assert store.get("s3://pictures/model.tar.gz").path.stat().st_ino == inode


def test_a_hard_link_keeps_what_it_saw_when_the_object_is_overwritten_or_deleted(store, tmp_path):
    store.put_bytes("s3://pictures/a", b"first")
    os.link(store.get("s3://pictures/a").path, tmp_path / "seen")
    store.put_bytes("s3://pictures/a", b"second")
    assert store.get("s3://pictures/a").path.read_bytes() == b"second"
    store.delete("s3://pictures/a")
    assert (tmp_path / "seen").read_bytes() == b"first"


@pytest.mark.parametrize(
    ("uri", "sentence"),
    [
        ("s3://nowhere/a", "There is no bucket nowhere"),
        ("s3://pictures/a", "There is no object s3://pictures/a"),
        ("file:///a", "is not an S3 URI"),
        ("s3://", "is not an S3 URI"),
    ],
)
def test_what_is_not_there_is_named(store, uri, sentence):
    with pytest.raises(StorageError, match=sentence):
        store.get(uri)


def test_a_put_without_a_key_is_refused(store):
    with pytest.raises(StorageError, match="needs a key"):
        store.put_bytes("s3://pictures/", b"")


def test_a_uri_splits_into_bucket_and_key():
    assert split_uri("s3://bucket/some/key") == ("bucket", "some/key")
    assert split_uri("s3://bucket") == split_uri("s3://bucket/") == ("bucket", "")
