"""Channels: which files a host sees, under which names."""

import json

import pytest

from local_test.api.errors import ValidationException
from local_test.training.channels import InputFile, channel_files, lay_out, name_below, share_of, whole_folder


def channel(uri, data_type="S3Prefix", distribution="FullyReplicated"):
    return {"ChannelName": "train", "DataSource": {"S3DataSource": {"S3DataType": data_type, "S3Uri": uri, "S3DataDistributionType": distribution}}}


@pytest.fixture
def folder(tmp_path):
    made = tmp_path / "my data"
    for name in ("a/1.txt", "a/2.txt", "b/3.txt", "4.txt"):
        (made / name).parent.mkdir(parents=True, exist_ok=True)
        (made / name).write_text(name)
    return made


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
    ],
)
def test_an_object_lies_below_its_prefix(prefix, key, name):
    assert name_below(prefix, key) == name


def test_a_folder_of_this_machine_is_mounted_as_it_is(folder):
    assert whole_folder(channel(folder.as_uri())) == folder
    assert whole_folder(channel("s3://bucket/x")) is None
    assert whole_folder(channel(folder.as_uri(), distribution="ShardedByS3Key")) is None


def test_shards_are_disjoint_and_hold_everything(folder):
    files = channel_files(channel(folder.as_uri()), objects=None)
    assert [file.name for file in files] == ["4.txt", "a/1.txt", "a/2.txt", "b/3.txt"]
    shards = [share_of(files, channel("x", distribution="ShardedByS3Key"), host, 3) for host in range(3)]
    assert sorted((file for shard in shards for file in shard), key=lambda file: file.name) == files
    assert all(share_of(files, channel("x"), host, 3) == files for host in range(3))


def test_a_manifest_names_the_files_itself(folder, tmp_path):
    manifest = tmp_path / "train.manifest"
    manifest.write_text(json.dumps([{"prefix": folder.as_uri()}, "a/2.txt", "4.txt"]))
    files = channel_files(channel(manifest.as_uri(), "ManifestFile"), objects=None)
    assert [(file.name, file.path.read_text()) for file in files] == [("a/2.txt", "a/2.txt"), ("4.txt", "4.txt")]


@pytest.mark.parametrize("text", ["{}", "[]", "no json", '[{"prefix": "file:///x"}, {"source-ref": "a"}]'])
def test_what_is_no_manifest_is_refused_with_its_name(tmp_path, text):
    (tmp_path / "m").write_text(text)
    with pytest.raises(ValidationException, match="is not a manifest"):
        channel_files(channel((tmp_path / "m").as_uri(), "ManifestFile"), objects=None)


def test_an_empty_or_missing_channel_is_refused_as_aws_refuses_it(tmp_path):
    with pytest.raises(ValidationException, match="No S3 objects found under S3 URL"):
        channel_files(channel(tmp_path.as_uri()), objects=None)
    with pytest.raises(ValidationException, match="file:///nowhere is not a folder on this machine"):
        channel_files(channel("file:///nowhere"), objects=None)


def test_files_are_laid_out_as_links_not_copies(folder, tmp_path):
    files = channel_files(channel(folder.as_uri()), objects=None)
    lay_out(files, tmp_path / "laid")
    assert (tmp_path / "laid/a/1.txt").stat().st_ino == (folder / "a/1.txt").stat().st_ino


@pytest.mark.parametrize("names", [("x", "x/y"), ("x/y", "x"), ("x", "x")])
def test_keys_that_cannot_be_files_side_by_side_are_named(folder, tmp_path, names):
    with pytest.raises(ValueError, match="x"):
        lay_out([InputFile(name, folder / "4.txt") for name in names], tmp_path / "laid")


def test_a_key_that_leads_out_of_the_folder_is_refused(folder, tmp_path):
    (tmp_path / "m").write_text(json.dumps([{"prefix": folder.as_uri()}, "../../etc/passwd"]))
    with pytest.raises(ValidationException, match="leads out of the channel"):
        channel_files(channel((tmp_path / "m").as_uri(), "ManifestFile"), objects=None)
