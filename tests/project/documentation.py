"""What the README and docs/ hold besides prose: the fenced blocks of code, and the commands between backquotes."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", ROOT / "SECURITY.md", *sorted((ROOT / "docs").glob("*.md"))]
FENCED = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
SUBSTITUTED = re.compile(r"\$\(([^()]+)\)")


@dataclass(frozen=True)
class Block:
    """A fenced block. page: the file's name; line: of its first line in that file."""

    page: str
    line: int
    language: str
    text: str

    def __str__(self) -> str:
        return f"{self.page}:{self.line}"


def blocks(page: Path, *languages: str) -> list[Block]:
    """Of a page, those in one of these languages; all, where none is named."""
    text = page.read_text()
    found = [
        Block(page.name, text.count("\n", 0, match.start()) + 2, match[1], match[2]) for match in FENCED.finditer(text)
    ]
    return [one for one in found if not languages or one.language in languages]


def all_blocks(*languages: str) -> list[Block]:
    return [block for page in PAGES for block in blocks(page, *languages)]


def commands(block: Block) -> Iterator[str]:
    """The simple commands of a block of sh, without comments; also those in `$(...)`, and both sides of a pipe."""
    for line in re.sub(r"\\\n\s*", " ", block.text).splitlines():
        command = re.sub(r"(^|\s+)#\s.*$", "", line).strip()
        yield from _parts(command) if command else ()


def inline_commands(page: Path) -> set[str]:
    """Between backquotes in the prose of a page: whatever begins as a call of make, the local SageMaker or Python."""
    prose = FENCED.sub("", page.read_text())
    spans = re.findall(r"(?<!`)`([^`]+)`(?!`)", prose)
    return {" ".join(one.split()) for one in spans if re.match(r"(make|local-sagemaker|\.venv/bin/python) \S", one)}


def _parts(command: str) -> Iterator[str]:
    inner = SUBSTITUTED.findall(command)
    for one in inner:
        yield from _parts(one)
    if not re.fullmatch(r'eval "\$\([^()]+\)"', command):
        yield from (one.strip() for one in command.split(" | "))
