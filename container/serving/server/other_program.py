"""Another command than `serve`, run in its place: a shell, or a program of an image that is made from this one."""

import os
import shutil
import sys

from container.runtime.failure import why_not_started


def become(command: list[str]) -> int:
    """Go on as this program. Returns 1, after a sentence on stderr, where there is none of its name, or the system
    cannot run it.
    """
    path = shutil.which(command[0])
    try:
        os.execvp(command[0], command)
    except OSError as error:
        missing = f"There is no program {command[0]} in this image. For an endpoint run it with `serve`."
        print(f"error: {why_not_started(path, error) if path else missing}", file=sys.stderr, flush=True)
    return 1
