"""make upload: the data set's files in S3, only those that changed, from a folder or a zip."""

import json
import os
import zipfile
from pathlib import Path

import botocore.client
import pytest
from botocore.exceptions import ClientError

from scripts import upload
from scripts.aws.clients import Aws
from scripts.aws.data_source import data_files, md5
from scripts.console.failure import Failure

FILES = {
    "train/001.Beagle/a.jpg": b"a" * 10,
    "train/002.Boxer/b.png": b"b" * 20,
    "valid/001.Beagle/c.jpg": b"c" * 30,
    "test/001.Beagle/d.jpg": b"d" * 40,
}
OTHERS = {
    "train/001.Beagle/.DS_Store": b"x",
    "__MACOSX/train/001.Beagle/._a.jpg": b"x",
    "readme.txt": b"x",
    "train/loose.txt": b"y",
}


@pytest.fixture
def folder(tmp_path):
    for name, content in (FILES | OTHERS).items():
        file = tmp_path / "pictures" / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content)
    return tmp_path / "pictures"


def keys(aws, bucket):
    found = aws.client("s3").list_objects_v2(Bucket=bucket).get("Contents", [])
    return {one["Key"].removeprefix("dogbreed/data/"): one["LastModified"] for one in found}


class Requests:
    """Counts what is asked of S3."""

    def __init__(self, monkeypatch):
        self.made = []
        real = botocore.client.BaseClient._make_api_call

        def counted(client, operation, request):
            self.made.append(operation)
            return real(client, operation, request)

        monkeypatch.setattr(botocore.client.BaseClient, "_make_api_call", counted)


def test_a_folder_lands_under_the_prefix_without_hidden_files(aws, bucket, folder):
    assert upload.main([str(folder)]) == 0
    assert keys(aws, bucket).keys() == FILES.keys() | {"train/loose.txt"}
    stored = aws.client("s3").get_object(Bucket=bucket, Key="dogbreed/data/train/001.Beagle/a.jpg")
    assert stored["Body"].read() == b"a" * 10 and stored["ContentType"] == "image/jpeg"


@pytest.mark.parametrize("above", ["", "dogImages/"])
def test_a_zip_is_read_where_it_is(aws, bucket, tmp_path, above):
    with zipfile.ZipFile(tmp_path / "dogs.zip", "w") as archive:
        for name, content in (FILES | OTHERS).items():
            archive.writestr(f"{above}{name}", content)
    assert upload.main([str(tmp_path / "dogs.zip")]) == 0
    assert keys(aws, bucket).keys() == FILES.keys() | {"train/loose.txt"}
    assert [one.name for one in tmp_path.iterdir() if one.suffix not in (".sh",)] == ["dogs.zip"]


def test_a_second_upload_sends_nothing_and_asks_for_no_object(aws, bucket, folder, monkeypatch, capsys):
    upload.main([str(folder)])
    requests = Requests(monkeypatch)
    assert upload.main([str(folder)]) == 0
    assert requests.made == ["GetCallerIdentity", "HeadBucket", "ListObjectsV2"]
    assert "0 files sent (0.0 MB), 5 unchanged" in capsys.readouterr().out


def test_only_the_changed_file_is_sent_even_when_its_size_is_the_same(aws, bucket, folder, monkeypatch):
    upload.main([str(folder)])
    (folder / "train/001.Beagle/a.jpg").write_bytes(b"z" * 10)
    requests = Requests(monkeypatch)
    assert upload.main([str(folder)]) == 0
    assert requests.made.count("PutObject") == 1
    assert (
        aws.client("s3").get_object(Bucket=bucket, Key="dogbreed/data/train/001.Beagle/a.jpg")["Body"].read()
        == b"z" * 10
    )


def test_an_etag_that_is_no_md5_is_answered_by_the_stored_hash(aws, bucket, folder, monkeypatch, capsys):
    upload.main([str(folder)])
    monkeypatch.setattr(upload, "md5", lambda content: "as with a key of KMS")
    assert upload.main([str(folder)]) == 0
    assert "0 files sent" in capsys.readouterr().out.splitlines()[-1]


def test_what_vanished_here_stays_there_and_is_counted_until_its_removal_is_asked_for(aws, bucket, folder, capsys):
    upload.main([str(folder)])
    (folder / "test/001.Beagle/d.jpg").unlink()
    aws.client("s3").put_object(Bucket=bucket, Key="dogbreed/data/features/x", Body=b"other programs' data")
    assert upload.main([str(folder)]) == 0
    assert "1 objects kept (--delete removes them)" in capsys.readouterr().out
    assert "test/001.Beagle/d.jpg" in keys(aws, bucket)
    assert upload.main([str(folder), "--delete"]) == 0
    assert keys(aws, bucket).keys() == FILES.keys() - {"test/001.Beagle/d.jpg"} | {"train/loose.txt", "features/x"}


