"""PID 1 of the serve image: `docker run IMAGE serve`.

    nginx (8080) -> multi-model-server (loopback) -> workers: processes that hold the model and batch the requests
      PID 1 starts all three, forks the workers, and says by a file whether /ping is 200.

/ping is 200 while every worker has loaded the model, has run it, and is connected: not before, not after the death of
one until it is back, and not while the container is ending. When the model cannot be loaded, or nginx or
multi-model-server dies, the container ends with status 1."""

import asyncio
import gc
import importlib
import os
import shutil
import signal
import sys
import tempfile
from collections.abc import Iterable
from contextlib import suppress
from functools import partial
from http import HTTPStatus
from pathlib import Path
from typing import Any

from container.runtime.library_internals import IncompatibleLibrary
from container.serving.environment_variables import unreadable_to_the_toolkit
from container.serving.inference.model_folder import check_program, install_requirements
from container.serving.machine import Machine, free_memory
from container.serving.server.init_process import Children, become, how_it_ended
from container.serving.server.metrics import Metrics, RequestLog
from container.serving.server.model_api import Response, start_control
from container.serving.server.model_server import ModelServer, start_model_server
from container.serving.server.nginx import Nginx
from container.serving.settings import Settings

DRAIN_SECONDS = 24  # for what is under way at SIGTERM; SIGKILL follows after 30
END_SECONDS = 2  # for nginx and for multi-model-server each, after that
METRICS_SECONDS = 60
COUNT_SECONDS = 0.25
SINGLE = "model"


def main(arguments: list[str]) -> int:
    """Serve until SIGTERM (status 0) or until something fails (status 1)."""
    if arguments and arguments != ["serve"]:
        if arguments[0] == "train" and not shutil.which("train"):  # a derived image may have one
            _say_error(
                "This is the image for endpoints: run it with `serve`. Training jobs take the image whose name ends in "
                "-train."
            )
            return 1
        return become(arguments)
    stopped = []
    signal.signal(signal.SIGTERM, lambda number, frame: stopped.append(number))  # until the event loop takes over
    try:
        machine = Machine.here()
        settings = Settings.read(os.environ, machine)
        _warn(settings.warnings)
        for name in unreadable_to_the_toolkit(os.environ):
            del os.environ[name]
        run_dir = _run_dir()
        if not settings.multi_model:
            _warn([check_program(settings.model_dir, os.environ)])
            install_requirements(settings.model_dir)
        proxy = Nginx(settings, run_dir)
        requests = RequestLog(run_dir, Metrics())
        # The JVM and nginx start while this process imports torch, which the workers then have by being forked from it.
        java, nginx = start_model_server(settings, run_dir, free_memory()), proxy.start()
    except (ValueError, OSError, IncompatibleLibrary) as error:
        _say_error(error)
        return 1
    os.environ.setdefault(
        "TORCHINDUCTOR_CACHE_DIR", str(run_dir)
    )  # torch looks for the user's name otherwise, which a number may not have
    # Nothing of what an import makes is garbage; looking for it took a tenth of the time. Frozen, it stays shared with
    # the workers.
    gc.disable()
    try:
        importlib.import_module("container.serving.server.worker")
    except IncompatibleLibrary as error:  # in a derived image
        for program in (java, nginx):
            program.kill()
            program.wait()
        _say_error(error)
        return 1
    gc.freeze()
    gc.enable()
    return asyncio.run(Server(settings, machine, run_dir, proxy, requests, java.pid, nginx.pid).run(stopped))


