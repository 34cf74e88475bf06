"""Why the system cannot start a program of an image: both entry points run what else is asked of them."""


def why_not_started(path: str, error: OSError) -> str:
    """A sentence. path: where the program is. error: what starting it raised."""
    return (
        f"{path} cannot be started: {error.strerror}. A script needs a first line that names its interpreter, such as "
        "#!/bin/sh, and a binary must be for this machine's processor."
    )
