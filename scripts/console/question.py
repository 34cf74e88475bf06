"""A question that only a yes lets a program go on from."""

import sys


def agreed(question: str) -> bool:
    """Whether whoever sits at the terminal says yes. Where nobody does, that is said, and is a no."""
    try:
        return input(f"{question} [y/N] ").strip().lower() in ("y", "yes")
    except EOFError:
        print("There is no one to ask here: pass --yes.", file=sys.stderr)
        return False
