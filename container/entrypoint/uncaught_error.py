"""The error that ended a program of which nothing is known, from the end of its stderr."""

import re

MAX_CHARACTERS = 700  # SageMaker shows 1,024; the command and the status have their place beside it
TRACEBACK = "Traceback (most recent call last):"
# Of a process that only started another one: what the other one said is the cause.
LAUNCHERS = ("torch.distributed.elastic.multiprocessing.errors.ChildFailedError", "subprocess.CalledProcessError")
# torchrun's own log line; a rank's mark in front of a line (torchrun's --tee, mpirun's --tag-output).
LOG_LINE, RANK = re.compile(r"[EWIF]\d{4} \d\d:\d\d"), re.compile(r"^\[[\w,]+\](?::|<std\w+>:?) ?")


def uncaught_error(stderr: str) -> str:
    """`ValueError: bad shape`: type and message of the last traceback, and what followed; without a traceback the last
    line.

    A launcher's own traceback counts only where there is no other. "" where stderr is empty.
    """
    lines = [RANK.sub("", line.rstrip("\r").rpartition("\r")[2]) for line in stderr.splitlines()]
    errors = [
        found
        for found in (_error_after(lines, at) for at, line in enumerate(lines) if line.strip() == TRACEBACK)
        if found
    ]
    if errors:
        own = [error for error in errors if not error[0].startswith(LAUNCHERS)]
        return shortened("\n".join((own or errors)[-1]).strip())
    worded = [line.strip() for line in lines if re.search(r"\w", line)]
    return shortened(worded[-1]) if worded else ""


def _error_after(lines: list[str], traceback: int) -> list[str]:
    """The error's line and those that follow it, up to the next traceback or a launcher's log line. traceback: where
    its first line is.
    """
    indent = len(lines[traceback]) - len(lines[traceback].lstrip())
    start = next(
        (at for at in range(traceback + 1, len(lines)) if lines[at].strip() and not lines[at][indent:].startswith(" ")),
        None,
    )
    if start is None:
        return []
    stop = next(
        (at for at in range(start + 1, len(lines)) if (lines[at].strip() == TRACEBACK or LOG_LINE.match(lines[at]))),
        len(lines),
    )
    return [line[indent:] for line in lines[start:stop]]


def shortened(text: str) -> str:
    """Beginning and end of a long text: at most MAX_CHARACTERS and five more."""
    if len(text) <= MAX_CHARACTERS:
        return text
    end = MAX_CHARACTERS // 3
    return f"{text[: MAX_CHARACTERS - end]} ... {text[-end:]}"
