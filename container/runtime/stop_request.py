"""SageMaker stops a job with SIGTERM and kills it 120 s later; what is under way is finished first."""

import signal


class StopRequest:
    """Notes SIGTERM from its creation on. `made()` says whether it has come."""

    def __init__(self):
        self._made = False
        signal.signal(signal.SIGTERM, self._note)

    def _note(self, signum, frame) -> None:
        self._made = True

    def made(self) -> bool:
        return self._made
