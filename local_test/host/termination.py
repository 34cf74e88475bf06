"""Ctrl-C and SIGTERM end a program through its `finally` clauses, which remove its containers, and without a
traceback.
"""

import signal
import sys
from collections.abc import Callable


def run(main: Callable[[list[str]], int]) -> None:
    """Run a program's `main` with its arguments and exit with its status; 128 + the signal's number when one ends
    it.
    """
    signal.signal(signal.SIGTERM, lambda signum, frame: sys.exit(128 + signum))
    try:
        sys.exit(main(sys.argv[1:]))
    except KeyboardInterrupt:
        print("\ninterrupted", file=sys.stderr)
        sys.exit(128 + signal.SIGINT)
