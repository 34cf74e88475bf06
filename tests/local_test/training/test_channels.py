"""Channels: which files a host sees, under which names."""

import json
import os

import pytest

from local_test.api.errors import ValidationException
from local_test.host.emulator_settings import ACCOUNT
from local_test.storage.local_files import LocalFiles
from local_test.storage.object_store import ObjectStore
from local_test.training.channels import InputFile, channel_files, check, lay_out, name_below, share_of, whole_folder


def channel(uri, data_type="S3Prefix", distribution="FullyReplicated"):
    return {
        "ChannelName": "train",
        "DataSource": {"S3DataSource": {"S3DataType": data_type, "S3Uri": uri, "S3DataDistributionType": distribution}},
    }


@pytest.fixture
def folder(tmp_path):
    made = tmp_path / "my data"
    for name in ("a/1.txt", "a/2.txt", "b/3.txt", "4.txt"):
        (made / name).parent.mkdir(parents=True, exist_ok=True)
        (made / name).write_text(name)
    return made


@pytest.fixture
def files(tmp_path):
    return LocalFiles([tmp_path], tmp_path / "state")


@pytest.mark.parametrize(
    ("prefix", "key", "name"),
    [
        ("data/train", "data/train/a/b.jpg", "a/b.jpg"),
        ("data/train/", "data/train/a/b.jpg", "a/b.jpg"),
        ("data/tr", "data/train/a.jpg", "train/a.jpg"),
        ("data/train", "data/train.csv", "train.csv"),
        ("data/train.csv", "data/train.csv", "train.csv"),
        ("", "a/b.jpg", "a/b.jpg"),
        ("data/train", "data/train//a.jpg", "a.jpg"),
        ("data/train", "data/train/a//b.jpg", "a/b.jpg"),
        ("data/a#1", "data/a#1/b?c%2f", "b?c%2f"),
    ],
)
def test_an_object_lies_below_its_prefix(prefix, key, name):
    assert name_below(prefix, key) == name


def test_a_folder_of_this_machine_is_mounted_as_it_is(folder, files):
    assert whole_folder(channel(folder.as_uri()), files) == folder
    assert whole_folder(channel("s3://bucket/x"), files) is None
    assert whole_folder(channel(folder.as_uri(), distribution="ShardedByS3Key"), files) is None


def test_shards_are_disjoint_and_hold_everything(folder, files):
    files = channel_files(channel(folder.as_uri()), None, files)
    assert [file.name for file in files] == ["4.txt", "a/1.txt", "a/2.txt", "b/3.txt"]
    shards = [share_of(files, {"S3DataDistributionType": "ShardedByS3Key"}, host, 3) for host in range(3)]
    assert sorted((file for shard in shards for file in shard), key=lambda file: file.name) == files
    assert all(share_of(files, {}, host, 3) == files for host in range(3))


def test_a_manifest_names_the_files_itself(folder, tmp_path, files):
    manifest = tmp_path / "train.manifest"
    manifest.write_text(json.dumps([{"prefix": folder.as_uri()}, "a/2.txt", "4.txt"]))
    files = channel_files(channel(manifest.as_uri(), "ManifestFile"), None, files)
    assert [(file.name, file.path.read_text()) for file in files] == [("a/2.txt", "a/2.txt"), ("4.txt", "4.txt")]


@pytest.mark.parametrize("text", ["{}", "[]", "no json", '[{"prefix": "file:///x"}, {"source-ref": "a"}]'])
def test_what_is_no_manifest_is_refused_with_its_name(tmp_path, text, files):
    (tmp_path / "m").write_text(text)
    with pytest.raises(ValueError, match="is not a manifest"):
        channel_files(channel((tmp_path / "m").as_uri(), "ManifestFile"), None, files)


def test_an_empty_or_missing_channel_is_refused_as_aws_refuses_it(tmp_path, files):
    (tmp_path / "empty").mkdir()
    with pytest.raises(ValidationException, match="No S3 objects found under S3 URL"):
        check(channel((tmp_path / "empty").as_uri()), None, files)
    with pytest.raises(ValidationException, match="nowhere is not a folder on this machine"):
        check(channel((tmp_path / "nowhere").as_uri()), None, files)


