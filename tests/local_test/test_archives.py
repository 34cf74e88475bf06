"""Archives: what comes out of one, and what is refused."""

import io
import tarfile

import pytest

from local_test.archives import files_archive, read_member, unpack


def test_text_files_travel_by_path():
    with tarfile.open(fileobj=io.BytesIO(files_archive({"input/config/a.json": "{}", "b": "é"}))) as archive:
        assert archive.extractfile("input/config/a.json").read() == b"{}"
        assert archive.extractfile("b").read().decode() == "é"


@pytest.mark.parametrize("name", ["../outside", "/outside"])
def test_a_member_outside_the_folder_is_not_written_there(tmp_path, name):
    archive = tmp_path / "model.tar.gz"
    with tarfile.open(archive, "w:gz") as packed:
        member = tarfile.TarInfo(name)
        member.size = 1
        packed.addfile(member, io.BytesIO(b"x"))
    folder = tmp_path / "inner" / "model"
    try:
        unpack(archive, folder)
    except tarfile.TarError:
        pass
    assert not (tmp_path / "inner" / "outside").exists() and not (tmp_path.anchor and (folder / "../outside").exists())


def test_one_member_can_be_read(tmp_path):
    with tarfile.open(tmp_path / "a.tar.gz", "w:gz") as packed:
        member = tarfile.TarInfo("evaluation.json")
        member.size = 2
        packed.addfile(member, io.BytesIO(b"{}"))
    assert read_member(tmp_path / "a.tar.gz", "evaluation.json") == b"{}"
