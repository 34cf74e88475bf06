"""`--json`: one JSON document on standard output, and what is for people on standard error.

A program that ends well prints its fields; one that fails adds `error`, the sentence that people read. A program whose
document is a list, or a line for each thing that it finds, prints that itself."""

import argparse
import contextlib
import json
import sys
from collections.abc import Iterator
from contextvars import ContextVar
from datetime import UTC, datetime
from typing import Any, TextIO


class Document:
    """What one run of a program has found so far.

    fields: by name, `{}` at first. stdout: where the document goes. in_lines: it is not one, but a line for each thing.
    """

    def __init__(self, stdout: TextIO):
        self.fields: dict[str, Any] = {}
        self.stdout = stdout
        self.is_asked_for = self.in_lines = self._is_written = False

    def update(self, **fields: Any) -> None:
        self.fields.update(fields)

    def write(self, value: Any) -> None:
        """Print this now, in the place of the fields."""
        self.write_text(json.dumps(value, indent=2, default=_iso))

    def write_line(self, value: Any) -> None:
        """Print this now as one line."""
        self.write_text(json.dumps(value, default=_iso))

    def write_text(self, text: str) -> None:
        """Print this, which is JSON already, now and in the place of the fields."""
        self._is_written = True
        print(text, file=self.stdout, flush=True)

    def end(self, error: str | None) -> None:
        """Print the fields where they are asked for and nothing was printed in their place. error: why the program
        failed.
        """
        if not self.is_asked_for:
            return
        if self.in_lines:
            if error:
                self.write_line({"error": error})
        elif not self._is_written:
            self.write({**self.fields, "error": error} if error else self.fields)


_RUNNING: ContextVar[Document] = ContextVar("document of the program that runs")


@contextlib.contextmanager
def document_of_program() -> Iterator[Document]:
    """The document of one program, while that runs."""
    document = Document(sys.stdout)
    token = _RUNNING.set(document)
    try:
        yield document
    finally:
        _RUNNING.reset(token)


def add_json_option(parser: argparse.ArgumentParser, what: str = "one JSON document") -> None:
    """what: is printed with it."""
    parser.add_argument(
        "--json", action="store_true", help=f"print {what} on standard output, and all else on standard error"
    )


def document(is_asked_for: bool) -> Document:
    """The running program's. is_asked_for: what the program prints from here on goes to stderr, for stdout is the
    document's.
    """
    found = _RUNNING.get()
    if is_asked_for:
        found.is_asked_for, sys.stdout = True, sys.stderr  # until the program ends, which takes it back
    return found


def _iso(value: object) -> str:
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat()
    raise TypeError(f"{type(value).__name__} is not JSON")
