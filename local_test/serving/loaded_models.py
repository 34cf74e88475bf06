"""The models of one multi-model container: fetched and loaded when a request first names them, unloaded when the
container has no room for another.

https://docs.aws.amazon.com/sagemaker/latest/dg/mms-container-apis.html
https://docs.aws.amazon.com/sagemaker/latest/dg/invoke-multi-model-endpoint.html
"""

import hashlib
import json
import shutil
import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from concurrent.futures import CancelledError, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from pathlib import Path

from local_test.host.emulator_settings import Platform
from local_test.serving.container_client import ContainerClient
from local_test.serving.model_folder import lay_out
from local_test.serving.model_source import ModelSource, find_files, not_downloaded, target_source

FOLDER = "/opt/ml/models"  # in the container
TARGET_MODEL = "X-Amzn-SageMaker-Target-Model"
SECONDS_TO_LOAD = 360
SECONDS_TO_ASK = 10
SECONDS_TO_FREE = 30  # from the answer that a model is unloaded until its memory is free
SECONDS_BETWEEN_TRIES = 0.5
OK, NO_ROOM, LOADED_ALREADY, NOT_FOUND, UNAVAILABLE = 200, 507, 409, 404, 503


class NoSuchModel(ValueError):
    """The target model is not there, or is no archive; the message is a sentence."""


class ModelNotReady(RuntimeError):
    """The time of the request is over; the model goes on being loaded."""


class LoadRefused(RuntimeError):
    """The container did not load the model. status: of its answer."""

    def __init__(self, status: int, message: str):
        super().__init__(message)
        self.status, self.message = status, message


@dataclass(eq=False)
class LoadedModel:
    """One model, from its first request to its end. name: that the container knows it by. users: requests that need
    it."""

    target: str
    name: str
    loading: Future[None] | None = None
    users: int = 0


