"""Which objects are read, and where their outputs go."""

import json
from pathlib import Path

import pytest

from local_test.host.emulator_settings import ACCOUNT
from local_test.storage.local_files import LocalFiles
from local_test.storage.object_store import ObjectStore
from local_test.transform import job_objects
from local_test.transform.job_objects import InputObject, names_below, shares


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    store = ObjectStore(tmp_path_factory.mktemp("s3"), ACCOUNT, "us-east-1")
    store.ensure_bucket("data")
    keys = (
        "in/a.csv",
        "in/sub/b.csv",
        "in/folder/",
        "inner/c.csv",
        "many/2.csv",
        "many/1.csv",
        "many/10.csv",
        "ü %20?#.csv",
    )
    for key in keys:
        store.put_bytes(f"s3://data/{key}", key.encode())
    manifests = {
        "good": [{"prefix": "s3://data/in/"}, "sub/b.csv", "a.csv"],
        "gone": [{"prefix": "s3://data/in/"}, "z.csv"],
        "twice": [{"prefix": "s3://data/in/"}, "a.csv", "a.csv"],
        "none": [{"prefix": "s3://data/in/"}],
        "list": ["a.csv"],
        "numbers": [{"prefix": "s3://data/in/"}, 1],
        "outside": [{"prefix": "s3://data/in/"}, "../in/a.csv"],
        "leaves": [{"prefix": "s3://data/in/"}, "/home/a.csv"],
        "local": [{"prefix": "file:///etc/"}, "passwd"],
    }
    for name, manifest in manifests.items():
        store.put_bytes(f"s3://data/manifests/{name}", json.dumps(manifest).encode())
    store.put_bytes("s3://data/in/../in/a.csv", b"odd but allowed")
    return store


@pytest.fixture(scope="module")
def input_objects(tmp_path_factory):
    """The function with the folders of these tests allowed, and one of them withheld."""
    base = tmp_path_factory.getbasetemp()
    return lambda source, store: job_objects.input_objects(source, store, LocalFiles([base], base / "state"))


def prefix(uri):
    return {"S3DataType": "S3Prefix", "S3Uri": uri}


def manifest(uri):
    return {"S3DataType": "ManifestFile", "S3Uri": uri}


def outputs(found):
    return {one.uri: one.output for one in found}


def test_every_object_of_a_prefix_is_read_and_its_output_is_named_below_the_prefix(store, input_objects):
    found = input_objects(prefix("s3://data/in/sub"), store)
    assert outputs(found) == {"s3://data/in/sub/b.csv": "b.csv.out"}
    assert found[0].path.read_bytes() == b"in/sub/b.csv"


def test_objects_are_numbered_in_the_order_of_their_keys_and_folder_markers_are_none(store, input_objects):
    found = input_objects(prefix("s3://data/inne"), store) + input_objects(prefix("s3://data/many"), store)
    assert [(one.number, one.output) for one in found] == [
        (0, "inner/c.csv.out"),
        (0, "1.csv.out"),
        (1, "10.csv.out"),
        (2, "2.csv.out"),
    ]
    with pytest.raises(ValueError, match="No S3 objects found"):
        input_objects(prefix("s3://data/in/folder/"), store)


def test_a_uri_may_be_one_object_with_any_name(store, input_objects):
    assert outputs(input_objects(prefix("s3://data/in/a.csv"), store)) == {"s3://data/in/a.csv": "a.csv.out"}
    assert outputs(input_objects(prefix("s3://data/ü %20?#.csv"), store)) == {
        "s3://data/ü %20?#.csv": "ü %20?#.csv.out"
    }


@pytest.mark.parametrize(
    ("asked", "keys", "names"),
    [
        ("data/a", ["data/a/x", "data/a/y/z"], ["x", "y/z"]),
        ("data/a/", ["data/a/x"], ["x"]),
        ("data/a", ["data/a"], ["a"]),
        ("data/a", ["data/a", "data/a/x"], ["a", "a/x"]),
        ("data/a", ["data/a.csv", "data/a/x"], ["a.csv", "a/x"]),
        ("data/part-", ["data/part-1", "data/part-2/x"], ["part-1", "part-2/x"]),
        ("a", ["a"], ["a"]),
        ("", ["a", "b/c"], ["a", "b/c"]),
    ],
)
def test_names_below_a_prefix(asked, keys, names):
    assert names_below(asked, keys) == names


