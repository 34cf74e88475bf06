"""The make target that a message tells the user to run next."""

import os

# Who runs these programs under other names says so: `make local-push` runs push, and its hints say `make local-train`.
VARIABLE = "MAKE_VERB_PREFIX"


def make(verb: str) -> str:
    """`push` -> `make push`, with the prefix of the targets that this shell uses."""
    return f"make {os.environ.get(VARIABLE, '')}{verb}"