def test_a_missing_bucket_is_made_in_the_region_of_the_jobs(aws, folder, monkeypatch):
    monkeypatch.setenv("SAGEMAKER_BUCKET", "")
    assert upload.main([str(folder)]) == 0
    name = "sagemaker-eu-west-1-123456789012"
    assert keys(aws, name).keys() > {"train/001.Beagle/a.jpg"}
    assert aws.client("s3").get_bucket_location(Bucket=name)["LocationConstraint"] == "eu-west-1"


def test_us_east_1_is_not_named_when_a_bucket_is_made(aws, folder, monkeypatch, capsys):
    monkeypatch.setenv("AWS_REGION", "us-east-1")
    assert upload.main([str(folder), "--dry-run"]) == 0
    assert json.loads(capsys.readouterr().out)[0] == {
        "service": "s3",
        "operation": "CreateBucket",
        "request": {"Bucket": "some-bucket"},
    }


def test_a_dry_run_prints_the_requests_and_sends_nothing(aws, bucket, folder, capsys):
    assert upload.main([str(folder), "--dry-run"]) == 0
    calls = json.loads(capsys.readouterr().out)
    assert {call["request"]["Key"] for call in calls} == {
        f"dogbreed/data/{name}" for name in FILES.keys() | {"train/loose.txt"}
    }
    assert keys(aws, bucket) == {}


@pytest.mark.parametrize("gone, said", [("train", "no files under train/"), ("valid", "no files under valid/")])
def test_a_data_set_without_train_or_valid_is_a_sentence(folder, gone, said):
    (folder / gone).rename(folder / "elsewhere")
    with pytest.raises(Failure, match=said), data_files(folder):
        pass


def test_a_data_set_without_test_is_one(folder):
    (folder / "test").rename(folder / "elsewhere")
    with data_files(folder) as files:
        assert {file.name.split("/")[0] for file in files} == {"train", "valid"}


def test_two_data_sets_in_one_folder_are_a_sentence(tmp_path, folder):
    (tmp_path / "both").mkdir()
    folder.rename(tmp_path / "both/one")
    for split in ("train", "valid"):
        (tmp_path / "both/two" / split / "A").mkdir(parents=True)
        (tmp_path / "both/two" / split / "A/x.jpg").write_bytes(b"x")
    with pytest.raises(Failure, match="several data sets: one, two"), data_files(tmp_path / "both"):
        pass


def test_a_path_that_is_neither_folder_nor_zip_is_a_sentence(aws, bucket, tmp_path, capsys):
    assert upload.main([str(tmp_path / "nothing")]) == 1
    assert "nothing is not there" in capsys.readouterr().err
    (tmp_path / "text").write_text("x")
    assert upload.main([str(tmp_path / "text")]) == 1
    assert "is neither a folder nor a zip" in capsys.readouterr().err


def test_a_bucket_that_is_not_ours_is_a_sentence(aws, folder, monkeypatch, capsys):
    class S3:
        def head_bucket(self, Bucket):
            raise ClientError({"Error": {"Code": "403"}, "ResponseMetadata": {"HTTPStatusCode": 403}}, "HeadBucket")

    monkeypatch.setattr(Aws, "client", lambda self, service: S3())
    assert upload.main([str(folder)]) == 1
    assert "some-bucket is another account's, or these credentials lack s3:ListBucket." in capsys.readouterr().err


def test_a_bucket_in_another_region_than_the_jobs_is_a_sentence(aws, bucket, folder, monkeypatch, capsys):
    monkeypatch.setenv("AWS_REGION", "us-east-1")
    assert upload.main([str(folder)]) == 1
    assert "some-bucket is in eu-west-1, and the jobs run in us-east-1" in capsys.readouterr().err


def test_the_etag_of_s3_is_what_is_compared(aws, bucket):
    etag = aws.client("s3").put_object(Bucket=bucket, Key="k", Body=b"content")["ETag"]
    assert etag.strip('"') == md5(b"content")


