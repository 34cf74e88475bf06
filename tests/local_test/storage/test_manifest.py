"""Manifests, which are data when they are in S3: what they may name."""

import json

import pytest

from local_test.host.emulator_settings import ACCOUNT
from local_test.storage.local_files import LocalFiles
from local_test.storage.manifest import read_manifest
from local_test.storage.object_store import ObjectStore


@pytest.fixture
def world(tmp_path):
    """read(manifest, in_s3=True): what a manifest names, as (name, uri, text)."""
    objects = ObjectStore(tmp_path / "state/s3", ACCOUNT, "us-east-1")
    objects.ensure_bucket("data")
    for key in ("in/a#1", "in/b?c", "in/..%2fx", "inner"):
        objects.put_bytes(f"s3://data/{key}", key.encode())
    for name in ("work/in/a#1", "work/in/sub/b", "secret/key"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(name)
    (tmp_path / "work/in/link").symlink_to(tmp_path / "secret/key")
    files = LocalFiles([tmp_path / "work"], tmp_path / "state")

    def read(manifest, in_s3=True):
        text = manifest if isinstance(manifest, bytes) else json.dumps(manifest).encode()
        uri = "s3://data/manifest"
        if in_s3:
            objects.put_bytes(uri, text)
        else:
            (tmp_path / "work/manifest").write_bytes(text)
            uri = (tmp_path / "work/manifest").as_uri()
        return [(entry.name, entry.uri, entry.path.read_text()) for entry in read_manifest(uri, objects, files)]

    return read


@pytest.mark.parametrize("in_s3", [True, False])
def test_names_are_parts_of_keys_as_they_are(world, in_s3):
    found = world([{"prefix": "s3://data/in/"}, "b?c", "a#1", "..%2fx"], in_s3)
    assert found == [(name, f"s3://data/in/{name}", f"in/{name}") for name in ("b?c", "a#1", "..%2fx")]
    assert world([{"prefix": "s3://data/in"}, "ner"], in_s3) == [("ner", "s3://data/inner", "inner")]


def test_a_manifest_of_this_machine_may_name_files_of_this_machine(world, tmp_path):
    folder = (tmp_path / "work/in").as_uri()
    for prefix in (folder, f"{folder}/"):
        assert world([{"prefix": prefix}, "sub/b", "a#1"], in_s3=False) == [
            ("sub/b", f"{folder}/sub/b", "work/in/sub/b"),
            ("a#1", f"{folder}/a%231", "work/in/a#1"),
        ]


@pytest.mark.parametrize(
    "prefix", ["file:///", "file:///etc/", "file:/etc/", "FILE:///etc/", "/etc/", "", "https://data/in/"]
)
def test_a_manifest_in_s3_names_no_file_of_this_machine(world, prefix):
    with pytest.raises(ValueError, match=r"can only name objects in S3|should look like s3://"):
        world([{"prefix": prefix}, "passwd"])


@pytest.mark.parametrize("in_s3", [True, False])
@pytest.mark.parametrize(
    "name", ["/home/user/.ssh/authorized_keys", "../x", "a/../../x", "", "a//b", "a\0", "x" * 256, "\ud800"]
)
def test_only_relative_names_are_taken(world, tmp_path, in_s3, name):
    prefix = "s3://data/in/" if in_s3 else (tmp_path / "work/in").as_uri()
    with pytest.raises(ValueError, match=r"The manifest .* cannot be the name of a file in a folder"):
        world([{"prefix": prefix}, "a#1", name], in_s3)


@pytest.mark.parametrize(
    ("prefix", "name", "message"),
    [
        ("work/in", "link", "link leads to .*secret/key, which is outside"),
        ("secret", "key", "outside the folders"),
        ("work/in", "sub", "there is no file"),
        ("work/in", "gone", "there is no file"),
        ("state", "s3/lock", "own folder"),
    ],
)
def test_what_a_manifest_of_this_machine_names_must_be_an_allowed_file(world, tmp_path, prefix, name, message):
    with pytest.raises(ValueError, match=message):
        world([{"prefix": (tmp_path / prefix).as_uri()}, name], in_s3=False)


@pytest.mark.parametrize(
    "text",
    [
        b"{}",
        b"[]",
        b"no json",
        b"\xff",
        b'["a"]',
        b"[1]",
        b'[{"prefix": 1}]',
        b'[{"prefix": "s3://data/in/"}, 1]',
        b"[" * 100_000,
    ],
    ids=["object", "empty", "text", "bytes", "list", "number", "prefix", "name", "deep"],
)
def test_what_is_no_manifest_is_refused_with_its_name(world, text):
    with pytest.raises(ValueError, match="s3://data/manifest is not a manifest"):
        world(text)


def test_an_object_that_is_not_there_is_told(world):
    with pytest.raises(ValueError, match="There is no object s3://data/in/gone"):
        world([{"prefix": "s3://data/in/"}, "gone"])
