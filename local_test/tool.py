"""`local-sagemaker`: the command of an installed local SageMaker. It works from any folder, with one state for its
user.
"""

import os
import sys
from collections.abc import Mapping
from pathlib import Path

NAME = "local-sagemaker"


def run() -> int:
    """The command line; without a verb, its help. Returns the exit status."""
    # host/command.py reads it when it is imported, and the service in the background inherits it.
    os.environ["LOCAL_SAGEMAKER_COMMAND"] = NAME
    from local_test.__main__ import main

    return main(sys.argv[1:] or ["--help"], user_state_folder(os.environ, Path.home()))


def user_state_folder(environ: Mapping[str, str], home: Path) -> Path:
    """https://specifications.freedesktop.org/basedir-spec/latest/: relative paths are ignored."""
    named = Path(environ.get("XDG_STATE_HOME", ""))
    return (named if named.is_absolute() else home / ".local" / "state") / NAME
