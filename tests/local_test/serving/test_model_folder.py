"""Model data becomes folders that the containers of one model share."""

import io
import os
import tarfile

import pytest

from local_test.host.emulator_settings import ACCOUNT
from local_test.serving.model_folder import ModelFolders
from local_test.serving.model_source import s3_uri
from local_test.storage.local_files import LocalFiles
from local_test.storage.object_store import ObjectStore


def archive(path, files):
    with tarfile.open(path, "w:gz") as packed:
        for name, content in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            packed.addfile(member, io.BytesIO(content))
    return path


def source(uri, kind="S3Prefix", compression="None"):
    return {"ModelDataSource": {"S3DataSource": {"S3Uri": uri, "S3DataType": kind, "CompressionType": compression}}}


def folders_with(tmp_path, objects=None):
    return ModelFolders(objects, LocalFiles([tmp_path], tmp_path / "state"), tmp_path / "models")


@pytest.fixture
def folders(tmp_path):
    return folders_with(tmp_path)


def test_an_archive_is_unpacked_once_for_all_and_removed_after_the_last(folders, tmp_path):
    container = {"ModelDataUrl": archive(tmp_path / "m.tar.gz", {"code/a.txt": b"a"}).as_uri()}
    first, second = folders.take(container), folders.take(container)
    assert first.path == second.path and (first.path / "code/a.txt").read_bytes() == b"a"
    first.release()
    first.release()
    assert second.path.exists()
    second.release()
    assert list((tmp_path / "models").iterdir()) == []


def test_data_that_changed_under_its_uri_gets_a_folder_of_its_own(folders, tmp_path):
    container = {"ModelDataUrl": archive(tmp_path / "m.tar.gz", {"a": b"old"}).as_uri()}
    old = folders.take(container)
    archive(tmp_path / "m.tar.gz", {"a": b"newer"})
    new = folders.take(container)
    assert (old.path / "a").read_bytes() == b"old" and (new.path / "a").read_bytes() == b"newer"


def test_uncompressed_data_is_linked_not_copied(folders, tmp_path):
    (tmp_path / "data/sub").mkdir(parents=True)
    (tmp_path / "data/sub/a").write_bytes(b"a")
    folder = folders.take(source((tmp_path / "data").as_uri() + "/"))
    assert os.path.samefile(folder.path / "sub/a", tmp_path / "data/sub/a")
    folder.release()
    assert (tmp_path / "data/sub/a").exists()


def test_one_uncompressed_object_keeps_its_name(folders, tmp_path):
    (tmp_path / "model.bin").write_bytes(b"m")
    folder = folders.take(source((tmp_path / "model.bin").as_uri(), "S3Object"))
    assert [path.name for path in folder.path.iterdir()] == ["model.bin"]


def test_a_model_in_the_image_needs_no_folder(folders):
    nothing = folders.take({"Image": "i"})
    assert nothing.path is None
    nothing.release()


@pytest.mark.parametrize("content", [b"no archive", None])
def test_data_that_is_broken_or_missing_is_named_and_leaves_nothing(folders, tmp_path, content):
    path = tmp_path / "m.tar.gz"
    if content:
        path.write_bytes(content)
    with pytest.raises(ValueError, match=r"m.tar.gz"):
        folders.take({"ModelDataUrl": path.as_uri()})
    assert not list((tmp_path / "models").glob("*"))


def test_a_link_in_an_archive_is_refused(folders, tmp_path):
    with tarfile.open(tmp_path / "m.tar.gz", "w:gz") as packed:
        member = tarfile.TarInfo("a")
        member.type, member.linkname = tarfile.SYMTYPE, "/etc/passwd"
        packed.addfile(member)
    with pytest.raises(ValueError, match="only files and folders"):
        folders.take({"ModelDataUrl": (tmp_path / "m.tar.gz").as_uri()})


def test_the_folder_of_an_earlier_service_is_emptied(tmp_path):
    (tmp_path / "models/left").mkdir(parents=True)
    folders_with(tmp_path)
    assert not (tmp_path / "models/left").exists()


def modes(folder):
    return {path.relative_to(folder).as_posix(): path.stat().st_mode & 0o777 for path in [folder, *folder.rglob("*")]}


