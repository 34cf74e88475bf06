"""What other programs say, within seconds."""

import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

SECONDS = 3.0


@dataclass(frozen=True)
class Said:
    """status: the exit status; 127 where there is no such program, 124 where it did not end in time."""

    status: int
    out: str
    err: str = ""


def command_output(*command: str | Path, seconds: float = SECONDS, folder: Path | None = None) -> Said:
    """folder: to run it in. One that does not end within `seconds` is killed."""
    try:
        done = subprocess.run(
            command,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=seconds,
            stdin=subprocess.DEVNULL,
            cwd=folder,
        )
    except subprocess.TimeoutExpired:
        return Said(124, "", f"{command[0]} did not end within {seconds:.0f} seconds")
    except OSError as error:
        return Said(127, "", f"{command[0]}: {error.strerror}")
    return Said(done.returncode, done.stdout, done.stderr)


def last_line(text: str) -> str:
    return (text.strip().splitlines() or [""])[-1]


def table_of(names: Sequence[str], lines: str) -> list[dict[str, str]]:
    """Rows of comma separated values, by `names`; a row of another length is left out."""
    rows = [[cell.strip() for cell in line.split(",")] for line in lines.splitlines()]
    return [dict(zip(names, row, strict=True)) for row in rows if len(row) == len(names)]
