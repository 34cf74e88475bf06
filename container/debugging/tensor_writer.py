"""Writes saved tensors: files in smdebug's format, by one thread in the background of training.

The files are events with the numbers, an index for each step, and the collections.
"""

import contextlib
import os
import queue
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

from container.debugging.smdebug_library import (
    Event,
    EventsWriter,
    FileWriter,
    Hook,
    IndexWriter,
    ModeKeys,
    TensorLocation,
    get_reduction_tensor_name,
)
from container.debugging.tensor_copies import TensorCopy

WORKER = "worker_0"  # smdebug's name of the process that saves: one of a run does
MOST_WAITING_JOBS = 2  # jobs; each holds the tensors of a step
LOWEST_PRIORITY = 19


def write_step(folder: Path, step: int, mode: str, mode_step: int, copies: list[TensorCopy]) -> None:
    """Write what is saved of one step. Raises OSError.

    Args:
        folder: of the run's tensors.
        step: number of the step, counted over all modes.
        mode: TRAIN or EVAL.
        mode_step: number of the step, counted in its mode.
        copies: its tensors, on any device.
    """
    with contextlib.closing(FileWriter(trial_dir=str(folder), step=step, worker=WORKER)) as writer:
        writer._proto_writer = _EventFile(writer.event_file_path, writer.index_writer)
        where = {"mode": ModeKeys[mode], "mode_step": mode_step}
        for copy in copies:
            for (reduction, absolute), number in zip(copy.reductions, copy.numbers.cpu().numpy(), strict=True):
                writer.write_tensor(number, get_reduction_tensor_name(copy.name, reduction, absolute), **where)
            if copy.shape is not None:
                writer.write_shape(copy.name, copy.shape, **where)
            if copy.value is not None:
                writer.write_tensor(copy.value.cpu().numpy(), copy.name, **where)


def write_collections(folder: Path, hook: Hook) -> None:
    """Write which collection holds which tensors. create_trial waits for this file and reads it once: the hook must
    know the names of the model's tensors.
    """
    hook.collection_manager.set_num_workers(1)
    hook.collection_manager.export(str(folder), f"{WORKER}_collections.json")


class BackgroundWriter:
    """Runs jobs in the order in which they come. When one fails, a warning says why, and the later ones are skipped."""

    def __init__(self) -> None:
        self._jobs: queue.Queue[Callable[[], None] | None] = queue.Queue(MOST_WAITING_JOBS)
        self._failed = False
        self._thread = threading.Thread(target=self._work, name="tensor-writer", daemon=True)
        self._thread.start()

    def put(self, job: Callable[[], None]) -> None:
        """Queue a job; wait while the queue is full."""
        self._jobs.put(job)

    def flush(self) -> None:
        """Return when every job that was put is done."""
        self._jobs.join()

    def close(self) -> None:
        """Return when every job is done, and end the thread. May be called again."""
        if self._thread.is_alive():
            self._jobs.put(None)
            self._thread.join()

    def _work(self) -> None:
        with contextlib.suppress(OSError):
            # On Linux a thread has a priority of its own.
            os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), LOWEST_PRIORITY)
        while (job := self._jobs.get()) is not None:
            try:
                if not self._failed:
                    job()
            except Exception as error:  # whatever it is, training is worth more than its tensors
                self._failed = True
                print(
                    f"warning: the debugger saves no more tensors, and training continues without them: "
                    f"{type(error).__name__}: {error}",
                    file=sys.stderr,
                )
            finally:
                self._jobs.task_done()


class _EventFile:
    """In the place of smdebug's EventFileWriter, which writes in a thread of its own and waits for it for ever when a
    disk is full.
    """

    def __init__(self, path: str, index_writer: IndexWriter):
        self._events = EventsWriter(path=path, index_writer=index_writer)
        self._events.init()
        self._name = os.path.join("events", *Path(path).parts[-2:])  # as the index has it: relative to the folder

    def write_summary_with_index(
        self, summary: object, step: int, name: str, mode: ModeKeys, mode_step: int, timestamp: float | None
    ) -> None:
        """Called by FileWriter. summary: smdebug's protobuf message of one tensor."""
        event = Event(summary=summary, wall_time=timestamp or time.time(), step=step)
        start, length = self._events.write_event(event)
        self._events.index_writer.add_index(
            TensorLocation(name, mode.name, mode_step, self._name, start, length, WORKER)
        )

    def close(self) -> None:
        self._events.close()