@pytest.mark.parametrize("distribution", ["FullyReplicated", "ShardedByS3Key"])
def test_a_channel_outside_the_allowed_folders_is_refused_when_it_is_asked_for(files, distribution):
    with pytest.raises(ValidationException, match="file:///etc is outside the folders"):
        check(channel("file:///etc", distribution=distribution), None, files)


@pytest.mark.parametrize("name", [".", ".."])
def test_a_channel_whose_name_leads_out_is_refused(folder, files, name):
    with pytest.raises(ValidationException, match=f"a channel '{name}'".replace(".", r"\.")):
        check({**channel(folder.as_uri()), "ChannelName": name}, None, files)


def test_files_are_laid_out_as_links_not_copies(folder, tmp_path, files):
    files = channel_files(channel(folder.as_uri()), None, files)
    lay_out(files, tmp_path / "laid")
    assert (tmp_path / "laid/a/1.txt").stat().st_ino == (folder / "a/1.txt").stat().st_ino


@pytest.mark.parametrize("names", [("x", "x/y"), ("x/y", "x"), ("x", "x")])
def test_keys_that_cannot_be_files_side_by_side_are_named(folder, tmp_path, names):
    with pytest.raises(ValueError, match="x"):
        lay_out([InputFile(name, folder / "4.txt") for name in names], tmp_path / "laid")


@pytest.fixture
def objects(tmp_path):
    store = ObjectStore(tmp_path / "state/s3", ACCOUNT, "us-east-1")
    store.ensure_bucket("data")
    return store


@pytest.mark.parametrize("name", ["../../etc/passwd", "/etc/passwd", "a/../../x"])
def test_a_name_in_a_manifest_that_leads_out_is_refused(folder, tmp_path, files, name):
    (tmp_path / "m").write_text(json.dumps([{"prefix": folder.as_uri()}, name]))
    with pytest.raises(ValidationException, match=r"Channel train: .* cannot be the name of a file"):
        check(channel((tmp_path / "m").as_uri(), "ManifestFile"), None, files)


@pytest.mark.parametrize("key", ["in/../../x", "in/a/../b", "in/" + "x" * 256])
def test_a_key_that_cannot_be_a_file_is_refused(objects, files, key):
    objects.put_bytes(f"s3://data/{key}", b"x")
    with pytest.raises(ValidationException, match="cannot be the name of a file"):
        check(channel("s3://data/in"), objects, files)


def test_keys_with_signs_of_uris_are_files_of_that_name(objects, files, tmp_path):
    for name in ("a#1", "a#2", "b?c", "..%2fx"):
        objects.put_bytes(f"s3://data/in#1/{name}", name.encode())
    lay_out(channel_files(channel("s3://data/in#1"), objects, files), tmp_path / "laid")
    assert {path.name: path.read_text() for path in (tmp_path / "laid").iterdir()} == {
        name: name for name in ("a#1", "a#2", "b?c", "..%2fx")
    }


def test_a_link_to_a_file_is_laid_out_as_that_file_and_one_that_leads_out_is_refused(folder, tmp_path):
    (folder / "link").symlink_to(folder / "4.txt")
    files = LocalFiles([folder], tmp_path / "state")
    sharded = channel(folder.as_uri(), distribution="ShardedByS3Key")
    lay_out(channel_files(sharded, None, files), tmp_path / "laid")
    assert not (tmp_path / "laid/link").is_symlink() and (tmp_path / "laid/link").read_text() == "4.txt"
    (folder / "a/out").symlink_to(tmp_path)
    with pytest.raises(ValueError, match="a/out leads to"):
        channel_files(sharded, None, files)


def test_a_container_of_any_user_can_read_what_is_laid_out_whatever_the_umask(tmp_path, files):
    before = os.umask(0o077)
    try:
        objects = ObjectStore(tmp_path / "state/s3", ACCOUNT, "us-east-1")
        objects.ensure_bucket("data")
        objects.put_bytes("s3://data/in/sub/a", b"a")
        lay_out(channel_files(channel("s3://data/in"), objects, files), tmp_path / "state/jobs/laid")
    finally:
        os.umask(before)
    laid = tmp_path / "state/jobs/laid"
    assert {path.name: path.stat().st_mode & 0o777 for path in [laid, *laid.rglob("*")]} == {
        "laid": 0o755,
        "sub": 0o755,
        "a": 0o644,
    }
    assert laid.parent.stat().st_mode & 0o077 == 0