class LoadedModels:
    """Safe to use from many threads. The container is asked to load and to unload one model at a time."""

    def __init__(
        self,
        platform: Platform,
        source: ModelSource,
        folder: Path,
        client: ContainerClient,
        caches: bool,
        measure: Callable[[str, float], None],
    ):
        """
        Args:
            platform: has the archives.
            source: their prefix.
            folder: what the container has as /opt/ml/models.
            client: of the container.
            caches: whether a model stays loaded when no request needs it.
            measure: gets name and value of CloudWatch's metrics, durations in microseconds.
        """
        self._platform, self._source, self._folder, self._client = platform, source, folder, client
        self._caches, self._measure = caches, measure
        self._models: OrderedDict[str, LoadedModel] = OrderedDict()  # by target, the least recently used first
        self._lock = threading.Condition()
        self._closed = False
        self._changes = ThreadPoolExecutor(1, thread_name_prefix="loading of models")

    def take(self, target: str, seconds: float) -> LoadedModel:
        """The model, which stays loaded until `give_back`.

        Raises NoSuchModel, ModelNotReady after `seconds`, LoadRefused, and what ContainerClient raises.
        """
        began = time.perf_counter()
        with self._lock:
            if self._closed:
                raise ConnectionError("the container was stopped")
            model = self._models.get(target)
            if model is None:
                name = hashlib.sha256(target.encode()).hexdigest()[:32]
                model = self._models[target] = LoadedModel(target, name)
                model.loading = self._changes.submit(self._load, model)
            self._models.move_to_end(target)
            model.users += 1
            loading = model.loading
        assert loading is not None
        hit = loading.done()
        try:
            wait([loading], seconds)
            if not loading.done():
                raise ModelNotReady(f"The model {target} is not loaded yet. Wait and try the request again.")
            loading.result()
        except CancelledError:
            self.give_back(model)
            raise ConnectionError("the container was stopped") from None
        except BaseException:
            self.give_back(model)
            raise
        self._measure("ModelCacheHit", float(hit))
        if not hit:
            self._measure("ModelLoadingWaitTime", _microseconds_since(began))
        return model

    def give_back(self, model: LoadedModel) -> None:
        """The request is answered."""
        with self._lock:
            model.users -= 1
            self._lock.notify_all()
            if not (self._caches or self._closed or model.users) and self._models.get(model.target) is model:
                self._changes.submit(self._unload_if_idle, model)

    def is_lost(self, model: LoadedModel) -> bool:
        """Whether the container has unloaded the model by itself, or has it without a worker, as multi-model-server
        may after it made room. The next `take` then loads it anew.

        Raises what ContainerClient raises.
        """
        with self._lock:
            if self._models.get(model.target) is not model:  # another request has found it out
                return True
        reply = self._client.request("GET", f"/models/{model.name}", b"", _naming(model), SECONDS_TO_ASK)
        description = reply.read()
        is_idle = reply.status == OK and has_no_worker(description)
        if reply.status != NOT_FOUND and not is_idle:
            return False
        with self._lock:
            if self._models.get(model.target) is model:
                del self._models[model.target]
                if is_idle:  # before whoever loads it next, who waits in the same line
                    self._changes.submit(self._ask_to_unload, model)
        return True

    def targets(self) -> list[str]:
        """What is loaded, or being loaded, the least recently used first."""
        with self._lock:
            return list(self._models)

    def close(self) -> None:
        """When the container has ended: nothing is written into the folder after this."""
        with self._lock:
            self._closed = True
        self._changes.shutdown(wait=True, cancel_futures=True)

    def _load(self, model: LoadedModel) -> None:
        folder = self._folder / model.name
        shutil.rmtree(folder, ignore_errors=True)  # of the same model, which the container unloaded by itself
        try:
            self._fetch(model.target, folder / "model")
            began = time.perf_counter()
            self._ask_to_load(model)
            self._measure("ModelLoadingTime", _microseconds_since(began))
        except BaseException:
            with self._lock:
                if self._models.get(model.target) is model:
                    del self._models[model.target]
            shutil.rmtree(folder, ignore_errors=True)
            raise

    def _fetch(self, target: str, folder: Path) -> None:
        began = time.perf_counter()
        try:
            source = target_source(self._source, target)
            files = find_files(self._platform.objects, self._platform.files, source)
        except ValueError as error:
            raise NoSuchModel(not_downloaded(self._source, target)) from error
        try:
            lay_out(source, files, folder)
        except ValueError as error:
            raise NoSuchModel(f"Failed to extract the target model {target}: {error}") from error
        self._measure("ModelDownloadingTime", _microseconds_since(began))

    def _ask_to_load(self, model: LoadedModel) -> None:
        body = json.dumps({"model_name": model.name, "url": f"{FOLDER}/{model.name}/model"}).encode()
        headers = {"Content-Type": "application/json", "Accept": "application/json", **_naming(model)}
        deadline, give_up = time.monotonic() + SECONDS_TO_LOAD, 0.0
        while True:
            reply = self._client.request("POST", "/models", body, headers, SECONDS_TO_LOAD)
            answer = reply.read()
            if 200 <= reply.status < 300 or reply.status == LOADED_ALREADY:
                return
            # multi-model-server keeps a model that failed, without a worker: 409 at the next try, 503 at each request.
            self._ask_to_unload(model)
            if reply.status == NO_ROOM and self._make_room(model, deadline):
                give_up = time.monotonic() + SECONDS_TO_FREE
            elif reply.status == NO_ROOM and time.monotonic() < give_up:
                time.sleep(SECONDS_BETWEEN_TRIES)
            else:
                raise LoadRefused(reply.status, answer.decode(errors="replace"))

    def _make_room(self, wanted: LoadedModel, deadline: float) -> bool:
        """Unload the least recently used model, when there is one or as soon as no request needs it."""
        with self._lock:
            while True:
                others = [
                    one for one in self._models.values() if one is not wanted and one.loading and one.loading.done()
                ]
                idle = [one for one in others if not one.users]
                if idle or not others:
                    break
                if not self._lock.wait(deadline - time.monotonic()):
                    return False
            if not idle:
                return False
            del self._models[idle[0].target]
        self._unload(idle[0])
        return True

    def _unload_if_idle(self, model: LoadedModel) -> None:
        with self._lock:
            if model.users or self._models.get(model.target) is not model:
                return
            del self._models[model.target]
        self._unload(model)

    def _unload(self, model: LoadedModel) -> None:
        began = time.perf_counter()
        status, answer = self._ask_to_unload(model)
        if not (200 <= status < 300 or status == NOT_FOUND):
            raise LoadRefused(status, f"The model {model.target} could not be unloaded: {answer}")
        self._measure("ModelUnloadingTime", _microseconds_since(began))
        shutil.rmtree(self._folder / model.name, ignore_errors=True)

    def _ask_to_unload(self, model: LoadedModel) -> tuple[int, str]:
        """Status and body of the answer."""
        reply = self._client.request("DELETE", f"/models/{model.name}", b"", _naming(model), SECONDS_TO_LOAD)
        return reply.status, reply.read().decode(errors="replace")


def has_no_worker(description: bytes) -> bool:
    """Whether multi-model-server's answer to GET /models/NAME lists the model's workers, and there is none.

    https://github.com/awslabs/multi-model-server/blob/master/docs/management_api.md#describe-model
    """
    try:
        described = json.loads(description)
    except ValueError:
        return False
    [first, *_] = described if isinstance(described, list) and described else [described]
    return isinstance(first, dict) and first.get("workers") == []


def _naming(model: LoadedModel) -> dict[str, str]:
    return {TARGET_MODEL: model.target}


def _microseconds_since(began: float) -> float:
    return (time.perf_counter() - began) * 1e6
