"""Uploads in parts, those that are cut off, and downloads beside an overwrite."""

import http.client
import io
import os
from pathlib import Path

import pytest
from boto3.s3.transfer import TransferConfig
from botocore.exceptions import ClientError

from tests.local_test.storage.bucket_content import body, files, keys

MB = 1 << 20


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
