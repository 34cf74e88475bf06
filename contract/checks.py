"""Checks that run side by side, and are not waited for beyond a deadline: whatever hangs becomes a finding itself."""

import threading
import time
from collections.abc import Callable, Mapping, Sequence

from contract.findings import Finding, warning

Check = Callable[[], Sequence[Finding]]


def run_checks(checks: Mapping[str, Check], seconds: float) -> list[Finding]:
    """The findings of all checks, in their order. Returns after `seconds` at the latest.

    Args:
        checks: by the subject that is told where one does not end in time, or raises.
        seconds: for all of them together. Their threads are daemons: one that hangs does not keep the program.
    """
    found: dict[str, Sequence[Finding]] = {}

    def run(subject: str, check: Check) -> None:
        try:
            found[subject] = check()
        except Exception as error:  # one check that fails says so, and the others still tell what they found
            said = f"This could not be looked at: {type(error).__name__}: {error}"
            found[subject] = [warning(subject, said, "The other lines hold; report this one as a fault.")]

    threads = [threading.Thread(target=run, args=one, daemon=True) for one in checks.items()]
    deadline = time.monotonic() + seconds
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(max(0.0, deadline - time.monotonic()))
    late = f"There was no answer within {seconds:.0f} seconds."
    done = dict(found)
    return [
        one
        for subject in checks
        for one in done.get(
            subject, [warning(subject, late, "Run it again; it may be the network, or a busy machine.")]
        )
    ]
