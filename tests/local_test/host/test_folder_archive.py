"""A folder as a tar archive, as a container's engine unpacks it."""

import io
import os
import tarfile

import pytest

from local_test.host.folder_archive import BLOCK, folder_archive


def unpacked(folder):
    return tarfile.open(fileobj=io.BytesIO(b"".join(folder_archive(folder))))


def test_files_and_folders_come_with_their_bytes_and_are_readable_by_all(tmp_path):
    contents = {
        "a": b"",
        "b/c": b"x" * 513,
        "b/" + "long" * 50: b"y",
        "ü/\udcff": b"z" * (BLOCK + 1),
    }
    for name, content in contents.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(content)
    (tmp_path / "empty").mkdir()
    (tmp_path / "a").chmod(0o600)
    with unpacked(tmp_path) as archive:
        members = {member.name: member for member in archive}
        assert members.keys() == {*contents, "b", "ü", "empty"}
        assert all(archive.extractfile(members[name]).read() == content for name, content in contents.items())
    assert {(one.mode, one.uid) for one in members.values() if one.isfile()} == {(0o644, 0)}
    assert {(one.mode, one.uid) for one in members.values() if one.isdir()} == {(0o755, 0)}


def test_a_file_that_is_cut_while_it_is_read_is_an_error_not_a_shorter_file(tmp_path):
    path = tmp_path / "growing"
    path.write_bytes(b"x" * (BLOCK + 10))
    blocks = folder_archive(tmp_path)
    next(blocks)
    os.truncate(path, BLOCK)
    with pytest.raises(OSError, match="growing became shorter"):
        list(blocks)
