"""docs/troubleshooting.md quotes what the programs really say: each message stands in one string of the source."""

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from tests.project.documentation import ROOT

PAGE = ROOT / "docs/troubleshooting.md"
PROGRAMS = ("contract", "container", "scripts", "local_test", "docker")
FIELD = "\0"  # what a program puts in
SHORTEST = 10  # letters of a message that are fixed; fewer would be found anywhere


def quoted() -> list[str]:
    """The first column of each table, but for the section of others' messages."""
    ours = PAGE.read_text().partition("## Messages of Docker, AWS, the SDK and CUDA")[0]
    return re.findall(r"^\| `([^`]+)` \|", ours, re.MULTILINE)


def _strings(tree: ast.AST) -> Iterator[str]:
    """Every string of a module that is no docstring; a value within it is FIELD."""
    docstrings = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    parts = {id(one) for node in ast.walk(tree) if isinstance(node, ast.JoinedStr) for one in node.values}
    for node in ast.walk(tree):
        if isinstance(node, ast.JoinedStr):
            yield "".join(one.value if isinstance(one, ast.Constant) else FIELD for one in node.values)
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and not {id(node)} & (docstrings | parts):
            yield node.value


@cache
def templates() -> tuple[str, ...]:
    """Strings of the Python programs; lines of shell scripts and of nginx's configuration."""
    found = []
    for path in (path for name in PROGRAMS for path in sorted((ROOT / name).rglob("*"))):
        if path.suffix == ".py":
            found += _strings(ast.parse(path.read_text()))
        elif path.suffix in (".sh", ".conf"):
            found += [re.sub(r"\$\{?\w+\}?|%s|@[A-Z_]+@", FIELD, line) for line in path.read_text().splitlines()]
    return tuple(re.sub(r"%[sd]", FIELD, one) for one in found)


def occurs(message: str, template: str) -> bool:
    """`...` of the message stands for anything, also for nothing."""
    at = 0
    for part in message.split("..."):
        found = template.find(part.strip(), at)
        if found < 0:
            return False
        at = found + len(part.strip())
    return True


@pytest.mark.parametrize("message", quoted())
def test_a_quoted_message_is_one_that_a_program_says(message):
    assert sum(map(len, message.split("..."))) >= SHORTEST, "too little of it is fixed to be found by"
    assert any(occurs(message, one) for one in templates())


def test_a_message_that_no_program_says_would_be_noticed():
    assert not any(occurs("The image ... is not on this planet.", one) for one in templates())
    assert occurs("No ... has ...", f"No {FIELD} has {FIELD}.") and not occurs("has ... No", "No x has y")


def test_every_line_of_a_table_has_a_message_a_cause_and_a_remedy():
    rows = re.findall(r"^\| .*$", PAGE.read_text(), re.MULTILINE)
    assert len(rows) > 100
    for row in rows:
        cells = [cell.strip() for cell in re.split(r"(?<!\\)\|", row)[1:-1]]
        assert len(cells) == 3 and cells[2], row


def test_no_message_is_quoted_twice():
    messages = quoted()
    assert len(messages) == len(set(messages))


def test_the_page_is_where_the_readme_sends_its_readers():
    assert f"docs/{Path(PAGE).name}" in (ROOT / "README.md").read_text()
