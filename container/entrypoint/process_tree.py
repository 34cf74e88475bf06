"""Which processes of a tree SIGTERM is sent to, read from /proc.

A signal to every process would do harm. DataLoader workers end at once and fail the program that is saving its model;
`tee` breaks the program's output; torchrun passes the signal on to its workers, and to many programs a second one means
to drop what they save.
"""

import contextlib
import os
import signal
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

SHELLS = {"sh", "dash", "bash", "ash", "busybox", "ksh", "zsh"}


@dataclass(frozen=True)
class Process:
    """A process. catches: it has a handler for SIGTERM. in_background: a shell started it with `&`, which ignores
    SIGINT. ended: a zombie.
    """

    pid: int
    parent: int
    is_shell: bool = False
    catches: bool = False
    in_background: bool = False
    ended: bool = False


def receivers(found: Mapping[int, Process], roots: Iterable[int]) -> list[int]:
    """The processes at and below `roots` that are to be told, each once.

    - One that catches SIGTERM is told, and nothing below it: passing it on is its own affair, and its helpers are
      needed until it ends.
    - One that does not will die of it, so all below it are told, too.
    - A shell waits for its commands without passing anything on, and dies of SIGTERM at once. One with a command that
      catches SIGTERM
      stays, unheard, until that command has ended; so do the other commands of a pipeline. One with a trap is told, and
      so are the commands that it waits for, since its trap runs after them; what it started with `&` is its trap's
      affair.
    """
    children: dict[int, list[Process]] = {}
    for process in found.values():
        if not process.ended:
            children.setdefault(process.parent, []).append(process)

    def ends_in_order(process: Process) -> bool:
        return process.catches or (process.is_shell and any(map(ends_in_order, children.get(process.pid, []))))

    def told(process: Process) -> list[int]:
        below = children.get(process.pid, [])
        if process.catches and not process.is_shell:
            return [process.pid]
        if process.catches:
            below = [child for child in below if not child.in_background]
        itself = [process.pid]
        if process.is_shell and any(map(ends_in_order, below)):
            below = [child for child in below if ends_in_order(child)]
            itself = itself if process.catches else []
        return itself + [pid for child in below for pid in told(child)]

    listed = [pid for root in roots if root in found and not found[root].ended for pid in told(found[root])]
    return list(dict.fromkeys(listed))


def processes(proc: Path = Path("/proc")) -> dict[int, Process]:
    """Every process that can be seen, by its process id."""
    found = {}
    for folder in proc.iterdir():
        if folder.name.isdigit():
            with contextlib.suppress(OSError):  # it ended in this instant
                status = (folder / "status").read_text(errors="replace")
                found[int(folder.name)] = _parsed(int(folder.name), status, _program(folder))
    return found


def _parsed(pid: int, status: str, program: str) -> Process:
    fields = dict(line.split(":\t", 1) for line in status.splitlines() if ":\t" in line)
    return Process(
        pid,
        int(fields["PPid"]),
        program in SHELLS,
        catches=_holds(fields["SigCgt"], signal.SIGTERM),
        in_background=_holds(fields["SigIgn"], signal.SIGINT),
        ended=fields["State"].startswith("Z"),
    )


def _holds(mask: str, number: signal.Signals) -> bool:
    return bool(int(mask, 16) >> (number - 1) & 1)


def _program(folder: Path) -> str:
    """Name of the executable: of a script, its interpreter. "" for another user's process, or one that has ended."""
    try:
        return Path(os.readlink(folder / "exe")).name
    except OSError:
        return ""
