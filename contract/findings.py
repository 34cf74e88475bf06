"""What `make doctor` finds. One program looks at this machine and one at the AWS account; both tell it in this form.

Signs are doubled by words, for screen readers and for terminals without them."""

import os
import textwrap
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Literal

Level = Literal["ok", "warning", "problem"]
SIGNS: dict[Level, str] = {"ok": "✓", "warning": "!", "problem": "✗"}
_WORD = max(map(len, SIGNS))
_SUBJECT = 12
_NARROWEST = 30  # columns of what is said


@dataclass(frozen=True)
class Finding:
    """subject: what was looked at, a word or two. says: what is so. next_step: the one thing to do, '' where nothing
    is.

    level: "problem" stops what the table is about, "warning" does not.
    """

    level: Level
    subject: str
    says: str
    next_step: str = ""


def ok(subject: str, says: str) -> Finding:
    return Finding("ok", subject, says)


def warning(subject: str, says: str, next_step: str) -> Finding:
    return Finding("warning", subject, says, next_step)


def problem(subject: str, says: str, next_step: str) -> Finding:
    return Finding("problem", subject, says, next_step)


def has_problem(findings: Iterable[Finding]) -> bool:
    return any(one.level == "problem" for one in findings)


def terminal_columns() -> int:
    """COLUMNS where it is set, else those of the terminal that this program's output, errors or input are; 100 without
    one.
    """
    if (given := os.environ.get("COLUMNS", "")).isdigit() and int(given):
        return int(given)
    for stream in (1, 2, 0):
        with suppress(OSError):
            if columns := os.get_terminal_size(stream).columns:
                return columns
    return 100


def table(title: str, findings: Sequence[Finding], columns: int, encoding: str) -> str:
    """A heading, a row for each finding with the next step below it, and a line that counts.

    Args:
        columns: of the terminal; rows that are longer go on below their text.
        encoding: of the stream. Where it has no such signs, the words stand alone.
    """
    signs = _can_encode("".join(SIGNS.values()), encoding)
    rows = [line for one in findings for line in _row(one, columns, signs)]
    return "\n".join([title, *rows, f"  {_count(findings)}"])


def _row(finding: Finding, columns: int, signs: bool) -> list[str]:
    sign = f"{SIGNS[finding.level]} " if signs else ""
    head = f"  {sign}{finding.level:{_WORD}}  {finding.subject:{_SUBJECT}}  "
    beside = columns >= len(head) + _NARROWEST  # else what is said begins below its subject
    indent = " " * (len(head) if beside else 4)
    said = [line for paragraph in finding.says.splitlines() or [""] for line in _wrapped(paragraph, columns, indent)]
    if finding.next_step:
        said += _wrapped(f"Next: {finding.next_step}", columns, indent)
    return [head + said[0].removeprefix(indent), *said[1:]] if beside else [head.rstrip(), *said]


def _wrapped(text: str, columns: int, indent: str) -> list[str]:
    """Commands and paths stay whole: they are there to be copied."""
    return textwrap.wrap(
        text,
        max(columns - 1, len(indent) + _NARROWEST),
        initial_indent=indent,
        subsequent_indent=indent,
        break_long_words=False,
        break_on_hyphens=False,
    ) or [indent]


def _count(findings: Sequence[Finding]) -> str:
    numbers = {level: sum(one.level == level for one in findings) for level in SIGNS}
    words = [f"{numbers[level]} {level}{'s'[: numbers[level] != 1]}" for level in ("problem", "warning")]
    return f"{words[0]}, {words[1]}, {numbers['ok']} ok"


def _can_encode(text: str, encoding: str) -> bool:
    try:
        text.encode(encoding)
    except (LookupError, UnicodeEncodeError):
        return False
    return True