@pytest.mark.parametrize("uri", ["s3://data/nothing", "s3://nobucket/in"])
def test_a_uri_without_objects_is_told(store, uri, input_objects):
    with pytest.raises(ValueError, match=r"No S3 objects found|no bucket"):
        input_objects(prefix(uri), store)


def test_a_manifest_names_objects_in_its_own_order_and_outputs_by_its_own_names(store, input_objects):
    found = input_objects(manifest("s3://data/manifests/good"), store)
    assert [(one.number, one.uri, one.output) for one in found] == [
        (0, "s3://data/in/sub/b.csv", "sub/b.csv.out"),
        (1, "s3://data/in/a.csv", "a.csv.out"),
    ]


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("gone", "There is no object s3://data/in/z.csv"),
        ("twice", "names a.csv 2 times"),
        ("none", "No S3 objects found"),
        ("list", "is not a manifest"),
        ("numbers", "is not a manifest"),
        ("outside", "cannot be the name of a file"),
        ("leaves", "cannot be the name of a file"),
        ("local", "can only name objects in S3"),
        ("missing", "There is no object"),
    ],
)
def test_a_manifest_that_does_not_hold_is_told(store, name, message, input_objects):
    with pytest.raises(ValueError, match=message):
        input_objects(manifest(f"s3://data/manifests/{name}"), store)


def test_folders_files_and_manifests_of_this_machine_are_read_in_place(store, tmp_path, input_objects):
    for name in ("b.csv", "a #1.csv", "sub/c.csv"):
        (tmp_path / "in" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "in" / name).write_text(name)
    folder = (tmp_path / "in").as_uri()
    assert [one.output for one in input_objects(prefix(folder), store)] == [
        "a #1.csv.out",
        "b.csv.out",
        "sub/c.csv.out",
    ]
    (one,) = input_objects(prefix((tmp_path / "in/a #1.csv").as_uri()), store)
    assert (one.output, one.path.read_text()) == ("a #1.csv.out", "a #1.csv")
    (tmp_path / "manifest").write_text(json.dumps([{"prefix": folder + "/"}, "sub/c.csv", "a #1.csv"]))
    found = input_objects(manifest((tmp_path / "manifest").as_uri()), store)
    assert [(one.output, one.path.read_text()) for one in found] == [
        ("sub/c.csv.out", "sub/c.csv"),
        ("a #1.csv.out", "a #1.csv"),
    ]
    (tmp_path / "manifest").write_text(json.dumps([{"prefix": folder + "/"}, "gone.csv"]))
    with pytest.raises(ValueError, match=r"there is no file .*gone.csv"):
        input_objects(manifest((tmp_path / "manifest").as_uri()), store)


def test_a_folder_that_is_not_there_is_told(store, tmp_path, input_objects):
    with pytest.raises(ValueError, match="No S3 objects found"):
        input_objects(prefix((tmp_path / "nowhere").as_uri()), store)


def test_every_object_goes_to_exactly_one_instance():
    objects = [InputObject(number, "", Path(), "") for number in range(7)]
    shared = shares(objects, 3)
    assert sorted(one.number for share in shared for one in share) == list(range(7))
    assert [len(share) for share in shared] == [3, 2, 2]
    assert shares(objects[:1], 2) == [objects[:1], []]


def test_a_key_whose_output_would_lead_out_is_refused(input_objects, store):
    store.put_bytes("s3://data/up/../a.csv", b"x")
    with pytest.raises(ValueError, match="outside S3OutputPath"):
        input_objects(prefix("s3://data/up"), store)


@pytest.mark.parametrize("path", ["/etc/hostname", "/etc"])
def test_files_outside_the_allowed_folders_are_refused(input_objects, store, path):
    with pytest.raises(ValueError, match="outside the folders that the local SageMaker was started for"):
        input_objects(prefix(f"file://{path}"), store)


def test_a_link_that_leads_out_is_refused_by_its_name(input_objects, store, tmp_path):
    (tmp_path / "in").mkdir()
    (tmp_path / "in/a.csv").symlink_to("/etc/hostname")
    with pytest.raises(ValueError, match=r"in/a.csv leads to /etc/hostname, which is outside"):
        input_objects(prefix((tmp_path / "in").as_uri()), store)
