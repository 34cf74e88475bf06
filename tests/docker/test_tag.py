"""docker/tag.sh: the tag names the content."""

import shutil
import subprocess
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parents[2] / "docker" / "tag.sh"


@pytest.fixture
def repository(tmp_path):
    for folder in ("docker", "container", "contract", "tests"):
        (tmp_path / folder).mkdir()
    shutil.copy(SCRIPT, tmp_path / "docker/tag.sh")
    (tmp_path / "container/a.py").write_text("1")
    git(tmp_path, "init", "-q")
    git(tmp_path, "add", ".")
    git(tmp_path, "-c", "user.name=a", "-c", "user.email=a@b", "commit", "-qm", "a")
    return tmp_path


def git(folder, *arguments):
    return subprocess.run(["git", *arguments], cwd=folder, check=True, capture_output=True, text=True).stdout.strip()


def tag(folder):
    return subprocess.run([folder / "docker/tag.sh"], check=True, capture_output=True, text=True).stdout.strip()


def test_a_clean_tree_is_tagged_with_its_commit(repository):
    assert tag(repository) == git(repository, "rev-parse", "--short=12", "HEAD")


@pytest.mark.parametrize("path", ["container/a.py", "container/new.py", "contract/new.py", "docker/new.txt"])
def test_a_change_to_what_goes_into_an_image_makes_the_tag_dirty(repository, path):
    (repository / path).write_text("2")
    assert tag(repository).endswith("-dirty")


def test_baked_in_weights_are_part_of_the_tag(repository):
    (repository / "docker/weights").mkdir()
    (repository / "docker/weights/.gitignore").write_text("*")
    plain = tag(repository)
    (repository / "docker/weights/a.pth").write_text("one")
    one = tag(repository)
    (repository / "docker/weights/a.pth").write_text("two")
    assert one.startswith(f"{plain}-w") and len({plain, one, tag(repository)}) == 3


def test_outside_a_clone_it_says_so(tmp_path):
    (tmp_path / "docker").mkdir()
    shutil.copy(SCRIPT, tmp_path / "docker/tag.sh")
    done = subprocess.run([tmp_path / "docker/tag.sh"], capture_output=True, text=True)
    assert done.returncode == 1 and "run this in a clone" in done.stderr


def test_a_change_elsewhere_does_not(repository):
    (repository / "tests/new.py").write_text("2")
    assert not tag(repository).endswith("-dirty")