def test_a_container_of_any_user_can_read_all_of_a_model_whatever_the_umask(tmp_path):
    before = os.umask(0o077)
    try:
        objects = ObjectStore(tmp_path / "state/s3", ACCOUNT, "us-east-1")
        objects.ensure_bucket("data")
        objects.put_bytes("s3://data/model/code/a", b"a")
        (tmp_path / "made").write_bytes(b"b")
        objects.put_file("s3://data/model/b", tmp_path / "made")
        folders = folders_with(tmp_path, objects)
        linked = folders.take(source("s3://data/model/"))
        unpacked = folders.take({"ModelDataUrl": archive(tmp_path / "m.tar.gz", {"code/a": b"a", "b": b"b"}).as_uri()})
    finally:
        os.umask(before)
    assert modes(linked.path) == modes(unpacked.path) == {".": 0o755, "code": 0o755, "code/a": 0o644, "b": 0o644}


def test_the_users_own_file_keeps_its_mode_where_it_is_linked(folders, tmp_path):
    (tmp_path / "model.bin").write_bytes(b"m")
    (tmp_path / "model.bin").chmod(0o600)
    folders.take(source((tmp_path / "model.bin").as_uri(), "S3Object"))
    assert (tmp_path / "model.bin").stat().st_mode & 0o777 == 0o600


def test_a_model_folder_with_a_link_that_leads_out_is_refused_by_its_name(tmp_path):
    (tmp_path / "work/data").mkdir(parents=True)
    (tmp_path / "secret").write_bytes(b"key")
    (tmp_path / "work/data/weights").symlink_to(tmp_path / "secret")
    folders = ModelFolders(None, LocalFiles([tmp_path / "work"], tmp_path / "state"), tmp_path / "models")
    with pytest.raises(ValueError, match=r"work/data/weights leads to .*secret, which is outside"):
        folders.take(source((tmp_path / "work/data").as_uri() + "/"))
    with pytest.raises(ValueError, match="outside the folders"):
        folders.take({"ModelDataUrl": (tmp_path / "secret").as_uri()})


@pytest.mark.parametrize(
    ("url", "uri"),
    [
        ("https://s3.amazonaws.com/data/m/a.tar.gz", "s3://data/m/a.tar.gz"),
        ("https://s3-eu-west-1.amazonaws.com/data/a.tar.gz", "s3://data/a.tar.gz"),
        ("https://s3.eu-west-1.amazonaws.com/data/a%23%20b.tar.gz", "s3://data/a# b.tar.gz"),
        ("https://s3.dualstack.eu-west-1.amazonaws.com/data/a.tar.gz", "s3://data/a.tar.gz"),
        ("https://s3.cn-north-1.amazonaws.com.cn/data/a.tar.gz", "s3://data/a.tar.gz"),
        ("https://my.data.s3.amazonaws.com/m/a.tar.gz", "s3://my.data/m/a.tar.gz"),
        ("https://data.s3-eu-west-1.amazonaws.com/a.tar.gz", "s3://data/a.tar.gz"),
        ("https://data.s3.eu-west-1.amazonaws.com/a.tar.gz", "s3://data/a.tar.gz"),
        ("s3://data/a%20b", "s3://data/a%20b"),
        ("file:///a%20b", "file:///a%20b"),
    ],
)
def test_an_address_in_s3_is_the_uri_of_its_object(url, uri):
    assert s3_uri(url) == uri


@pytest.mark.parametrize(
    "url", ["https://example.com/a", "https://s3.amazonaws.com.example.com/b/a", "https://s3.x/b/a"]
)
def test_an_address_elsewhere_is_refused(url):
    with pytest.raises(ValueError, match="not an address in S3"):
        s3_uri(url)


@pytest.mark.parametrize("keys", [("a", "a/b"), ("../a",), ("a//b",), ("a/./b",)])
def test_keys_that_cannot_be_files_of_one_folder_are_named(tmp_path, keys):
    objects = ObjectStore(tmp_path / "state/s3", ACCOUNT, "us-east-1")
    objects.ensure_bucket("data")
    for key in keys:
        objects.put_bytes(f"s3://data/model#1/{key}", b"x")
    with pytest.raises(ValueError, match=r"The model data at s3://data/model#1/: 'a|'../a"):
        folders_with(tmp_path, objects).take(source("s3://data/model#1/"))
    assert not list((tmp_path / "models").glob("*"))
