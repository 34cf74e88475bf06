"""Why a container did not come into service, or left it, in the form of a FailureReason."""

from docker.errors import DockerException

from local_test.host.error_words import start_refused

LONGEST_REASON = 1024  # characters of FailureReason
ENGINE_ERRORS = (DockerException, OSError)  # the SDK lets those of its HTTP client, which are OSErrors, through


class ServingFailed(RuntimeError):
    """The container did not come into service. reason: one sentence. last_lines: of its log, "" when there are none."""

    def __init__(self, reason: str, last_lines: str = ""):
        super().__init__(with_last_lines(reason, last_lines))
        self.reason, self.last_lines = reason, last_lines

    def of(self, whose: str) -> "ServingFailed":
        """The same, with a name before the sentence."""
        return type(self)(f"{whose}: {self.reason}", self.last_lines)


class StartCancelled(ServingFailed):
    """Its start was given up for something that happened elsewhere: no reason of its own."""


def with_last_lines(reason: str, last_lines: str) -> str:
    """A FailureReason: the sentence and as much of the log's end as fits into 1024 characters."""
    if not last_lines:
        return reason[:LONGEST_REASON]
    start = f"{reason} Its last log lines:\n"
    return start + last_lines[-max(1, LONGEST_REASON - len(start)) :]


def how_it_ended(status: int, out_of_memory: bool) -> str:
    """The sentence about a container that ended by itself. status: of its exit."""
    if out_of_memory:
        return f"The container ran out of memory and ended with exit status {status}."
    return f"The container ended with exit status {status}."


def engine_refused(image: str, error: Exception) -> str:
    """The sentence about a container that the engine did not start."""
    return f"The engine could not start the container of {image}: {start_refused(error, 'an executable `serve`')}"
