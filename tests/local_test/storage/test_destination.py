"""Outputs below a base URI, under names that came with data or out of containers."""

import os

import pytest

from local_test.host.emulator_settings import ACCOUNT
from local_test.storage.destination import Destination, location
from local_test.storage.local_files import LocalFiles
from local_test.storage.object_store import ObjectStore

ODD = ["..%2fhome%2f.bashrc", "a#1", "a#2", "a?b", "%2e%2e/x", "ü b", "sub/a%20b", "n" * 255]


@pytest.fixture
def objects(tmp_path):
    store = ObjectStore(tmp_path / "state/s3", ACCOUNT, "us-east-1")
    store.ensure_bucket("bucket")
    return store


@pytest.fixture
def destination(tmp_path, objects):
    (tmp_path / "state/spool").mkdir()
    return Destination(objects, LocalFiles([tmp_path / "home"], tmp_path / "state"), tmp_path / "state/spool")


@pytest.fixture
def stored(destination):
    def store(base, name, text=None):
        path = destination.spool / "one"
        path.write_text(text or name)
        try:
            destination.put(base, name, path)
        finally:
            path.unlink(missing_ok=True)

    return store


def everything(folder):
    return {path.relative_to(folder).as_posix(): path.read_text() for path in folder.rglob("*") if path.is_file()}


def test_names_are_files_of_those_very_names(destination, stored, tmp_path):
    base = (tmp_path / "home/out#1 a").as_uri()
    for name in ODD:
        stored(base, name)
    assert everything(tmp_path / "home") == {f"out#1 a/{name}": name for name in ODD}
    assert {name: path.read_text() for name, path in destination.list(base)} == {name: name for name in ODD}


def test_a_base_with_a_number_sign_is_that_folder(stored, tmp_path):
    stored(f"file://{tmp_path}/home/a#1", "x")
    stored(f"file://{tmp_path}/home/a?2/", "x")
    stored(f"file://{tmp_path}/home/a%2520", "x")
    assert set(everything(tmp_path / "home")) == {"a#1/x", "a?2/x", "a%20/x"}


def test_keys_are_those_very_names_too(destination, stored, objects):
    for name in [*ODD, "a//b", "../x"]:
        stored("s3://bucket/k#1/", name)
    assert {one.key for one in objects.list("s3://bucket/")} == {f"k#1/{name}" for name in [*ODD, "a//b", "../x"]}
    assert {name: path.read_text() for name, path in destination.list("s3://bucket/k#1")} == {
        name: name for name in [*ODD, "a//b", "../x"]
    }


@pytest.mark.parametrize("name", ["../x", "/etc/x", "a//b", "", "a\0", "n" * 256, "a/../../x"])
def test_a_name_that_leads_out_is_refused_and_nothing_is_written(destination, stored, tmp_path, name):
    with pytest.raises(ValueError, match="cannot be the name of a file"):
        destination.check_name((tmp_path / "home/out").as_uri(), name)
    with pytest.raises(ValueError, match="cannot be the name of a file"):
        stored((tmp_path / "home/out").as_uri(), name, "text")
    assert everything(tmp_path) == {
        "state/s3/lock": "",
        "state/s3/buckets/bucket/bucket.json": everything(tmp_path)["state/s3/buckets/bucket/bucket.json"],
    }


@pytest.mark.parametrize(
    ("name", "message"), [("", "1 to 1024"), ("k/" + "ü" * 600, "1 to 1024"), ("caf\udce9", "is not UTF-8")]
)
def test_a_name_that_makes_no_key_is_refused(destination, stored, name, message):
    with pytest.raises(ValueError, match=message):
        stored("s3://bucket/base", name, "text")


def test_an_existing_file_is_never_followed_out_of_the_folder(stored, tmp_path):
    (tmp_path / "home/out").mkdir(parents=True)
    (tmp_path / ".bashrc").write_text("mine")
    (tmp_path / "home/out/file").symlink_to(tmp_path / ".bashrc")
    (tmp_path / "home/out/folder").symlink_to(tmp_path)
    base = (tmp_path / "home/out").as_uri()
    stored(base, "file", "theirs")
    with pytest.raises(ValueError, match="would lie outside"):
        stored(base, "folder/.bashrc", "theirs")
    assert (tmp_path / ".bashrc").read_text() == "mine" and not (tmp_path / "home/out/file").is_symlink()


@pytest.mark.parametrize("names", [("a", "a/b"), ("a/b", "a"), ("a", "a/b/c")])
def test_a_name_in_the_place_of_another_is_refused_by_name(stored, tmp_path, names):
    base = (tmp_path / "home/out").as_uri()
    stored(base, names[0])
    with pytest.raises(ValueError, match=f"'{names[1]}' cannot be stored"):
        stored(base, names[1])
    assert everything(tmp_path / "home/out") == {names[0]: names[0]}


def test_outputs_can_be_read_by_all_whatever_the_umask(stored, tmp_path):
    (tmp_path / "home").mkdir(mode=0o700)
    before = os.umask(0o077)
    try:
        stored((tmp_path / "home/a").as_uri(), "b/c")
    finally:
        os.umask(before)
    modes = {path.name: path.stat().st_mode & 0o777 for path in (tmp_path / "home").rglob("*")}
    assert modes == {"a": 0o755, "b": 0o755, "c": 0o644} and (tmp_path / "home").stat().st_mode & 0o777 == 0o700


def test_a_base_that_cannot_be_written_is_found_before_a_job_runs(destination, tmp_path):
    (tmp_path / "home").mkdir()
    (tmp_path / "home/file").write_text("")
    destination.check((tmp_path / "home/new").as_uri())
    destination.check("s3://bucket/any")
    for base, message in [
        ((tmp_path / "home/file/x").as_uri(), "cannot be made a folder"),
        ((tmp_path / "elsewhere").as_uri(), "outside the folders"),
        ((tmp_path / "state/s3").as_uri(), "own folder"),
        ("s3://nobucket/x", "There is no bucket"),
        ("https://bucket/x", "not an S3 URI"),
    ]:
        with pytest.raises(ValueError, match=message):
            destination.check(base)
    assert not (tmp_path / "elsewhere").exists()


def test_a_place_that_is_not_there_is_empty(destination, tmp_path):
    assert (
        destination.list((tmp_path / "home/none").as_uri())
        == destination.list("s3://nobucket/x")
        == destination.list("s3://bucket/x")
        == []
    )


def test_a_client_is_told_a_uri_that_leads_to_the_file(tmp_path):
    assert location("s3://b/o/", "a b#.out") == "s3://b/o/a b#.out"
    assert location("file:///o", "a b#.out") == "file:///o/a%20b%23.out"
