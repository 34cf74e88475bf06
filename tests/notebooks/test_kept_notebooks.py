"""The notebooks as they are in the repository: run from top to bottom, small, and of no machine or account."""

import re

import nbformat
import pytest

from tests.notebooks.execution import ENVIRONMENTS, ROOT, chosen_of
from tests.notebooks.outputs import is_progress, stable, texts

LARGEST = 500_000  # bytes
OF_ONE_MACHINE = (
    r"(AKIA|ASIA)[A-Z0-9]{12}",
    r"(?<![\w.])/(home|root|tmp|work|Users|mnt|var)/",
    r"127\.0\.0\.1|localhost",
    r"\b(?!123456789012)\d{12}\b",
)


@pytest.fixture(params=ENVIRONMENTS)
def path(request):
    return ROOT / request.param


@pytest.fixture
def notebook(path):
    notebook = nbformat.read(path, as_version=4)
    nbformat.validate(notebook)
    return notebook


def test_a_notebook_is_small(path):
    assert path.stat().st_size < LARGEST


def test_its_cells_were_run_from_top_to_bottom(notebook):
    cells = [cell for cell in notebook.cells if cell.cell_type == "code"]
    assert [cell.execution_count for cell in cells] == list(range(1, len(cells) + 1))
    for cell in cells:
        assert [one for one in cell.outputs if one.output_type == "error" or one.get("name") == "stderr"] == [], cell.id


def test_its_outputs_are_in_the_form_that_every_run_has(notebook):
    for cell in notebook.cells:
        assert not is_progress(cell) or cell.outputs == []
        assert [stable(text) for text in texts(cell)] == texts(cell)
        assert not any("<iframe" in text for text in texts(cell))


@pytest.mark.parametrize("pattern", OF_ONE_MACHINE)
def test_it_holds_nothing_of_a_machine_or_an_account(notebook, pattern):
    for cell in notebook.cells:
        assert [text for text in (cell.source, *texts(cell)) if re.search(pattern, text)] == [], cell.id


def test_every_link_leads_to_a_file(path, notebook):
    links = re.findall(r"\]\(([^):]+)\)", "\n".join(cell.source for cell in notebook.cells))
    assert len(links) >= 3 and [link for link in links if not (path.parent / link).exists()] == []


def test_every_target_that_it_names_exists(notebook):
    makefile = (ROOT / "Makefile").read_text()
    verbs = re.search(r"^verbs := (.*)$", makefile, re.MULTILINE)[1].split()
    targets = {*re.findall(r"^([.\w/-]+):", makefile, re.MULTILINE), *verbs, *(f"local-{verb}" for verb in verbs)}
    text = "\n".join(cell.source for cell in notebook.cells)
    named = {word for words in re.findall(r"`make ([^`A-Z]+)", text) for word in words.split()}
    assert {"build", "local-up", "delete"} <= named <= targets


def test_names_and_accounts_are_the_same_in_every_run():
    first = stable("dogbreed-train-20261130-080114-780 s3://local-sagemaker-1a2b3c/dogbreed 210987654321")
    again = stable("dogbreed-train-20261201-101112-013 s3://local-sagemaker-9f8e7d/dogbreed 123456789012")
    assert first == again == "dogbreed-train-20260101-000000-000 s3://local-sagemaker/dogbreed 123456789012"
    assert stable("dogbreed-tune-261130-101010-001-a1B2c3D4") == "dogbreed-tune-260101-000000-001-xxxxxxxx"
    assert stable("x-serve:66f50279a1b2-dirty") == stable("x-serve:0a1b2c3d4e5f-w12ab34cd") == "x-serve:0123456789ab"
    assert stable("lr 0.0012345678, 12 pictures, 1:15") == "lr 0.0012345678, 12 pictures, 1:15"


def test_the_three_notebooks_have_the_same_sections():
    notebooks = [nbformat.read(ROOT / name, as_version=4) for name in ENVIRONMENTS]
    first, *others = (
        re.findall(r"^## .*$", "\n".join(cell.source for cell in notebook.cells), re.MULTILINE)
        for notebook in notebooks
    )
    assert len(first) == 8 and others == [first, first]


@pytest.mark.parametrize(
    ("arguments", "chosen"), [([], list(ENVIRONMENTS)), (["train_and_deploy.ipynb"], ["train_and_deploy.ipynb"])]
)
def test_all_are_run_where_none_is_named(arguments, chosen):
    assert chosen_of(arguments).notebooks == chosen
