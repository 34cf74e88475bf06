"""The Makefile of a project that `make new` wrote: the same targets, with the project's own settings and folders."""

import pytest

from scripts import new_project
from tests.project.make.recorded_make import HOSTILE, MARK, TEXT, make


@pytest.fixture
def project(folder):
    """A project beside the folder, as `make new` writes it."""
    made = folder / "projects/cats"
    made.mkdir(parents=True)
    (folder / "projects" / new_project.CHECKOUT.name).symlink_to(folder)
    for name, text in new_project.project_files("cats", None, new_project.FILE.read_text(), TEXT).items():
        (made / name).write_text(text)
    return made


@pytest.mark.parametrize("value", HOSTILE)
def test_a_project_hands_its_values_on_letter_by_letter(folder, project, value):
    done, calls = make(project, "predict", {"PICTURE": value, "DATA": value})
    assert [arguments for arguments, _ in calls] == [[value]], done
    [(_, environment)] = calls
    assert environment["SAGEMAKER_PROJECT_FOLDER"] == str(project) and environment["IMAGE_PREFIX"] == "cats"
    assert environment["DATA"] == value and not list(folder.rglob(MARK))


def test_a_projects_pictures_are_its_own_and_its_verbs_run_here_too(project):
    _, calls = make(project, "upload", {})
    assert [arguments for arguments, _ in calls] == [["data"]]
    _, calls = make(project, "local-train", {"HYPERPARAMETERS": "epochs=2"})
    assert [(arguments, environment["LOCAL"]) for arguments, environment in calls] == [(["epochs=2"], "yes")]
    done, _ = make(project, "help", {})
    assert done.stdout == (project / "README.md").read_text()


def test_a_projects_own_folders_are_not_taken_for_programs_or_for_targets(project):
    (project / "scripts").mkdir()
    (project / "scripts/train.py").write_text("raise SystemExit('the wrong one')")
    (project / "train").mkdir()
    done, calls = make(project, "train", {})
    assert done.returncode == 0 and len(calls) == 1, done


def test_what_would_end_other_projects_work_is_not_a_target_of_one(project):
    for target in ("clean", "local-clean", "demo", "nonsense"):
        done, calls = make(project, target, {})
        assert done.returncode == 2 and calls == [], done
