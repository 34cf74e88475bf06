"""An engine: a process that holds the model and answers, in batches, what multi-model-server's connections bring.

PID 1 forks it (container/serving/engines.py) after importing torch, so it starts in a fraction of a second, and several share that memory.
"""

import logging
import os
import socket
import sys
import threading
import traceback
from collections.abc import Callable
from pathlib import Path

import mms
import torch
from mms.context import Context

from container.checkpoint import UnusableCheckpoint
from container.serving.batcher import Batcher
from container.serving.functions import Functions
from container.serving.job import Job
from container.serving.mms_connection import answer_connection
from container.serving.model_version import model_version
from container.serving.settings import Settings


def run_engine(
    index: int, gpus: int, share: int, listener: socket.socket, name: str, folder: Path, settings: Settings, report: Callable[[str], None]
) -> int:
    """Load the model of `folder`, then answer; returns only when it cannot be loaded.

    index: of this engine among those of the model; it decides which GPU it takes. share: connections that it takes. report: is told
    `warm` when the model has run, and then `connections N` whenever their number changes.
    """
    logging.basicConfig(level=settings.log_level, format="%(levelname)s %(message)s", stream=sys.stdout)
    if gpus:
        os.environ["CUDA_VISIBLE_DEVICES"] = str(index % gpus)
    os.environ.update(BATCH_SIZE=str(settings.batch_size), TOP_K=str(settings.top_k))
    torch.set_num_threads(settings.threads)
    sys.path.insert(0, f"{folder}/code")
    try:
        functions = Functions(str(folder), Context(name, str(folder), {}, settings.batch_size, None, mms.__version__))
        version = model_version(folder)
    except Exception as error:
        if not isinstance(error, UnusableCheckpoint):  # whose message says it all
            traceback.print_exception(error)
        print(f"error: the model {name} could not be loaded: {error or type(error).__name__}", file=sys.stderr, flush=True)
        return 1

    batcher = Batcher(functions.answer, settings.batch_size, settings.batch_delay)

    def answer(job: Job) -> None:
        job.context.set_response_header(0, "X-Model-Version", version)
        if functions.read_ahead(job):
            batcher.submit(job)
            job.done.wait()

    _take_connections(share, listener, name, str(folder), answer, report)
    report("warm")
    # While a GPU computes one batch the processor can decode the next. On a processor they would only take each other's cores.
    if gpus and functions.side_by_side:
        threading.Thread(target=_run_or_end, args=(batcher.run,)).start()
    _run_or_end(batcher.run)
    return 1


def _run_or_end(endless: Callable[[], None]) -> None:
    try:
        endless()
    except BaseException as error:  # requests would wait for a thread that is gone: PID 1 shall start another engine
        traceback.print_exception(error)
        os._exit(1)


def _take_connections(
    share: int, listener: socket.socket, name: str, folder: str, answer: Callable[[Job], None], report: Callable[[str], None]
) -> None:
    """Take `share` connections and no more: the others are for the model's other engines."""
    lock, count = threading.Lock(), [0]
    free = threading.Semaphore(share)

    def change(by: int) -> None:
        with lock:
            count[0] += by
            report(f"connections {count[0]}")

    def serve(connection: socket.socket) -> None:
        change(+1)
        try:
            answer_connection(connection, name, folder, answer)
        finally:
            change(-1)
            free.release()

    def accept() -> None:
        while True:
            free.acquire()
            connection, _ = listener.accept()
            threading.Thread(target=serve, args=(connection,), daemon=True).start()

    threading.Thread(target=_run_or_end, args=(accept,), daemon=True).start()
