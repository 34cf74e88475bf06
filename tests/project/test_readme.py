"""The README and docs/ say what is true: targets exist, the table of hyperparameters is the program's, links lead
somewhere.
"""

import re
from pathlib import Path

import pytest

from contract.hyperparameters import markdown_table
from local_test.api.supported_fields import WITHOUT_EFFECT
from scripts.config.settings import Settings
from scripts.config.variables import keys, names_of
from tests.project.documentation import PAGES, ROOT

VERBS = re.search(r"^verbs := (.*)$", (ROOT / "Makefile").read_text(), re.MULTILINE)[1].split()


def anchors(page: Path) -> set[str]:
    """Of its headings, as GitHub makes them."""
    headings = re.findall(r"^#+ (.*)$", page.read_text(), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.fixture(params=PAGES, ids=lambda page: page.name)
def page(request):
    return request.param


def test_every_target_that_a_page_names_exists(page):
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    targets |= {*VERBS, *(f"local-{verb}" for verb in VERBS)}
    named = set(re.findall(r"(?:`|^)make ([a-z-]+)", page.read_text(), re.MULTILINE))
    assert named <= targets
    if page.name == "README.md":
        assert {"demo", "test", "build", "train", "delete"} <= named


def test_every_verb_is_a_program_of_scripts():
    assert all((ROOT / f"scripts/{verb}.py").is_file() for verb in VERBS)


def test_the_table_of_hyperparameters_is_the_programs():
    assert markdown_table() in (ROOT / "docs/training.md").read_text()


def test_the_table_of_fields_without_effect_is_the_services():
    page = (ROOT / "docs/local-sagemaker.md").read_text()
    for operation, named in WITHOUT_EFFECT.items():
        assert f"| {operation} | {', '.join(f'`{field}`' for field in named)} |" in page


def test_every_environment_variable_that_a_page_names_is_read(page):
    sources = "".join(file.read_text() for name in ("container", "local_test") for file in (ROOT / name).rglob("*.py"))
    of_settings = {name for path, _ in keys(Settings) for name in names_of(path)}
    for name in set(re.findall(r"\b(?:DOGBREED|SAGEMAKER)_[A-Z_]+\b", page.read_text())):
        is_of_torchserve = name.startswith("SAGEMAKER_TS_")  # in the page about migration
        in_source = any(f'"{one}"' in sources for one in (name, name.removeprefix("DOGBREED_")))
        assert is_of_torchserve or name in of_settings or in_source, name


def test_no_figure_is_still_to_be_filled_in(page):
    assert "@@" not in page.read_text() and "TODO" not in page.read_text()


def test_every_link_leads_to_a_file_and_a_heading_of_it(page):
    for link in re.findall(r"\]\(([^):]+)\)", page.read_text()):
        name, _, anchor = link.partition("#")
        target = page.parent / name if name else page
        assert target.exists(), link
        assert not anchor or anchor in anchors(target), link


def test_every_row_of_a_table_has_a_cell_for_each_column(page):
    for table in re.findall(r"(?:^\|.*\n)+", page.read_text(), re.MULTILINE):
        rows = [re.findall(r"(?<!\\)\|", row) for row in table.splitlines()]
        assert {len(row) for row in rows} == {len(rows[0])}, table[:200]


def test_every_page_of_docs_is_one_link_from_the_readme():
    linked = set(re.findall(r"\]\((docs/[^)#]+\.md)", (ROOT / "README.md").read_text()))
    assert linked == {f"docs/{page.name}" for page in (ROOT / "docs").glob("*.md")}


def test_the_readme_is_read_in_one_go():
    assert len((ROOT / "README.md").read_text().splitlines()) <= 150
