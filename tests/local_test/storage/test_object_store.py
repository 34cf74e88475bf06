"""The store from inside the service, where the files behind objects keep what was linked."""

import hashlib
import os

import pytest

from local_test.storage.object_store import ObjectStore, StorageError, split_uri

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
