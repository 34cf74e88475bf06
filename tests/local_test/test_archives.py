"""Archives: what comes out of one, and what is refused."""

import io
import os
import tarfile

import pytest
from docker.errors import NotFound

from local_test.archives import folder_of, spooled_archive, tree_archive, unpack


def test_folders_and_text_files_travel_by_path():
    with tarfile.open(fileobj=io.BytesIO(tree_archive(["/opt/ml/model"], {"/input/config/a.json": "{}", "b": "é"}))) as archive:
        assert archive.getmember("opt/ml/model").isdir()
        assert archive.extractfile("input/config/a.json").read() == b"{}"
        assert archive.extractfile("b").read().decode() == "é"


def archive_with(path, member: tarfile.TarInfo):
    with tarfile.open(path, "w:gz") as packed:
        good = tarfile.TarInfo("good.txt")
        packed.addfile(good)
        packed.addfile(member, io.BytesIO(b"x" * member.size))
    return path


@pytest.mark.parametrize("name", ["../outside", "/outside", "a/../../outside"])
def test_a_member_outside_the_folder_is_refused_before_anything_is_written(tmp_path, name):
    member = tarfile.TarInfo(name)
    member.size = 1
    with pytest.raises(ValueError, match="only files and folders inside it are taken"):
        unpack(archive_with(tmp_path / "model.tar.gz", member), tmp_path / "inner/model", "model.tar.gz")
    assert [path.name for path in tmp_path.rglob("*")] == ["model.tar.gz"]


@pytest.mark.parametrize("kind", [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.CHRTYPE, tarfile.FIFOTYPE])
def test_links_and_devices_are_refused(tmp_path, kind):
    member = tarfile.TarInfo("odd")
    member.type, member.linkname = kind, "good.txt"
    with pytest.raises(ValueError, match="model.tar.gz has 'odd'"):
        unpack(archive_with(tmp_path / "model.tar.gz", member), tmp_path / "model", "model.tar.gz")


@pytest.mark.parametrize("content", [b"no archive", b"\x1f\x8b\x08\x00broken"])
def test_what_is_no_archive_is_named(tmp_path, content):
    (tmp_path / "model.tar.gz").write_bytes(content)
    with pytest.raises(ValueError, match="model.tar.gz is not a sound .tar.gz"):
        unpack(tmp_path / "model.tar.gz", tmp_path / "model", "model.tar.gz")


def test_files_and_folders_are_unpacked(tmp_path):
    member = tarfile.TarInfo("code/inference.py")
    member.size = 3
    unpack(archive_with(tmp_path / "model.tar.gz", member), tmp_path / "model", "model.tar.gz")
    assert (tmp_path / "model/code/inference.py").read_bytes() == b"xxx" and (tmp_path / "model/good.txt").exists()


def test_unpacked_files_are_the_users_own_whoever_packed_them(tmp_path, monkeypatch):
    monkeypatch.delattr(tarfile, "data_filter", raising=False)  # as on Debian 12's Python
    member = tarfile.TarInfo("a")
    member.uid = member.gid = 12345
    unpack(archive_with(tmp_path / "model.tar.gz", member), tmp_path / "model", "model.tar.gz")
    assert {path.stat().st_uid for path in (tmp_path / "model").iterdir()} == {os.getuid()}


def test_an_archive_that_was_cut_off_between_two_members_is_not_taken_for_a_whole_one():
    whole = tree_archive([], {"a": "x", "b": "y"})
    with spooled_archive([whole[:700], whole[700:]]) as spool:
        assert tarfile.open(fileobj=spool).getnames() == ["a", "b"]
    with pytest.raises(OSError, match="cut off after 1024 bytes"):
        spooled_archive([whole[:1024]])
    with pytest.raises(OSError, match="cut off after 0 bytes"):
        spooled_archive([])


class Gone:
    """A container without the folder that is asked for, or that is not there itself."""

    def __init__(self, itself):
        self._itself = itself

    def get_archive(self, folder):
        raise NotFound(folder)

    def reload(self):
        if self._itself:
            raise NotFound("container")


def test_a_container_that_is_gone_has_no_empty_folder():
    with folder_of(Gone(itself=False), "/opt/ml/model") as members:
        assert list(members) == []
    with pytest.raises(NotFound), folder_of(Gone(itself=True), "/opt/ml/model"):
        pass
