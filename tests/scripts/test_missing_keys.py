"""A project's sagemaker.toml that is older than the checkout: what it lacks is taken from there, and said."""

import re
import tomllib

import pytest

from scripts.config import settings as settings_module
from scripts.config.settings import FILE, load_settings
from scripts.console.failure import Failure

LINES = FILE.read_text().splitlines()


@pytest.fixture
def project(tmp_path):
    """`project(without)`: settings without the lines that begin so, a section's with all that is in it."""

    def write(*without: str):
        kept, leaves_out = [], False
        for line in LINES:
            if line.startswith("["):
                leaves_out = line.startswith(without)
            if not leaves_out and not line.startswith(without):
                kept.append(line)
        file = tmp_path / "sagemaker.toml"
        file.write_text("\n".join(kept).replace('prefix = "dogbreed"', 'prefix = "cats"'))
        tomllib.loads(file.read_text())
        return {"SAGEMAKER_PROJECT_FOLDER": str(tmp_path)}

    return write


def test_keys_and_sections_that_are_missing_have_the_checkouts_values_and_are_named(project, capsys):
    found = load_settings(environment=project("keep-alive-seconds", "shell", "[costs", "[tune.ranges]"))
    shipped = load_settings(environment={})
    assert found == shipped.model_copy(update={"prefix": "cats"})
    said = capsys.readouterr().err
    assert said.count("\n") == 1 and f"taken, from {FILE}. Copy lines" in said
    assert "has no train.keep-alive-seconds, train.shell, [tune.ranges], [costs]: this version's values" in said


def test_a_file_from_before_all_sections_is_enough(project, capsys):
    assert load_settings(environment=project("[")).prefix == "cats"
    assert "[train]" in capsys.readouterr().err


def test_a_whole_file_is_nothing_to_talk_about(project, capsys):
    load_settings(environment=project("no such line"))
    load_settings(environment={})
    assert capsys.readouterr().err == ""


def test_what_the_environment_has_is_not_called_missing(project, capsys):
    environment = project("shell", "spot") | {"SAGEMAKER_TRAIN_SHELL": "true"}
    assert load_settings(environment=environment).train.shell
    said = capsys.readouterr().err
    assert "train.spot" in said and "train.shell" not in said


def test_names_of_the_users_own_are_not_mixed_with_the_checkouts(project, tmp_path, capsys):
    environment = project("DOGBREED_TOP_K", "lr =")
    found = load_settings(environment=environment)
    assert found.environment == {} and list(found.tune.ranges) == ["batch-size"]
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize("key", ["prefix", "role", "bucket", "region"])
def test_what_is_each_projects_own_is_never_anothers(project, key):
    with pytest.raises(Failure, match=rf"{key} is missing\. Write it there"):
        load_settings(environment=project(f"{key} ="))


def test_a_misspelt_key_is_still_an_error(project, tmp_path, capsys):
    environment = project("spot =")
    file = tmp_path / "sagemaker.toml"
    file.write_text(file.read_text().replace("[train]\n", "[train]\nspott = true\n"))
    with pytest.raises(Failure, match=r"train\.spott is unknown\. Did you mean spot\?"):
        load_settings(environment=environment)
    assert capsys.readouterr().err == ""


def test_the_checkouts_own_file_takes_nothing_from_itself(tmp_path, monkeypatch):
    own = tmp_path / "sagemaker.toml"
    own.write_text(re.sub("(?m)^shell = .*$", "", FILE.read_text()))
    monkeypatch.setattr(settings_module, "FILE", own)
    with pytest.raises(Failure, match=r"train\.shell is missing\."):
        load_settings(environment={})


def test_a_checkout_that_lost_its_file_is_only_missed_by_who_needs_it(project, tmp_path, monkeypatch):
    monkeypatch.setattr(settings_module, "FILE", tmp_path / "none" / "sagemaker.toml")
    assert load_settings(environment=project("no such line")).prefix == "cats"
    with pytest.raises(Failure, match=r"train\.shell is missing\."):
        load_settings(environment=project("shell"))
