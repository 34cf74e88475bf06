"""Counting on stderr: in place on a terminal, and few lines in a log."""

import io

import pytest

from scripts.console.terminal import Progress


class Terminal(io.StringIO):
    def isatty(self):
        return True


@pytest.mark.parametrize("total, lines", [(1, 1), (18, 1), (8_351, 10)])
def test_a_log_gets_few_lines_and_the_last_is_complete(total, lines):
    stream = io.StringIO()
    progress = Progress(total, "files sent", stream)
    for _ in range(total):
        progress.step()
    shown = stream.getvalue().splitlines()
    assert lines <= len(shown) <= lines + 1
    assert shown[-1] == f"{total:,} of {total:,} files sent"


def test_a_terminal_has_one_line_that_is_rewritten():
    stream = Terminal()
    progress = Progress(200, "files sent", stream)
    for _ in range(200):
        progress.step()
    assert stream.getvalue().count("\n") == 1 and stream.getvalue().count("\r") == 100
