"""The identity of a service: random, kept in its folder, for its user alone."""

import os
import shutil
import stat

import pytest

from local_test.host.identity import access_key_of, identity_of, make_private, read_identity


def test_a_folder_keeps_its_identity(tmp_path):
    made = identity_of(tmp_path)
    assert identity_of(tmp_path) == read_identity(tmp_path) == made and access_key_of(tmp_path) == made.access_key


def test_two_folders_of_the_same_path_are_two(tmp_path):
    folder = tmp_path / "state"
    names = set()
    for _ in range(2):
        folder.mkdir()
        found = identity_of(folder)
        names |= {found.name, found.access_key.id, found.access_key.secret}
        shutil.rmtree(folder)
    assert len(names) == 6


def test_its_file_is_readable_by_its_user_alone(tmp_path):
    before = os.umask(0)
    try:
        identity_of(tmp_path)
    finally:
        os.umask(before)
    assert [stat.S_IMODE(path.stat().st_mode) for path in tmp_path.iterdir()] == [0o600]


def test_what_an_earlier_start_left_half_written_is_no_identity(tmp_path):
    (tmp_path / ".identity.json.unfinished").write_text("{")
    assert read_identity(tmp_path) is None
    assert identity_of(tmp_path).name.startswith("local-sagemaker-")


def test_a_folder_is_closed_to_others_also_one_that_was_open(tmp_path):
    folder = tmp_path / "a/b"
    folder.mkdir(parents=True)
    folder.chmod(0o777)
    make_private(folder)
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700


@pytest.mark.skipif(os.getuid() != 0, reason="only root can make another user's folder")
def test_a_folder_of_another_user_is_refused(tmp_path):
    os.chown(tmp_path, 65534, 65534)
    with pytest.raises(PermissionError, match="belongs to another user"):
        make_private(tmp_path)


def test_before_the_first_start_there_is_no_key(tmp_path):
    with pytest.raises(FileNotFoundError, match="no local SageMaker yet"):
        access_key_of(tmp_path)


@pytest.mark.parametrize("content", ["", "{", "[]", '{"name": "x"}'])
def test_a_damaged_identity_is_a_sentence_with_the_way_out(tmp_path, content):
    (tmp_path / "identity.json").write_text(content)
    with pytest.raises(ValueError, match=r"identity\.json, with the name and the key .* is damaged\. Put a copy back"):
        read_identity(tmp_path)
