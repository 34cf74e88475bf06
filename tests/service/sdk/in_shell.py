"""Programs as a user runs them: in a shell that has evaluated `python -m local_test env`."""

import os
import subprocess
from pathlib import Path

from local_test.environment import exports

ROOT = Path(__file__).parents[3]


def in_shell(local, *command, intercept: bool = False, **variables: str) -> str:
    """Run a command in such a shell; returns what it prints.

    intercept: `env --intercept`. variables: set in the shell before.
    """
    script = "\n".join([*exports(local.address, local.folder, os.environ, "sh", intercept), 'exec "$@"'])
    done = subprocess.run(
        ["sh", "-c", script, "sh", *map(str, command)], capture_output=True, text=True, env=os.environ | variables
    )
    assert done.returncode == 0, f"{done.stdout[-3000:]} {done.stderr[:1500]} ... {done.stderr[-1500:]}"
    return done.stdout
