"""What a transform job says of the objects that failed: FailureReason, and the lines of its data log. Pure
functions.
"""

from local_test.transform.invocations import InvocationFailed
from local_test.transform.outputs import ObjectOutput

LONGEST_REASON = 1024  # characters of FailureReason


def failure_of_objects(outputs: list[ObjectOutput], log_group: str, log_prefix: str) -> str | None:
    """FailureReason of a job whose containers lived to the end; None when no object failed.

    It names the first object that failed, in the order of the input. AWS says `ClientError` when the input, or a 4xx,
    is to blame and `AlgorithmError` when the container is, and no more than that."""
    failed = [output for output in outputs if output.failure]
    if not failed:
        return None
    first = failed[0]
    error = "ClientError" if first.client_fault else "AlgorithmError"
    where = f"See job logs for more information: {log_group}, streams {log_prefix}/*."
    rest = f"{len(failed)} of {len(outputs)} objects failed. {where}"
    start = f"{error}: {first.source.uri}: {first.failure}"
    return f"{start[: LONGEST_REASON - len(rest) - 1]} {rest}"


def data_log_lines(output: ObjectOutput, failure: InvocationFailed | None) -> list[str]:
    """As the platform writes them: the object, the status, the container's message. failure: None when the input is to
    blame.
    """
    name = output.source.uri.removeprefix("s3://")
    error = "ClientError" if output.client_fault else "AlgorithmError"
    if failure is None or failure.status is None:
        return [f"{name}: {error}: {output.failure}"]
    return [
        f"{name}: {error}: {failure.status}",
        f"{name}: ",
        f"{name}: Message:",
        *(f"{name}: {line}" for line in failure.message.splitlines()),
    ]
