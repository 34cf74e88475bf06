"""One instance at work: its objects, mini-batch after mini-batch, so many requests at once, answers in the order of
records.
"""

import threading
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

from local_test.transform.data_processing import DataProcessing, Mismatch
from local_test.transform.invocations import InvocationFailed
from local_test.transform.job_objects import ObjectOutput
from local_test.transform.mini_batches import Cutting, MiniBatch
from local_test.transform.records import BadInput

WAITING_PER_REQUEST = 2  # mini-batches held for each request at once: a slow one does not leave the others idle
LONGEST_MESSAGE = 300  # characters of a container's message that a failure quotes


def run_objects(
    outputs: list[ObjectOutput],
    cutting: Cutting,
    processing: DataProcessing | None,
    send: Callable[[bytes | Callable[..., Any]], bytes],
    concurrent: int,
    over: threading.Event,
    on_failure: Callable[[ObjectOutput, InvocationFailed | None], None],
) -> None:
    """Fill `outputs`, until the last one or until `over` is set; then what is not done stays undone.

    send: payload -> answer; raises InvocationFailed. on_failure: called for each object that fails, once.
    """
    waiting: deque[tuple[ObjectOutput, MiniBatch | None, Future[Any] | None]] = deque()

    def settle() -> None:
        output, batch, answer = waiting.popleft()
        if over.is_set() or output.failure:
            return
        if batch is None or answer is None:
            output.finish()
            return
        try:
            output.add(answer.result())
        except InvocationFailed as failure:
            # What breaks because the job is over is no fault of the object's.
            if not over.is_set():
                output.fail(_sentence(batch, failure), failure.status is not None and failure.status < 500)
                on_failure(output, failure)
        except (BadInput, Mismatch) as failure:
            output.fail(f"{batch}: {failure}" if isinstance(failure, Mismatch) else str(failure), True)
            on_failure(output, None)

    def answered(output: ObjectOutput, batch: MiniBatch) -> bytes:
        if output.failure:
            raise InvocationFailed(None, "it was not sent: another record of the object has failed.")
        if processing is None:
            return send(batch.body)
        return processing.finished(batch.body, send(processing.filtered(batch.body)))

    with ThreadPoolExecutor(concurrent, thread_name_prefix="transform") as pool:
        for output in outputs:
            try:
                for batch in cutting.mini_batches(output.source.path):
                    if over.is_set() or output.failure:
                        break
                    waiting.append((output, batch, pool.submit(answered, output, batch)))
                    if len(waiting) > concurrent * WAITING_PER_REQUEST:
                        settle()
            except BadInput as failure:
                # After the records before it, so that the first failure of the object is the one that is reported.
                broken: Future[Any] = Future()
                broken.set_exception(failure)
                waiting.append((output, MiniBatch(b"", None), broken))
            waiting.append((output, None, None))
            if over.is_set():
                break
        while waiting:
            settle()


def _sentence(batch: MiniBatch, failure: InvocationFailed) -> str:
    if failure.status is None:
        return f"{batch} got no answer: {failure.message}"
    message = " ".join(failure.message[:LONGEST_MESSAGE].split())
    return f"the container answered {failure.status} to {batch}" + (f': "{message}".' if message else ".")
