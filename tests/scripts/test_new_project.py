"""make new: a folder with settings, Makefile and README of its own; what is there is never changed."""

import tomllib

import pytest

from scripts import new_project
from scripts.config.settings import FILE, load_settings
from scripts.console.failure import Failure
from scripts.new_project import project_files

MAKEFILE = (FILE.parent / "Makefile").read_text()


@pytest.fixture
def checkout(tmp_path, monkeypatch):
    """A checkout that may have neighbours."""
    folder = tmp_path / "checkout"
    folder.mkdir()
    (folder / "Makefile").write_text(MAKEFILE)
    monkeypatch.setattr(new_project, "CHECKOUT", folder)
    return folder


def test_a_project_has_its_settings_its_pictures_and_a_readme_of_ten_lines(checkout, tmp_path, capsys, monkeypatch):
    (tmp_path / "my pictures $x").mkdir()
    assert new_project.main(["cats", str(tmp_path / "my pictures $x")]) == 0
    project = tmp_path / "cats"
    assert f"cd {project} && make" in capsys.readouterr().out
    assert sorted(one.name for one in project.iterdir()) == [".gitignore", "Makefile", "README.md", "sagemaker.toml"]
    assert f"DATA ?= {tmp_path}/my pictures $x\n" in (project / "Makefile").read_text()
    assert len((project / "README.md").read_text().splitlines()) <= 10
    settings = load_settings(environment={"SAGEMAKER_PROJECT_FOLDER": str(project)})
    assert settings == load_settings(environment={}).model_copy(update={"prefix": "cats"})


def test_what_is_there_stays(checkout, tmp_path, capsys):
    (tmp_path / "cats").mkdir()
    (tmp_path / "cats/mine").write_text("mine")
    assert new_project.main(["cats"]) == 1 and "is there already" in capsys.readouterr().err
    assert [one.name for one in (tmp_path / "cats").iterdir()] == ["mine"]


@pytest.mark.parametrize("name", ["Cats", "a/b", "../x", "-x", "", "x" * 33, "dog-train", "a b", "$x"])
def test_a_name_that_cannot_begin_others_makes_nothing(checkout, tmp_path, name):
    with pytest.raises(Failure, match="NAME="):
        project_files(name, None, FILE.read_text(), MAKEFILE)
    assert [one.name for one in tmp_path.iterdir()] == ["checkout"]


def test_pictures_that_are_not_there_and_names_that_make_reads_otherwise_are_refused(checkout, tmp_path, capsys):
    assert new_project.main(["cats", str(tmp_path / "none")]) == 1
    assert "There is no" in capsys.readouterr().err and not (tmp_path / "cats").exists()
    for odd in ("a#b", "a\\b", "a\nb", "a "):
        (tmp_path / odd).mkdir()
        assert new_project.main(["cats", str(tmp_path / odd)]) == 1 and not (tmp_path / "cats").exists()


def test_a_projects_settings_that_are_missing_are_told_with_where_to_copy_them_from(tmp_path):
    with pytest.raises(Failure, match=f"cp .*sagemaker.toml {tmp_path}/sagemaker.toml"):
        load_settings(environment={"SAGEMAKER_PROJECT_FOLDER": str(tmp_path)})


def test_the_schema_that_an_editor_reads_is_the_checkouts(checkout):
    text = project_files("cats", None, FILE.read_text(), MAKEFILE)["sagemaker.toml"]
    assert text.startswith("#:schema ../checkout/sagemaker.schema.json\n") and tomllib.loads(text)["prefix"] == "cats"
