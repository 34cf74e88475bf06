"""A worker: a process that holds the model and answers, in batches, what multi-model-server's connections bring.

PID 1 forks it (container/serving/server/workers.py) after importing torch, so it starts in a fraction of a second, and
several share that memory."""

import logging
import os
import socket
import sys
import threading
import traceback
from collections.abc import Callable, Sequence
from pathlib import Path

import torch

from container.model.model_file import UnusableCheckpoint
from container.serving.inference.batcher import Batcher
from container.serving.inference.handlers import Handlers, WrongHandlers
from container.serving.inference.model_folder import error_in_code, model_version, use_code
from container.serving.mms_internals import model_context
from container.serving.request.invocation import Invocation
from container.serving.server.invocations_in_progress import InvocationsInProgress
from container.serving.server.mms_connection import answer_connection
from container.serving.server.sticky_faults import StickyFaults, cuda_fault
from container.serving.server.worker_telemetry import Progress, tell_gpu_memory
from container.serving.settings import Settings

SECONDS_TO_GIVE_UP = 1  # for the answers to those that wait, when a worker ends


def run_worker(
    index: int,
    gpus: int,
    share: int,
    listener: socket.socket,
    name: str,
    folder: Path,
    settings: Settings,
    report: Callable[[str], None],
    progress: Progress,
    leave: int,
) -> int:
    """Load the model of `folder`, then answer; returns only when it cannot be loaded.

    index: of this worker among those of the model; it decides which GPU it takes. share: connections that it takes.
    report: is told `warm` when the model has run, `failed WHY` when it cannot be loaded, `connections N` whenever their
    number changes, its GPU's memory (container/serving/server/worker_telemetry.py), and `leaving` before the worker
    ends by itself. progress: moves as batches do. leave: a file descriptor; when there is something to read, the worker
    tells its clients to try again and ends.
    """
    logging.basicConfig(level=settings.log_level, format="%(levelname)s %(message)s", stream=sys.stdout)
    if gpus:
        os.environ["CUDA_VISIBLE_DEVICES"] = str(index % gpus)
    os.environ.update(settings.own)
    torch.set_num_threads(settings.threads)
    use_code(folder)
    try:
        functions = Handlers(str(folder), model_context(name, str(folder), settings.batch_size))
        version = model_version(folder)
    except BaseException as error:  # sys.exit() of a user's model_fn, too: it is no reason to end without a word
        says_it_all = isinstance(error, (UnusableCheckpoint, WrongHandlers))
        if not says_it_all:
            traceback.print_exception(error)
        why = " ".join(str(error).split()) if says_it_all else error_in_code(error, folder)
        report(f"failed {why}")
        return 1

    in_progress = InvocationsInProgress(settings.answer_seconds)
    functions.step = progress.step
    sticky = StickyFaults(functions.answer, cuda_fault)

    def answer_batch(invocations: Sequence[Invocation]) -> None:
        functions.answer(invocations)
        if why := sticky.reason_to_end(invocations):
            for invocation in invocations:
                invocation.done.set()  # they have their answers
            print(f"error: a worker of {settings.title(name, folder)} is ended: {why}", file=sys.stderr, flush=True)
            report("leaving")
            _end(in_progress)

    batcher = Batcher(progress.during(answer_batch), settings.batch_size, settings.batch_delay)

    def answer(invocation: Invocation) -> None:
        invocation.context.set_response_header(0, "X-Model-Version", version)
        if functions.read_ahead(invocation):
            batcher.submit(invocation)
            invocation.done.wait()
        functions.settle(invocation)

    _take_connections(
        share,
        listener,
        lambda connection: answer_connection(connection, name, str(folder), in_progress, answer),
        report,
    )
    threading.Thread(target=_end_when_told, args=(leave, in_progress), daemon=True).start()
    report("warm")
    if gpus:
        threading.Thread(target=tell_gpu_memory, args=(index % gpus, report), daemon=True).start()
    # While a GPU computes one batch the processor can decode the next. On a processor they would only take each other's
    # cores.
    if gpus and functions.side_by_side:
        threading.Thread(target=_run_or_end, args=(batcher.run,)).start()
    _run_or_end(batcher.run)
    return 1


def _run_or_end(endless: Callable[[], None]) -> None:
    try:
        endless()
    except BaseException as error:  # requests would wait for a thread that is gone: PID 1 shall start another worker
        traceback.print_exception(error)
        os._exit(1)


def _end_when_told(leave: int, in_progress: InvocationsInProgress) -> None:
    os.read(leave, 1)
    _end(in_progress)


def _end(in_progress: InvocationsInProgress) -> None:
    """PID 1 starts another worker. Its own status: the interpreter would wait for threads that hang."""
    in_progress.give_up(SECONDS_TO_GIVE_UP)
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(1)


def _take_connections(
    share: int, listener: socket.socket, answer: Callable[[socket.socket], None], report: Callable[[str], None]
) -> None:
    """Take `share` connections and no more: the others are for the model's other workers."""
    lock, count = threading.Lock(), [0]
    free = threading.Semaphore(share)

    def change(by: int) -> None:
        with lock:
            count[0] += by
            report(f"connections {count[0]}")

    def serve(connection: socket.socket) -> None:
        change(+1)
        try:
            answer(connection)
        finally:
            change(-1)
            free.release()

    def accept() -> None:
        while True:
            free.acquire()
            connection, _ = listener.accept()
            threading.Thread(target=serve, args=(connection,), daemon=True).start()

    threading.Thread(target=_run_or_end, args=(accept,), daemon=True).start()
