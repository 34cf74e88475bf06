"""Whether the names of a job's hosts resolve. sagemaker-training waits for that silently, up to 15 minutes."""

import socket
import threading
import time
from collections.abc import Sequence

BETWEEN_TRIES = 0.2


def unresolved(hosts: Sequence[str], seconds: float) -> list[str]:
    """The hosts that have no address after so many seconds. Each is tried again until then: it may be starting."""
    deadline, found, over = time.monotonic() + seconds, set(), threading.Event()

    def look_up(host: str) -> None:
        while not over.is_set():
            try:
                socket.gethostbyname(host)
            except (OSError, UnicodeError):  # UnicodeError: a label of more than 63 characters
                over.wait(BETWEEN_TRIES)
            else:
                found.add(host)
                return

    # Side by side: a resolver that does not answer takes longer than all the time there is.
    threads = [threading.Thread(target=look_up, args=(host,), daemon=True) for host in hosts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(max(0, deadline - time.monotonic()))
    over.set()
    return [host for host in hosts if host not in found]
