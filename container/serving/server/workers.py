"""The workers of a model, as PID 1 keeps them: forked, looked after, ended when one hangs, and forked anew when one is
gone.
"""

import asyncio
import itertools
import os
import signal
import socket
import sys
import time
import traceback
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from container.serving.server.init_process import Children, how_it_ended
from container.serving.server.worker import SECONDS_TO_GIVE_UP, run_worker
from container.serving.server.worker_telemetry import Progress, Stall, read_gpu_line
from container.serving.settings import Settings

MOST_FAILED_STARTS = 3  # one after the other; then the model is given up
SECONDS_TO_FORK_AGAIN = 1
SECONDS_TO_LEAVE = 1  # for a worker beyond what its answers take; then it is killed
BACKLOG = 4096
NUMBERS = itertools.count()
FAILED = b"failed "  # begins a worker's line on why it ends


@dataclass
class _Worker:
    """leave: written to, it ends the worker. began: `time.monotonic` of its fork."""

    stall: Stall
    leave: int
    began: float
    leaving: bool = False
    warm: bool = False
    failure: str = ""  # why it cannot load the model
    connections: int = 0
    heard: bytes = b""  # of a line that is not complete


class Workers:
    """Those of one model. Made in PID 1's event loop; `start` forks them.

    changed: called whenever `ready` may have changed. loaded: called with the seconds that a worker took. failed:
    called once, with a sentence, when the model is given up.
    """

    def __init__(
        self,
        name: str,
        folder: Path,
        settings: Settings,
        gpus: int,
        run_dir: Path,
        children: Children,
        changed: Callable[[], None],
        loaded: Callable[[float], None],
        failed: Callable[[str], None],
    ):
        self.name, self.folder = name, folder
        self._title = settings.title(name, folder)
        self._settings, self._gpus, self._children = settings, gpus, children
        self._changed, self._loaded, self._failed = changed, loaded, failed
        self.gpu_memory: dict[int, tuple[int, int]] = {}  # number of a GPU -> bytes taken and in all, as last told
        self._workers: dict[int, _Worker] = {}
        self._failed_starts = 0
        self._ended = False
        self._path = run_dir / f"workers-{next(NUMBERS)}.sock"
        self._listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self._listener.bind(str(self._path))
        self._listener.listen(BACKLOG)

    def start(self) -> None:
        for index in range(self._settings.workers):
            self._fork(index)

    def look(self, passed: float) -> None:
        """End those that hang. passed: seconds since the last look."""
        for pid, worker in list(self._workers.items()):
            if not worker.leaving and worker.stall.look(passed):
                seconds = self._settings.answer_seconds
                print(
                    f"error: a worker of {self._title} has worked on a request for {seconds} s without an answer, and "
                    "is ended. SAGEMAKER_MODEL_SERVER_TIMEOUT_SECONDS sets how long it may",
                    file=sys.stderr,
                    flush=True,
                )
                self._leave(pid, worker)

    def listen_at(self, path: Path) -> None:
        """Move the workers' socket to where multi-model-server connects."""
        os.replace(self._path, path)
        self._path = path

    @property
    def ready(self) -> bool:
        """Every worker has the model, has run it, and has all of its connections."""
        full = [
            one for one in self._workers.values() if one.warm and not one.leaving and one.connections == self._share
        ]
        return len(full) == self._settings.workers

    @property
    def leaving(self) -> bool:
        """All that there are refuse what they get, until others take their place."""
        return bool(self._workers) and all(one.leaving for one in self._workers.values())

    @property
    def _share(self) -> int:
        return self._settings.connections // self._settings.workers

    def end(self) -> None:
        """Kill them; nothing is called any more."""
        self._ended = True
        for pid in self._workers:
            os.kill(pid, signal.SIGKILL)
        asyncio.get_running_loop().remove_reader(self._listener)
        self._listener.close()
        self._path.unlink(missing_ok=True)

    def _leave(self, pid: int, worker: _Worker) -> None:
        """It tells those that wait to try again, if it still can."""
        worker.leaving = True
        self._changed()
        os.write(worker.leave, b"\n")

        def kill() -> None:
            if self._workers.get(pid) is worker and not self._ended:
                os.kill(pid, signal.SIGKILL)

        asyncio.get_running_loop().call_later(SECONDS_TO_GIVE_UP + SECONDS_TO_LEAVE, kill)

    def _fork(self, index: int) -> None:
        sys.stdout.flush()
        sys.stderr.flush()
        progress = Progress()
        (heard, told), (left, leave) = os.pipe(), os.pipe()
        try:
            pid = os.fork()
        except OSError as error:  # no memory, or too many processes: that may pass
            for end in (heard, told, left, leave):
                os.close(end)
            print(f"error: a worker of {self._title} could not be started: {error}", file=sys.stderr, flush=True)
            asyncio.get_running_loop().call_later(SECONDS_TO_FORK_AGAIN, self._fork_again, index)
            return
        if pid == 0:
            status = 1
            try:
                _forget_parent(keep={self._listener.fileno(), told, left})
                status = run_worker(
                    index,
                    self._gpus,
                    self._share,
                    self._listener,
                    self.name,
                    self.folder,
                    self._settings,
                    lambda line: _tell(told, line),
                    progress,
                    left,
                )
            except BaseException as error:
                traceback.print_exception(error)
            finally:
                sys.stdout.flush()
                sys.stderr.flush()
                os._exit(status)
        os.close(told)
        os.close(left)
        os.set_blocking(heard, False)
        self._workers[pid] = _Worker(Stall(progress.read, self._settings.answer_seconds), leave, time.monotonic())
        asyncio.get_running_loop().add_reader(heard, self._hear, pid, heard)
        self._children.watch(pid, lambda status: self._died(pid, index, heard, status))

    def _fork_again(self, index: int) -> None:
        if not self._ended:
            self._fork(index)

    def _hear(self, pid: int, heard: int) -> None:
        try:
            said = os.read(heard, 65536)
        except BlockingIOError:
            return
        worker = self._workers.get(pid)
        if not said or worker is None:
            asyncio.get_running_loop().remove_reader(heard)
            return
        *lines, worker.heard = (worker.heard + said).split(b"\n")
        for line in lines:
            if line == b"warm":
                worker.warm, self._failed_starts = True, 0
                self._loaded(time.monotonic() - worker.began)
            elif line == b"leaving":
                worker.leaving = True
            elif line.startswith(FAILED):
                worker.failure = line.removeprefix(FAILED).decode(errors="replace")
            elif told := read_gpu_line(line):
                self.gpu_memory.update([told])
            else:
                worker.connections = int(line.split()[1])
        self._changed()

    def _died(self, pid: int, index: int, heard: int, status: int) -> None:
        if not self._ended:
            self._hear(pid, heard)  # its last words
        asyncio.get_running_loop().remove_reader(heard)
        os.close(heard)
        worker = self._workers.pop(pid)
        os.close(worker.leave)
        if self._ended:
            return
        self._changed()
        if not worker.failure:
            print(f"error: a worker of {self._title} {how_it_ended(status)}", file=sys.stderr, flush=True)
        if not worker.warm:
            self._failed_starts += 1
            # A model that cannot be loaded will not be the next time; what kills a process (memory) may have passed.
            if os.WIFEXITED(status) or self._failed_starts >= MOST_FAILED_STARTS:
                self._ended = True
                # multi-model-server gives a connection up when it ends, but waits for ever for one that it cannot make.
                self._listener.setblocking(False)
                asyncio.get_running_loop().add_reader(self._listener, lambda: self._listener.accept()[0].close())
                why = worker.failure or f"its worker {how_it_ended(status)}; what it said is above"
                self._failed(f"{self._title} could not be loaded: {why}")
                return
        self._fork(index)


def _tell(pipe: int, line: str) -> None:
    os.write(pipe, f"{line}\n".encode())


def _forget_parent(keep: set[int]) -> None:
    """In the child: PID 1's signal handlers and sockets are not its own. A socket kept open here would never close
    there.
    """
    signal.set_wakeup_fd(-1)
    for one in (signal.SIGTERM, signal.SIGINT, signal.SIGCHLD):
        signal.signal(one, signal.SIG_DFL)
    for entry in os.listdir("/proc/self/fd"):
        if int(entry) > 2 and int(entry) not in keep:
            with suppress(OSError):  # that of the listing itself
                os.close(int(entry))
