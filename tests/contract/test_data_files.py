"""The files of a folder or a zip: links, hidden folders, what is broken."""

import os
import socket
import stat
import zipfile

import pytest

from contract.data_files import find_files, is_picture_file
from contract.data_zip import is_picture_member, open_zip, read_member, zip_members


def write(folder, *names, content=b"x"):
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)


def test_files_come_in_the_order_of_their_folders(tmp_path):
    write(tmp_path, "b/1.jpg", "a-1/2.jpg", "a/3.jpg", "a/b/4.jpg")
    assert find_files(tmp_path).names == ["a/3.jpg", "a/b/4.jpg", "a-1/2.jpg", "b/1.jpg"]


def test_links_to_folders_and_files_are_followed(tmp_path):
    write(tmp_path, "elsewhere/beagles/1.jpg", "elsewhere/beagles/deep/2.jpg", "elsewhere/3.jpg")
    (tmp_path / "data/train").mkdir(parents=True)
    (tmp_path / "data/train/Beagle").symlink_to(tmp_path / "elsewhere/beagles")
    (tmp_path / "data/valid").symlink_to("train")
    (tmp_path / "data/train/loose.jpg").symlink_to("../../elsewhere/3.jpg")
    inside = ["Beagle/1.jpg", "Beagle/deep/2.jpg", "loose.jpg"]
    assert find_files(tmp_path / "data").names == [f"{split}/{name}" for split in ("train", "valid") for name in inside]
    (tmp_path / "link").symlink_to("data")
    assert len(find_files(tmp_path / "link").names) == 6


def test_a_link_back_is_not_followed(tmp_path):
    write(tmp_path, "data/train/Beagle/1.jpg", "other/2.jpg")
    for name, target in {"me": ".", "up": "..", "out": "../../.."}.items():
        (tmp_path / "data/train" / name).symlink_to(target)
    found = find_files(tmp_path / "data")
    assert found.names == ["train/Beagle/1.jpg"] and sorted(found.circular) == ["train/me", "train/out", "train/up"]


def test_links_that_lead_nowhere_are_told(tmp_path):
    write(tmp_path, "Beagle/1.jpg")
    (tmp_path / "Cat").symlink_to("/nowhere/cats")
    (tmp_path / "Beagle/ring.jpg").symlink_to("ring.jpg")
    (tmp_path / "Beagle/.#lock").symlink_to("somebody@machine")
    found = find_files(tmp_path)
    assert sorted(found.broken) == ["Beagle/ring.jpg", "Cat"] and found.names == ["Beagle/1.jpg"]


def test_hidden_folders_are_counted_and_hidden_files_are_not_pictures(tmp_path):
    write(tmp_path, "Beagle/1.jpg", "Beagle/.DS_Store", "Beagle/._1.jpg", "Beagle/Thumbs.db", "desktop.ini")
    junk = ("Beagle/.ipynb_checkpoints/1.jpg", "__MACOSX/Beagle/._1.jpg", "@eaDir/1.jpg/t.jpg", ".Trash-1000/a/b.jpg")
    write(tmp_path, *junk)
    found = find_files(tmp_path)
    assert found.names == ["Beagle/1.jpg"]
    assert found.hidden == {".ipynb_checkpoints": 1, "__MACOSX": 1, "@eaDir": 1, ".Trash-1000": 1}


def test_sockets_and_pipes_are_no_files(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(str(tmp_path / "socket"))
    found = find_files(tmp_path)
    assert found.names == [] and found.broken == []


def test_a_file_without_a_suffix_is_a_picture_by_its_content(tmp_path):
    write(tmp_path, "n02088364_1", content=b"\xff\xd8\xff\xe0")
    write(tmp_path, "LICENSE", "1.JPG")
    assert [is_picture_file(tmp_path / name) for name in ("n02088364_1", "LICENSE", "1.JPG")] == [True, False, True]


def zipped(path, names, content=b"\xff\xd8\xff\xe0" * 100):
    with zipfile.ZipFile(path, "w") as archive:
        for name in names:
            archive.writestr(name, content)
    return path


def test_backslashes_of_windows_are_slashes(tmp_path):
    with open_zip(
        zipped(tmp_path / "a.zip", ["train\\Beagle\\", "train\\Beagle\\1", "valid\\Beagle\\2.jpg"])
    ) as archive:
        members = zip_members(archive)
        assert list(members) == ["train/Beagle/1", "valid/Beagle/2.jpg"]
        assert all(is_picture_member(archive, member) for member in members.values())


def test_a_backslash_beside_slashes_is_a_letter(tmp_path):
    with open_zip(zipped(tmp_path / "a.zip", ["train/AC\\DC/1.jpg"])) as archive:
        assert list(zip_members(archive)) == ["train/AC\\DC/1.jpg"]


def test_a_link_in_a_zip_is_named(tmp_path):
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        link = zipfile.ZipInfo("train/Beagle")
        link.external_attr = (stat.S_IFLNK | 0o777) << 16
        archive.writestr(link, "/elsewhere/beagles")
    with open_zip(tmp_path / "a.zip") as archive, pytest.raises(ValueError, match="holds a link, train/Beagle"):
        zip_members(archive)


@pytest.mark.parametrize("share", [0.3, 0.9, 0.999])
def test_a_zip_that_was_cut_short_is_named(tmp_path, share):
    path = zipped(tmp_path / "a.zip", [f"train/Beagle/{number}.jpg" for number in range(20)])
    whole = path.read_bytes()
    path.write_bytes(whole[: int(len(whole) * share)])
    with pytest.raises(ValueError, match=r"a.zip is a zip that was cut short.*download it again"):
        open_zip(path)


def test_what_is_no_zip_is_named(tmp_path):
    for content in (b"", b"no"):
        (tmp_path / "a.zip").write_bytes(content)
        with pytest.raises(ValueError, match="neither a folder nor a zip"):
            open_zip(tmp_path / "a.zip")


def test_a_broken_member_is_named(tmp_path):
    path = zipped(tmp_path / "a.zip", ["train/Beagle/1.jpg"])
    path.write_bytes(path.read_bytes().replace(b"\xff\xd8\xff\xe0", b"\xff\xd8\xff\xe1", 1))
    with open_zip(path) as archive, pytest.raises(ValueError, match=r"train/Beagle/1.jpg in .*a.zip cannot be read"):
        read_member(archive, zip_members(archive)["train/Beagle/1.jpg"])