def test_what_cannot_be_read_is_named(aws, bucket, folder, tmp_path, capsys, monkeypatch):
    with zipfile.ZipFile(tmp_path / "dogs.zip", "w") as archive:
        for name, content in FILES.items():
            archive.writestr(name, content)
    whole = (tmp_path / "dogs.zip").read_bytes()
    (tmp_path / "dogs.zip").write_bytes(whole.replace(b"a" * 10, b"z" * 10, 1))
    assert upload.main([str(tmp_path / "dogs.zip")]) == 1
    assert "train/001.Beagle/a.jpg in" in (said := capsys.readouterr().err) and "cannot be read" in said

    def forbidden(self):
        raise PermissionError(13, "Permission denied", str(self))

    monkeypatch.setattr(Path, "read_bytes", forbidden)
    assert upload.main([str(folder)]) == 1
    assert ": Permission denied." in capsys.readouterr().err


def test_a_name_that_is_not_utf_8_is_a_sentence(folder):
    (folder / os.fsdecode(b"train/001.Beagle/\xff.jpg")).write_bytes(b"x")
    with pytest.raises(Failure, match="is not UTF-8"), data_files(folder):
        pass


def zip_of(path, names):
    with zipfile.ZipFile(path, "w") as archive:
        for name in names:
            archive.writestr(name, name.encode())
    return path


@pytest.mark.parametrize("suffix", ["", ".zip"])
def test_class_folders_alone_are_split_and_sent_the_same_way_each_time(
    aws, bucket, tmp_path, suffix, capsys, monkeypatch
):
    names = [f"{folder}/{number}.jpg" for folder in ("Beagle", "Cat") for number in range(10)]
    source = tmp_path / f"pets{suffix}"
    if suffix:
        zip_of(source, names)
    else:
        for name in names:
            (source / name).parent.mkdir(parents=True, exist_ok=True)
            (source / name).write_bytes(name.encode())
    assert upload.main([str(source)]) == 0
    sent = keys(aws, bucket)
    assert len(sent) == 20 and {name for name in sent if not name.startswith("train/")} == {
        "valid/Beagle/1.jpg",
        "valid/Cat/0.jpg",
        "test/Beagle/2.jpg",
        "test/Cat/5.jpg",
    }
    assert "the pictures of its 2 classes are split 80/10/10" in capsys.readouterr().err
    requests = Requests(monkeypatch)
    assert upload.main([str(source), "--delete"]) == 0
    assert requests.made == ["GetCallerIdentity", "HeadBucket", "ListObjectsV2"]


def test_linked_classes_and_splits_arrive_and_a_link_to_nowhere_is_named(aws, bucket, folder, tmp_path, capsys):
    (folder / "train/002.Boxer").rename(tmp_path / "boxers")
    (folder / "train/002.Boxer").symlink_to(tmp_path / "boxers")
    (folder / "test").rename(tmp_path / "held_out")
    (folder / "test").symlink_to(tmp_path / "held_out")
    (folder / "train/again").symlink_to(folder)
    assert upload.main([str(folder)]) == 0
    assert keys(aws, bucket).keys() == FILES.keys() | {"train/loose.txt"}
    assert "are not followed (train/again)" in capsys.readouterr().err
    (folder / "train/003.Collie").symlink_to(tmp_path / "collies")
    assert upload.main([str(folder)]) == 1
    assert "train/003.Collie is a link to" in (said := capsys.readouterr().err) and "which is not there" in said


def test_other_names_of_splits_and_zips_of_windows_arrive_under_ours(aws, bucket, tmp_path, capsys):
    names = [name.replace("valid", "Val").replace("/", "\\") for name in FILES]
    assert upload.main([str(zip_of(tmp_path / "dogs.zip", names))]) == 0
    assert keys(aws, bucket).keys() == FILES.keys()
    assert "note: " in (said := capsys.readouterr().err) and "Val is taken as valid" in said


def test_a_zip_that_was_cut_short_is_a_sentence(aws, bucket, tmp_path, capsys):
    source = zip_of(tmp_path / "dogs.zip", FILES)
    source.write_bytes(source.read_bytes()[:-30])
    assert upload.main([str(source)]) == 1
    assert "is a zip that was cut short" in capsys.readouterr().err


def test_a_folder_that_cannot_be_listed_is_named_and_not_passed_over(aws, bucket, folder, monkeypatch, capsys):
    real = os.scandir

    def refused(path):
        if str(path).endswith("002.Boxer"):
            raise PermissionError(13, "Permission denied", str(path))
        return real(path)

    monkeypatch.setattr(os, "scandir", refused)
    assert upload.main([str(folder)]) == 1
    assert "002.Boxer: Permission denied." in capsys.readouterr().err
