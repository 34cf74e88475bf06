"""Folders of a container that are kept: their names are data, on the way out and on the way back in."""

import io
import tarfile
from types import SimpleNamespace

import pytest

from local_test.host.emulator_settings import ACCOUNT
from local_test.storage.destination import Destination
from local_test.storage.local_files import LocalFiles
from local_test.storage.object_store import ObjectStore
from local_test.training.results import Results
from local_test.training.synced_folder import UNFINISHED, SyncedFolder

ODD = {"..%2fhome%2f.bashrc": b"one", "a#1": b"two", "a#2": b"three", "sub/b?c": b"four"}


class Container:
    """A container whose folder holds `files` (by name, bytes), as the engine's archive names them; `put` is what it was
    given.
    """

    name, id = "container", "1"
    client = SimpleNamespace(
        api=SimpleNamespace(head=lambda *args, **more: SimpleNamespace(status_code=404), _url=lambda *args: "url")
    )

    def __init__(self, files, top="checkpoints"):
        self.files, self.put, self._top = files, {}, top

    def get_archive(self, folder):
        buffer = io.BytesIO()
        with tarfile.open(fileobj=buffer, mode="w") as archive:
            for name, content in self.files.items():
                member = tarfile.TarInfo(f"{self._top}/{name}" if name else self._top)
                member.size = len(content)
                archive.addfile(member, io.BytesIO(content))
        return [buffer.getvalue()], {}

    def put_archive(self, folder, data):
        with tarfile.open(fileobj=data) as archive:
            self.put = {member.name: archive.extractfile(member).read() for member in archive}


@pytest.fixture
def destination(tmp_path):
    objects = ObjectStore(tmp_path / "state/s3", ACCOUNT, "us-east-1")
    objects.ensure_bucket("bucket")
    (tmp_path / "state/spool").mkdir()
    return Destination(objects, LocalFiles([tmp_path / "home"], tmp_path / "state"), tmp_path / "state/spool")


@pytest.fixture(params=["s3", "file"])
def uri(request, tmp_path):
    return "s3://bucket/kept" if request.param == "s3" else (tmp_path / "home/kept").as_uri()


def kept(container, uri, destination):
    return SyncedFolder(container, "/opt/ml/checkpoints", uri, destination)


def stored(destination, uri):
    return {name: path.read_bytes() for name, path in destination.list(uri)}


def test_names_with_signs_of_uris_are_kept_and_come_back_as_they_were(destination, uri, tmp_path):
    assert kept(Container(ODD), uri, destination).store_changes() == len(ODD)
    assert stored(destination, uri) == ODD
    assert not (tmp_path / "home/home").exists() and list(destination.spool.iterdir()) == []
    container = Container({})
    kept(container, uri, destination).restore()
    assert container.put == ODD


@pytest.mark.parametrize("name", ["../x", "/x", "a/../../x", "a//b"])
def test_a_name_that_leads_out_is_refused_and_costs_itself_alone(destination, uri, tmp_path, name):
    with pytest.raises(ValueError, match="cannot be the name of a file"):
        kept(Container({"before": b"1", name: b"x", "behind": b"2"}), uri, destination).store_changes()
    assert (
        stored(destination, uri) == {"before": b"1", "behind": b"2"}
        and not (tmp_path / "home/x").exists()
        and list(destination.spool.iterdir()) == []
    )


def test_a_file_that_cannot_be_stored_costs_itself_alone_and_is_told(destination, tmp_path):
    (tmp_path / "home/kept").mkdir(parents=True)
    (tmp_path / "home/kept/out").symlink_to(tmp_path)
    folder = kept(Container({"a": b"a", "out/x": b"x", "b": b"b"}), (tmp_path / "home/kept").as_uri(), destination)
    for _ in range(2):
        with pytest.raises(
            ValueError, match="/opt/ml/checkpoints has a file that cannot be stored: 'out/x' would lie outside"
        ):
            folder.close()
    (tmp_path / "home/kept/out").unlink()
    assert (
        stored(destination, (tmp_path / "home/kept").as_uri()) == {"a": b"a", "b": b"b"}
        and not (tmp_path / "x").exists()
    )


def test_a_name_that_is_not_utf8_makes_no_key_and_is_told(destination):
    with pytest.raises(ValueError, match="not UTF-8"):
        kept(Container({"caf\udce9": b"x"}), "s3://bucket/kept", destination).store_changes()


def test_a_file_in_the_place_of_the_folder_is_not_stored(destination, uri):
    assert kept(Container({"": b"x"}), uri, destination).store_changes() == 0
    assert stored(destination, uri) == {}


@pytest.mark.parametrize(
    ("names", "message"),
    [
        (["../../etc/x"], r"'\.\.'"),
        (["/x"], "begins with a slash"),
        (["a//b"], "empty"),
        (["a", "a/b"], "'a' is a file"),
    ],
)
def test_keys_that_cannot_be_files_are_not_restored(destination, names, message):
    for name in names:
        destination.objects.put_bytes(f"s3://bucket/kept/{name}", b"x")
    container = Container({})
    with pytest.raises(ValueError, match=f"s3://bucket/kept: .*{message}"):
        kept(container, "s3://bucket/kept", destination).restore()
    assert container.put == {}


def test_a_link_that_leads_out_is_not_restored(destination, tmp_path):
    (tmp_path / "home/kept").mkdir(parents=True)
    (tmp_path / "secret").write_text("key")
    (tmp_path / "home/kept/last").symlink_to(tmp_path / "secret")
    container = Container({})
    with pytest.raises(ValueError, match="kept/last leads to"):
        kept(container, (tmp_path / "home/kept").as_uri(), destination).restore()
    assert container.put == {}


@pytest.mark.parametrize("base", ["s3://bucket/out#1", "file"])
def test_uncompressed_results_are_files_of_the_very_names_of_the_container(destination, tmp_path, base):
    base = (tmp_path / "home/out").as_uri() if base == "file" else base
    request = {"TrainingJobName": "job", "OutputDataConfig": {"S3OutputPath": base, "CompressionType": "NONE"}}
    Results(request, destination).store_model([Container(ODD, "model")])
    assert stored(destination, base) == {f"job/output/model/{name}": content for name, content in ODD.items()}
    assert list(destination.spool.iterdir()) == []


@pytest.mark.parametrize("names", [["../../../../.bashrc"], ["a", "a/b"]])
def test_uncompressed_results_that_cannot_be_files_are_refused_and_nothing_is_left_in_the_spool(
    destination, tmp_path, names
):
    request = {
        "TrainingJobName": "job",
        "OutputDataConfig": {"S3OutputPath": (tmp_path / "home").as_uri(), "CompressionType": "NONE"},
    }
    with pytest.raises(ValueError, match="cannot be"):
        Results(request, destination).store_model([Container(dict.fromkeys(names, b"x"), "model")])
    assert list(destination.spool.iterdir()) == [] and not (tmp_path / "home/.bashrc").exists()


def test_a_file_that_is_still_being_written_is_not_stored_before_it_has_its_name(destination, uri):
    container = Container({"000/a.tfevents": b"1", "000/b.tfevents.tmp": b"2", "index/c.json.tmp": b"3"})
    tensors = SyncedFolder(container, "/opt/ml/output/tensors", uri, destination, UNFINISHED)
    tensors.store_changes()
    assert stored(destination, uri) == {"000/a.tfevents": b"1"}
    container.files["000/b.tfevents"] = container.files.pop("000/b.tfevents.tmp")
    tensors.store_changes()
    assert stored(destination, uri) == {"000/a.tfevents": b"1", "000/b.tfevents": b"2"}
