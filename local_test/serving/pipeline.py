"""A request on its way through the containers of one instance: in series, the answer of each is the next one's request.

https://docs.aws.amazon.com/sagemaker/latest/dg/inference-pipelines.html
"""

import time
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass

from local_test.serving.container_client import Blocks, ContainerClient, Reply
from local_test.serving.loaded_models import NOT_FOUND, TARGET_MODEL, UNAVAILABLE, LoadedModel, LoadedModels

DEFAULT_TYPE = "application/octet-stream"


@dataclass(frozen=True)
class PipelineContainer:
    """A container that takes requests. name: see ModelContainer. models: of a multi-model one, else None."""

    name: str
    client: ContainerClient
    models: LoadedModels | None = None


@dataclass(frozen=True)
class Passed:
    """A container that has answered. status: of HTTP. seconds: that it took."""

    container: str
    status: int
    seconds: float


class PipelineRequest:
    """One request. Close it when the answer is read.

    container: name of the container that has the request, or had it last. passed: the containers that have answered.
    """

    def __init__(self, containers: Sequence[PipelineContainer], target_model: str | None = None):
        self._containers, self._target_model = containers, target_model
        self._undo = ExitStack()
        self.container = containers[0].name
        self.passed: list[Passed] = []

    def post(self, body: bytes | Blocks, headers: dict[str, str], seconds: float) -> Reply:
        """The answer of the last container, its body still to be read, or the first that is no 2xx.

        Only the last container gets the request's Accept: those before it answer in the form of their own choice.

        Args:
            body: of the request; Blocks are read anew for every try.
            headers: Content-Type and Accept among them.
            seconds: for all containers together, until the answer is read.

        Raises:
            OSError: `container` broke off, or was silent for too long (TimeoutError).
            NoSuchModel, ModelNotReady, LoadRefused: of the target model.
        """
        deadline = time.monotonic() + seconds
        for number, one in enumerate(self._containers):
            self.container = one.name
            last = number == len(self._containers) - 1
            sent = headers if last else {name: value for name, value in headers.items() if name != "Accept"}
            began = time.perf_counter()
            reply = self._post_to(one, body, sent, deadline)
            if not last and 200 <= reply.status < 300:
                body = reply.read()
                headers = {**headers, "Content-Type": reply.header("Content-Type") or DEFAULT_TYPE}
            self.passed.append(Passed(one.name, reply.status, time.perf_counter() - began))
            if last or not 200 <= reply.status < 300:
                return reply
        raise ValueError("A pipeline has at least one container.")

    def close(self) -> None:
        """The model that the request named may be unloaded."""
        self._undo.close()

    def _post_to(self, one: PipelineContainer, body: bytes | Blocks, headers: dict[str, str], deadline: float) -> Reply:
        if one.models is None or self._target_model is None:
            return one.client.post("/invocations", body, headers, _left(deadline))
        model = self._take(one.models, self._target_model, deadline)
        headers = {**headers, TARGET_MODEL: model.target}
        reply = one.client.post(f"/models/{model.name}/invoke", body, headers, _left(deadline))
        if reply.status in (NOT_FOUND, UNAVAILABLE) and one.models.is_lost(model):
            reply.close()
            model = self._take(one.models, self._target_model, deadline)
            reply = one.client.post(f"/models/{model.name}/invoke", body, headers, _left(deadline))
        return reply

    def _take(self, models: LoadedModels, target: str, deadline: float) -> LoadedModel:
        model = models.take(target, _left(deadline))
        self._undo.callback(models.give_back, model)
        return model


def _left(deadline: float) -> float:
    """Seconds, also when none are left: whoever waits then notices it at once."""
    return max(deadline - time.monotonic(), 0.001)
