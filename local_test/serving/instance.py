"""One instance that serves a model: its containers, their model folders and the connections to them."""

import threading
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import Any

from local_test.host.emulator_settings import Platform
from local_test.serving.container_client import ContainerClient
from local_test.serving.container_spec import ContainerSpec
from local_test.serving.container_start import ServingFailed, at_once, start_all
from local_test.serving.loaded_models import FOLDER as MODELS_FOLDER
from local_test.serving.loaded_models import LoadedModels
from local_test.serving.model_definition import ModelContainer, is_direct, model_containers
from local_test.serving.model_folder import ModelFolders
from local_test.serving.model_source import model_source
from local_test.serving.pipeline import PipelineContainer, PipelineRequest
from local_test.serving.serving_container import ServingContainer

MODEL_FOLDER = "/opt/ml/model"
HEALTH = ("/ping",)
MULTI_MODEL_HEALTH = ("/ping", "/models")


@dataclass(frozen=True)
class InstanceSpec:
    """What an instance is started with.

    Args:
        kind: of the containers' labels: ENDPOINT, COMPONENT or TRANSFORM.
        name: the endpoint's, the component's or the job's.
        model: the record of the model.
        log_group: of CloudWatch.
        log_stream: of CloudWatch, of the only container; one of several has its name after it.
        seconds_to_ready: from its start until each container is healthy.
        memory_mb: limit of each container, None for none.
        environment: more than the model has.
        measure: gets name and value of the metrics of multi-model containers.
    """

    kind: str
    name: str
    model: dict[str, Any]
    log_group: str
    log_stream: str
    seconds_to_ready: float
    memory_mb: int | None = None
    environment: dict[str, str] = field(default_factory=dict)
    measure: Callable[[str, float], Any] = lambda name, value: None


@dataclass(frozen=True)
class _Started:
    """log_stream: where the container's log goes. undo: ends the container and gives back what it had."""

    container: ServingContainer
    stage: PipelineContainer
    log_stream: str
    undo: ExitStack


class Instance:
    """Made by `start`, in service. outstanding: requests under way; the router counts them, under the router's lock."""

    def __init__(self, spec: InstanceSpec, started: list[_Started]):
        self.spec, self._started = spec, started
        self.outstanding = 0
        self._stopping = threading.Lock()

    @classmethod
    def start(
        cls, platform: Platform, folders: ModelFolders, spec: InstanceSpec, cancelled: threading.Event
    ) -> "Instance":
        """All containers of the model at once. Raises ServingFailed; then nothing of it is left.

        cancelled: ends it from outside; it is set here when one container fails, so that the others end, too.
        """
        containers = model_containers(spec.model)

        def start(container: ModelContainer) -> _Started:
            try:
                return _start(platform, folders, spec, container, cancelled)
            except ServingFailed as error:
                if len(containers) == 1:
                    raise
                raise error.of(f"Container {container.name}") from error

        return cls(spec, start_all(start, containers, _stop, cancelled))

    @property
    def is_direct(self) -> bool:
        return is_direct(self.spec.model)

    @property
    def is_multi_model(self) -> bool:
        return any(one.stage.models for one in self._started)

    @property
    def container_names(self) -> list[str]:
        return [one.stage.name for one in self._started]

    def request(self, target_model: str | None = None, target_container: str | None = None) -> PipelineRequest:
        """For one request: to the container of that name, None for all of them in series."""
        chosen = [one.stage for one in self._started if target_container in (None, one.stage.name)]
        return PipelineRequest(chosen, target_model)

    def log_stream(self, container: str) -> str:
        """Of a container by its name."""
        return next(one.log_stream for one in self._started if one.stage.name == container)

    def first_address(self) -> tuple[str, int]:
        """Host and port of the container that requests come to first."""
        return self._started[0].container.host, self._started[0].container.port

    def alive(self) -> bool:
        return all(one.container.alive() for one in self._started)

    def death(self) -> str | None:
        """How a container of it ended by itself, a sentence; None while all run and after `stop`."""
        return next((_death(one, len(self._started)) for one in self._started if one.container.death()), None)

    def death_of(self, container: str, within: float) -> str | None:
        """How the container of this name ended by itself, waiting that many seconds for the news of it."""
        found = next(one.container for one in self._started if one.stage.name == container)
        return found.death() if found.ended_within(within) else None

    def last_lines(self) -> str:
        """The end of the log of the container that `death` is about, else of the first one."""
        dead = [one.container for one in self._started if one.container.death()]
        return (dead or [self._started[0].container])[0].last_lines()

    def when_dead(self, tell: Callable[[str], None]) -> None:
        """Call `tell` with a sentence, in another thread, for each container that ends by itself."""
        for one in self._started:
            one.container.when_dead(tell)

    def stop(self) -> None:
        """SIGTERM, 30 seconds, SIGKILL, to all its containers at once; then they are removed. Further calls wait for
        the first."""
        with self._stopping:
            at_once(_stop, self._started)


def _start(
    platform: Platform,
    folders: ModelFolders,
    spec: InstanceSpec,
    container: ModelContainer,
    cancelled: threading.Event,
) -> _Started:
    undo = ExitStack()
    try:
        folder = folders.take(container.definition)
    except (ValueError, OSError) as error:
        raise ServingFailed(str(error)) from error
    undo.callback(folder.release)
    stream = spec.log_stream if container.position is None else f"{spec.log_stream}/{container.name}"
    target = MODELS_FOLDER if container.is_multi_model else MODEL_FOLDER
    try:
        serving = ServingContainer.start(
            platform,
            ContainerSpec(
                kind=spec.kind,
                name=spec.name,
                image=container.definition["Image"],
                environment={**container.environment, **spec.environment},
                mount=(folder.path, target) if folder.path else None,
                role=spec.model.get("ExecutionRoleArn"),
                network_isolation=spec.model.get("EnableNetworkIsolation", False),
                log_group=spec.log_group,
                log_stream=stream,
                seconds_to_ready=spec.seconds_to_ready,
                memory_mb=spec.memory_mb,
                health=MULTI_MODEL_HEALTH if container.is_multi_model else HEALTH,
            ),
            cancelled,
        )
    except BaseException:
        undo.close()
        raise
    client = ContainerClient(serving.host, serving.port)
    models = None
    source = model_source(container.definition)
    if container.is_multi_model and source and folder.path:
        models = LoadedModels(platform, source, folder.path, client, container.caches_models, spec.measure)
        undo.callback(models.close)
    undo.callback(serving.stop)
    undo.callback(client.close)
    return _Started(serving, PipelineContainer(container.name, client, models), stream, undo)


def _stop(started: _Started) -> None:
    started.undo.close()


def _death(started: _Started, containers: int) -> str | None:
    death = started.container.death()
    return f"Container {started.stage.name}: {death}" if death and containers > 1 else death