class Server:
    """What runs once PID 1 has its imports."""

    def __init__(
        self,
        settings: Settings,
        machine: Machine,
        run_dir: Path,
        proxy: Nginx,
        requests: RequestLog,
        java: int,
        nginx: int,
    ):
        from container.serving.server.models import Models  # imports torch

        self._settings, self._run_dir, self._proxy = settings, run_dir, proxy
        self._java, self._nginx = java, nginx
        self._requests, self._metrics, self._children = requests, requests.metrics, Children()
        self._model_server = ModelServer(settings)
        self._models = Models(
            settings,
            machine,
            run_dir,
            self._children,
            self._model_server,
            self._say_ready,
            self._metrics.loaded,
        )
        self._in_service = False
        self._failure = ""

    async def run(self, stopped: list[Any]) -> int:
        """stopped: holds something when SIGTERM came before."""
        loop = asyncio.get_running_loop()
        self._stop: asyncio.Future[int] = loop.create_future()
        loop.add_signal_handler(signal.SIGCHLD, self._children.reap)
        loop.add_signal_handler(signal.SIGTERM, self._end_with, 0)
        for name, pid in (("multi-model-server", self._java), ("nginx", self._nginx)):
            self._children.watch(pid, partial(self._died, name))
        self._children.reap()
        await start_control(self._run_dir / "control.sock", self._answer)
        (self._run_dir / "control.sock").chmod(0o666)
        await asyncio.start_unix_server(self._models.stand_in, self._run_dir / "workers.sock")
        if stopped:  # while this process was importing
            self._end_with(0)
        tasks = [asyncio.ensure_future(one) for one in (self._start(), self._count_requests(), self._tell_cloudwatch())]
        for task in tasks:
            task.add_done_callback(self._fail_with)
        status = await self._stop
        try:
            await self._drain()
            for task in tasks:
                task.cancel()
            self._requests.read()
            self._print_metrics()
        finally:
            if self._failure:  # behind what nginx and multi-model-server say at their end
                _say_error(self._failure)
        return status

    async def _start(self) -> None:
        if not self._settings.multi_model:
            self._models.fork(SINGLE, self._settings.model_dir)
            failure = self._models.failure(SINGLE)
            failure.add_done_callback(self._gave_up)
        while not await self._model_server.answers():
            await asyncio.sleep(0.02)
        if not self._settings.multi_model:
            problem = await self._models.register(SINGLE)
            if problem:
                self._fail(problem)
                return
        self._in_service = True
        self._say_ready()
        workers, threads = self._settings.workers, self._settings.threads
        print(
            f"serving on port {self._settings.ports.public}: {workers} worker(s) of {threads} thread(s), batches of "
            f"{self._settings.batch_size}",
            flush=True,
        )

    def _say_ready(self) -> None:
        # A multi-model endpoint is in service without a model, and with one that is just being loaded anew.
        running = self._in_service and not self._stop.done()
        ready = running and (self._settings.multi_model or self._models.ready)
        # First: who hears 200 from /ping may send a request at once.
        self._proxy.accept(running and (self._settings.multi_model or not self._models.leaving))
        self._proxy.say_ready(ready)
        self._metrics.ready(ready)

    def _fail(self, why: str) -> None:
        if not self._stop.done():
            if self._in_service:  # requests under way are waited for
                print(f"ending: {why}", file=sys.stderr, flush=True)
            self._failure = why
            self._end_with(1)

    def _died(self, program: str, status: int) -> None:
        self._fail(f"{program} {how_it_ended(status)}; what it said is above")

    def _gave_up(self, failure: "asyncio.Future[str]") -> None:
        if not failure.cancelled():
            self._fail(failure.result())

    def _fail_with(self, task: asyncio.Task[Any]) -> None:
        if not task.cancelled() and task.exception():
            self._fail(f"{type(task.exception()).__name__}: {task.exception()}")

    def _end_with(self, status: int) -> None:
        if not self._stop.done():
            self._stop.set_result(status)
            self._say_ready()

    async def _drain(self) -> None:
        """Nothing new is taken any more; what is under way is finished."""
        deadline = asyncio.get_running_loop().time() + DRAIN_SECONDS
        while self._in_service and asyncio.get_running_loop().time() < deadline and await self._under_way():
            await asyncio.sleep(0.05)
        for pid, how in ((self._nginx, signal.SIGQUIT), (self._java, signal.SIGTERM)):
            await self._end(pid, how)
        self._models.end()

    async def _under_way(self) -> bool:
        """Whether nginx reads or answers a request beside this one."""
        try:
            return await self._proxy.open_requests() > 1
        except TimeoutError:
            return True
        except OSError:
            return False

    async def _end(self, pid: int, how: signal.Signals) -> None:
        ended = asyncio.Event()
        try:
            os.kill(pid, how)
        except ProcessLookupError:
            return
        self._children.watch(pid, lambda status: ended.set())
        try:
            async with asyncio.timeout(END_SECONDS):
                await ended.wait()
        except TimeoutError:
            os.kill(pid, signal.SIGKILL)
            with suppress(TimeoutError):
                async with asyncio.timeout(END_SECONDS):
                    await ended.wait()

    async def _answer(self, method: str, path: str, body: bytes) -> Response:
        if path == "/metrics":
            self._requests.read()
            with suppress(OSError):
                self._metrics.in_progress(max(0, await self._proxy.open_requests() - 2))  # that look, and this request
            self._metrics.gpu_memory(self._models.gpu_memory)
            return Response(200, self._metrics.prometheus(), "text/plain; version=0.0.4; charset=utf-8")
        if not self._in_service:
            return Response.error(HTTPStatus.SERVICE_UNAVAILABLE, "The server is starting.")
        return await self._models.answer(method, path, body)

    async def _count_requests(self) -> None:
        """Now and then: waking up for each request would take a core from the worker in its middle. Workers that hang
        are found on the way.
        """
        clock = asyncio.get_running_loop().time
        before = clock()
        while True:
            await asyncio.sleep(COUNT_SECONDS)
            self._requests.read()
            now = clock()
            self._models.look(now - before)
            before = now

    async def _tell_cloudwatch(self) -> None:
        while True:
            await asyncio.sleep(METRICS_SECONDS)
            self._print_metrics()

    def _print_metrics(self) -> None:
        line = self._metrics.cloudwatch()
        if line:
            print(line, flush=True)


def _say_error(error: object) -> None:
    print(f"error: {error}", file=sys.stderr, flush=True)


def _warn(warnings: Iterable[str | None]) -> None:
    for warning in filter(None, warnings):
        print(f"warning: {warning}", file=sys.stderr, flush=True)


def _run_dir() -> Path:
    """For sockets and configurations: /tmp, or where the root file system is read-only, the memory that every container
    has.
    """
    for parent in ("/tmp", "/dev/shm"):
        if os.access(parent, os.W_OK):
            os.environ["TMPDIR"] = parent  # of the user's functions, too
            made = Path(tempfile.mkdtemp(prefix="serve-", dir=parent))
            made.chmod(0o711)  # nginx's worker is another user where PID 1 is root
            return made
    raise OSError("Neither /tmp nor /dev/shm can be written to. Give the container one of them.")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
