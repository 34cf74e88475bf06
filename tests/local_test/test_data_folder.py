"""DATA=: a folder or a zip with the three splits."""

import zipfile

import pytest

from local_test.demo.data_folder import data_folder, pictures_of


@pytest.fixture
def splits(tmp_path):
    for split in ("train", "valid", "test"):
        (tmp_path / "dogs" / split / "001.Beagle").mkdir(parents=True)
        (tmp_path / "dogs" / split / "001.Beagle" / "a.jpg").write_bytes(b"1")
        (tmp_path / "dogs" / split / "Cat").mkdir()
        (tmp_path / "dogs" / split / "Cat" / "b.PNG").write_bytes(b"2")
    return tmp_path / "dogs"


def test_a_folder_is_used_where_it_lies(splits, tmp_path):
    assert data_folder(splits, tmp_path / "unpacked") == splits


def test_a_folder_around_it_will_do(splits, tmp_path):
    assert data_folder(splits.parent, tmp_path / "unpacked") == splits


def test_a_zip_is_unpacked_once(splits, tmp_path):
    source = tmp_path / "dogs.zip"
    with zipfile.ZipFile(source, "w") as archive:
        for path in splits.rglob("*"):
            archive.write(path, path.relative_to(splits.parent))
    folder = data_folder(source, tmp_path / "unpacked")
    (folder / "mark").touch()
    assert data_folder(source, tmp_path / "unpacked") == folder and (folder / "mark").exists()
    assert [label for _, label in pictures_of(folder / "test")] == ["Beagle", "Cat"]


@pytest.mark.parametrize(
    ("name", "message"), [("missing", "does not exist"), ("text.zip", "neither a folder nor a zip")]
)
def test_anything_else_is_named(tmp_path, name, message):
    (tmp_path / "text.zip").write_text("no")
    with pytest.raises(ValueError, match=message):
        data_folder(tmp_path / name, tmp_path / "unpacked")


def test_a_broken_zip_is_named(tmp_path):
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.writestr("a/b.jpg", b"0123456789" * 50)
    content = bytearray((tmp_path / "a.zip").read_bytes())
    content[60] ^= 0xFF
    (tmp_path / "a.zip").write_bytes(content)
    with pytest.raises(ValueError, match=r"a.zip cannot be unpacked"):
        data_folder(tmp_path / "a.zip", tmp_path / "unpacked")


def test_a_split_without_pictures_is_named(tmp_path):
    (tmp_path / "test/Cat").mkdir(parents=True)
    with pytest.raises(ValueError, match=r"no JPEG or PNG in the class folders of .*test"):
        pictures_of(tmp_path / "test")


def test_a_folder_without_splits_is_named(tmp_path):
    (tmp_path / "train").mkdir()
    with pytest.raises(ValueError, match="no folders train, valid and test"):
        data_folder(tmp_path, tmp_path / "unpacked")
