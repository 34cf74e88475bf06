"""The models that are loaded: their workers, and multi-model-server's knowledge of them.

A single-model endpoint has one, called `model`. A multi-model endpoint is told which:
https://docs.aws.amazon.com/sagemaker/latest/dg/mms-container-apis.html
"""

import asyncio
import json
import os
import re
import sys
from collections.abc import Callable
from http import HTTPStatus
from pathlib import Path
from typing import Any

from container.serving.inference.model_folder import WrongCode, check_program
from container.serving.machine import Machine, free_memory
from container.serving.server.init_process import Children
from container.serving.server.model_api import Response
from container.serving.server.model_server import ModelServer
from container.serving.server.workers import Workers
from container.serving.settings import MEGABYTE, Settings

NAME = re.compile(r"(?!\.{1,2}$)[A-Za-z0-9._-]{1,128}")  # a part of paths, ours and multi-model-server's
WORKER_MEMORY = 250 * MEGABYTE  # of a worker beside its model: what a torch process does not share with PID 1
SECONDS_TO_FORGET = 30  # for multi-model-server to notice that a model's workers are gone
COPIES = 3  # of the model file while it loads: the file's tensors, the network, and the form that answers


class Models:
    """changed: called when `ready` may have changed. loaded: called with the seconds that a worker took to load its
    model.
    """

    def __init__(
        self,
        settings: Settings,
        machine: Machine,
        run_dir: Path,
        children: Children,
        server: ModelServer,
        changed: Callable[[], None],
        loaded: Callable[[float], None],
    ):
        self._settings, self._machine, self._run_dir, self._children = settings, machine, run_dir, children
        self._server, self._changed, self._loaded_in = server, changed, loaded
        self._workers: dict[str, Workers] = {}
        self._loaded: set[str] = set()
        self._failures: dict[str, asyncio.Future[str]] = {}
        self._unloading: set[asyncio.Task[Any]] = set()  # the event loop alone would let a task go before its end

    @property
    def ready(self) -> bool:
        """Every model that is loaded has all of its workers."""
        return all(self._workers[name].ready for name in self._loaded)

    @property
    def leaving(self) -> bool:
        return any(self._workers[name].leaving for name in self._loaded)

    @property
    def loaded(self) -> dict[str, Path]:
        return {name: self._workers[name].folder for name in sorted(self._loaded)}

    @property
    def gpu_memory(self) -> dict[int, tuple[int, int]]:
        """Number of a GPU -> bytes of its memory that are taken, and all; without a GPU, or a model on it, empty."""
        return {gpu: told for workers in self._workers.values() for gpu, told in workers.gpu_memory.items()}

    def failure(self, name: str) -> "asyncio.Future[str]":
        """Is done, with a sentence, when the model was given up."""
        return self._failures[name]

    def fork(self, name: str, folder: Path) -> None:
        """Start its workers; they load the model at once."""
        self._failures[name] = asyncio.get_running_loop().create_future()
        made = Workers(
            name,
            folder,
            self._settings,
            self._machine.gpus,
            self._run_dir,
            self._children,
            self._changed,
            self._loaded_in,
            lambda why: self._give_up(name, why),
        )
        self._workers[name] = made
        made.start()

    async def register(self, name: str) -> str | None:
        """Tell multi-model-server of it, and wait until it is connected to every worker. None, or why it could not be
        loaded.
        """
        failure = self._failures[name]
        registration = asyncio.ensure_future(self._server.register(name, self._workers[name].folder))
        ends: set[asyncio.Future[Any]] = {registration, failure}
        await asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED)
        if failure.done():
            # multi-model-server waits for its program, which this process has to answer; only then can it be told to
            # forget the model.
            if self._settings.multi_model:
                await asyncio.wait({registration}, timeout=SECONDS_TO_FORGET)
            registration.cancel()
            return failure.result()
        reply = registration.result()
        title = self._settings.title(name, self._workers[name].folder)
        if reply.late:
            return (
                f"{title} was not loaded within {self._settings.start_seconds} seconds: its model_fn is slow, or "
                "hangs. SAGEMAKER_STARTUP_TIMEOUT sets how long it may take"
            )
        if reply.status != 200:
            return f"multi-model-server did not take {title}: {reply.message}"
        self._loaded.add(name)
        self._changed()
        return None

    async def unload(self, name: str) -> None:
        """Of what was only forked, too."""
        self._loaded.discard(name)
        if name in self._workers:
            reply = await self._server.unregister(name)
            if reply.status not in (200, 404):
                print(
                    f"warning: multi-model-server did not let the model {name} go: {reply.message}",
                    file=sys.stderr,
                    flush=True,
                )
        workers = self._workers.pop(name, None)
        self._failures.pop(name, None)
        if workers:
            workers.end()
            self._changed()

    def look(self, passed: float) -> None:
        """End the workers that hang. passed: seconds since the last look."""
        for workers in list(self._workers.values()):
            workers.look(passed)

    def end(self) -> None:
        for workers in self._workers.values():
            workers.end()

    async def stand_in(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """A connection of container/serving/model_server_home: multi-model-server says where it will connect."""
        try:
            asked = json.loads(await reader.readline())
            workers = self._workers.get(asked["model"])
            if workers is None:
                writer.write(b"it was not asked for\n")
                return
            workers.listen_at(Path(asked["socket"]))
            writer.write(b"listening\n")
            await writer.drain()
            await reader.read()  # until it ends: multi-model-server has let the model go, or its program was killed
            if self._workers.get(asked["model"]) is workers and asked["model"] in self._loaded:
                self._give_up(asked["model"], f"multi-model-server's program for the model {asked['model']} was ended")
        except (ValueError, KeyError, OSError) as error:  # it went away, or it was another program of the container
            print(f"warning: a connection to the workers' socket was given up: {error!r}", file=sys.stderr, flush=True)
        finally:
            writer.close()

    def _give_up(self, name: str, why: str) -> None:
        failure = self._failures.get(name)
        if failure and not failure.done():
            failure.set_result(why)
        if self._settings.multi_model and name in self._loaded:
            print(f"error: {why.rstrip('.')}; it is unloaded", file=sys.stderr, flush=True)
            unloading = asyncio.ensure_future(self.unload(name))
            self._unloading.add(unloading)
            unloading.add_done_callback(self._unloading.discard)

    async def answer(self, method: str, path: str, body: bytes) -> Response:
        """What a multi-model endpoint's platform asks: load, list, describe, unload."""
        name = path.removeprefix("/models").removeprefix("/")
        match method, bool(name):
            case "POST", False:
                return await self._load(body)
            case "GET", False:
                return Response.of({"models": [_described(*one) for one in self.loaded.items()]})
            case "GET", True:
                return Response.of(_described(name, self.loaded[name])) if name in self.loaded else _not_loaded(name)
            case "DELETE", True:
                if name not in self._loaded:
                    return _not_loaded(name)
                await self.unload(name)
                return Response.of({"status": f"The model {name} is unloaded."})
        return Response.error(HTTPStatus.METHOD_NOT_ALLOWED, f"{method} is not taken at {path}.")

    async def _load(self, body: bytes) -> Response:
        try:
            asked = json.loads(body)
            name, folder = asked["model_name"], Path(asked["url"])
        except (ValueError, KeyError, TypeError, RecursionError):
            return Response.error(
                HTTPStatus.BAD_REQUEST, 'The body must be {"model_name": "...", "url": "folder of the model"}.'
            )
        if not isinstance(name, str) or not NAME.fullmatch(name):
            return Response.error(
                HTTPStatus.BAD_REQUEST,
                "model_name must be of letters, digits, points, underscores and hyphens, 128 at most, and neither . "
                "nor ..",
            )
        if not folder.is_absolute() or not _is_folder(folder):
            return Response.error(
                HTTPStatus.BAD_REQUEST,
                f"There is no folder {folder} in this container. The url must be that of the unpacked model.",
            )
        if name in self._workers:
            return Response.error(HTTPStatus.CONFLICT, f"The model {name} is already loaded.")
        try:
            warning = check_program(folder, os.environ)
        except WrongCode as error:
            return Response.error(HTTPStatus.BAD_REQUEST, f"The model {name} cannot be loaded: {error}")
        if warning:
            print(f"warning: of the model {name}: {warning}", file=sys.stderr, flush=True)
        needed, free = memory_needed(folder, self._settings.workers), free_memory()
        if needed > free:
            message = (
                f"The model {name} needs some {needed // MEGABYTE} MB of memory and {free // MEGABYTE} MB are "
                f"free. Unload another one."
            )
            return Response.error(HTTPStatus.INSUFFICIENT_STORAGE, message)
        if (folder / "code/requirements.txt").exists():
            print(
                f"warning: requirements.txt of the model {name} is not installed: models of one endpoint share their "
                "packages. Install them in an image made FROM this one",
                file=sys.stderr,
            )
        self.fork(name, folder)
        problem = await self.register(name)
        if problem is None:
            return Response.of({"status": f"The model {name} is loaded."})
        print(f"error: {problem}", file=sys.stderr, flush=True)
        await self.unload(name)
        return Response.error(
            HTTPStatus.INTERNAL_SERVER_ERROR, f"The model {name} could not be loaded. The log has the reason."
        )


def memory_needed(folder: Path, workers: int) -> int:
    """Bytes that a model takes at most while it is loaded."""
    size = sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
    return workers * (COPIES * size + WORKER_MEMORY)


def _is_folder(path: Path) -> bool:
    try:
        return path.is_dir()
    except (OSError, ValueError):  # a name that is too long, or holds a zero
        return False


def _described(name: str, folder: Path) -> dict[str, Any]:
    return {"modelName": name, "modelUrl": str(folder)}


def _not_loaded(name: str) -> Response:
    return Response.error(HTTPStatus.NOT_FOUND, f"The model {name} is not loaded. Load it with POST /models.")
