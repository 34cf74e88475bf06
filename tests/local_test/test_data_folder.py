"""DATA=: a folder or a zip with the three splits."""

import shutil
import zipfile

import pytest

from contract.data_files import find_files
from local_test.demo.data_folder import data_folder, pictures_of
from scripts.aws.data_source import data_files


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
    assert [label for _, label in pictures_of(folder / "test")] == ["001.Beagle", "Cat"]


@pytest.mark.parametrize(
    ("name", "message"), [("missing", "does not exist"), ("text.zip", "neither a folder nor a zip")]
)
def test_anything_else_is_named(tmp_path, name, message):
    (tmp_path / "text.zip").write_text("no")
    with pytest.raises(ValueError, match=message):
        data_folder(tmp_path / name, tmp_path / "unpacked")


def test_a_broken_zip_is_named(tmp_path):
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        for split in ("train", "valid", "test"):
            archive.writestr(f"{split}/a/b.jpg", b"0123456789" * 50)
    content = bytearray((tmp_path / "a.zip").read_bytes())
    content[60] ^= 0xFF
    (tmp_path / "a.zip").write_bytes(content)
    with pytest.raises(ValueError, match=r"b.jpg in .*a.zip cannot be read"):
        data_folder(tmp_path / "a.zip", tmp_path / "unpacked")


def test_a_split_without_pictures_is_named(tmp_path):
    (tmp_path / "test/Cat").mkdir(parents=True)
    (tmp_path / "train").mkdir()
    with pytest.raises(ValueError, match=r"no JPEG or PNG in the class folders of .*test"):
        pictures_of(tmp_path / "test")


def test_a_folder_without_splits_is_named(tmp_path):
    (tmp_path / "train").mkdir()
    with pytest.raises(ValueError, match="no folders train, valid and test"):
        data_folder(tmp_path, tmp_path / "unpacked")


def test_a_split_that_the_demo_wants_is_named(splits, tmp_path):
    shutil.rmtree(splits / "test")
    with pytest.raises(ValueError, match=r"has no test\. The demo wants train, valid and test"):
        data_folder(splits, tmp_path / "unpacked")


def test_other_layouts_are_laid_out_once_without_copies(splits, tmp_path, capsys):
    (splits / "valid").rename(splits / "validation")
    (splits / "train/Cat").rename(tmp_path / "cats")
    (splits / "train/Cat").symlink_to(tmp_path / "cats")
    folder = data_folder(splits, tmp_path / "arranged")
    assert "validation is taken as valid" in capsys.readouterr().out
    assert [label for _, label in pictures_of(folder / "train")] == ["001.Beagle", "Cat"]
    assert (folder / "valid/Cat/b.PNG").samefile(splits / "validation/Cat/b.PNG")
    (folder / "mark").touch()
    assert data_folder(splits, tmp_path / "arranged") == folder and (folder / "mark").exists()
    (tmp_path / "cats/b.PNG").write_bytes(b"another")
    assert data_folder(splits, tmp_path / "arranged") != folder


def test_class_folders_alone_are_split_as_upload_splits_them(tmp_path):
    names = [f"{folder}/{number}.jpg" for folder in ("Beagle", "Cat") for number in range(10)]
    for name in names:
        (tmp_path / "pets" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "pets" / name).write_bytes(b"1")
    folder = data_folder(tmp_path / "pets", tmp_path / "arranged")
    with data_files(tmp_path / "pets") as files:
        assert sorted(file.name for file in files) == find_files(folder).names
    assert len(pictures_of(folder / "test")) == 2


def test_hidden_pictures_are_none_of_the_test_split(splits):
    (splits / "test/Cat/.ipynb_checkpoints").mkdir()
    (splits / "test/Cat/.ipynb_checkpoints/b.png").write_bytes(b"2")
    assert len(pictures_of(splits / "test")) == 2


def test_the_classes_of_train_decide_what_a_test_picture_is_called(splits):
    for split in ("train", "test"):
        (splits / split / "Cat").rename(splits / split / "1.25 mm")
    assert [label for _, label in pictures_of(splits / "test")] == ["001.Beagle", "1.25 mm"]
