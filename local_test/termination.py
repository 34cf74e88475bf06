"""SIGTERM ends a program the way Ctrl-C does: through its `finally` clauses, which remove its containers."""

import signal
import sys


def exit_on_sigterm() -> None:
    signal.signal(signal.SIGTERM, lambda signum, frame: sys.exit(128 + signum))
