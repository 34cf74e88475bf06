"""The README says what is true: its targets exist, its table lists the hyperparameters that the program takes."""

import re
from pathlib import Path

from contract.hyperparameters import markdown_table

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text()


def test_every_target_that_the_readme_names_exists():
    makefile = (ROOT / "Makefile").read_text()
    verbs = re.search(r"^verbs := (.*)$", makefile, re.MULTILINE)[1].split()
    targets = {*re.findall(r"^([a-z-]+):", makefile, re.MULTILINE), *verbs, *(f"local-{verb}" for verb in verbs)}
    named = set(re.findall(r"(?:`|^)make ([a-z-]+)", README, re.MULTILINE))
    assert {"demo", "test", "build", "push", "train", "delete"} <= named <= targets


def test_every_verb_is_a_program_of_scripts():
    verbs = re.search(r"^verbs := (.*)$", (ROOT / "Makefile").read_text(), re.MULTILINE)[1].split()
    assert all((ROOT / f"scripts/{verb}.py").is_file() for verb in verbs)


def test_the_table_of_hyperparameters_is_the_programs():
    assert markdown_table() in README


def test_no_figure_is_still_to_be_filled_in():
    assert "@@" not in README and "TODO" not in README


def test_every_file_that_the_readme_links_is_there():
    for link in re.findall(r"\]\(([^)#:]+)\)", README):
        assert (ROOT / link).exists(), link
