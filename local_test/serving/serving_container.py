"""One container that serves: from `serve` to its first good /ping, and to its end.

Contract: https://docs.aws.amazon.com/sagemaker/latest/dg/your-algorithms-inference-code.html
"""

import http.client
import logging
import threading
import time
from collections.abc import Callable
from contextlib import ExitStack, suppress
from pathlib import Path

from docker.errors import APIError, DockerException, NotFound
from docker.models.containers import Container
from docker.types import Mount

from local_test.host.confinement import CONFINEMENT
from local_test.host.emulator_settings import Platform
from local_test.host.engine import gpu_requests
from local_test.host.isolation.network_namespace import IsolationFailed
from local_test.host.labels import labels, remove
from local_test.host.small_image import ImageNotBuilt
from local_test.serving.container_address import address, publication
from local_test.serving.container_log import ContainerLog
from local_test.serving.network_isolation import IsolatedNetwork, isolate

SECONDS_TO_READY = 8 * 60  # the platform's default before it gives up
SECONDS_TO_PING = 2
SECONDS_TO_STOP = 30  # between SIGTERM and SIGKILL
SECONDS_BETWEEN_PINGS = 0.1
PORT = "8080"
PORT_VARIABLE = "SAGEMAKER_BIND_TO_PORT"  # of the container's environment, where it is another
LONGEST_REASON = 1024  # characters of FailureReason
ENGINE_ERRORS = (DockerException, OSError)  # the SDK lets those of its HTTP client, which are OSErrors, through
logger = logging.getLogger(__name__)


class ServingFailed(RuntimeError):
    """The container did not come into service. reason: one sentence. last_lines: of its log, "" when there are none."""

    def __init__(self, reason: str, last_lines: str = ""):
        super().__init__(with_last_lines(reason, last_lines))
        self.reason, self.last_lines = reason, last_lines


def with_last_lines(reason: str, last_lines: str) -> str:
    """A FailureReason: the sentence and as much of the log's end as fits into 1024 characters."""
    if not last_lines:
        return reason[:LONGEST_REASON]
    start = f"{reason} Its last log lines:\n"
    return start + last_lines[-max(1, LONGEST_REASON - len(start)) :]


class ServingContainer:
    """A container in service. Made by `start`; ends with `stop`, or by itself, which `death` then tells."""

    def __init__(
        self,
        container: Container,
        isolated: IsolatedNetwork | None,
        log: ContainerLog,
        port_inside: int,
        undo: ExitStack,
    ):
        """undo: removes the container and what was made for it."""
        self._container, self._isolated, self._log, self._port_inside, self._undo = (
            container,
            isolated,
            log,
            port_inside,
            undo,
        )
        self._lock, self._removal = threading.Lock(), threading.Lock()
        self._removed = False
        self._ended = threading.Event()
        self._stopping = False
        self._death: str | None = None
        self._on_death: Callable[[str], None] | None = None
        self.host, self.port = "", 0
        threading.Thread(target=self._watch, name=f"end of {container.name}", daemon=True).start()

    @classmethod
    def start(
        cls,
        platform: Platform,
        *,
        kind: str,
        name: str,
        image: str,
        model: Path | None,
        environment: dict[str, str],
        role: str | None,
        network_isolation: bool,
        log_group: str,
        log_stream: str,
        seconds_to_ready: int = SECONDS_TO_READY,
        memory_mb: int | None = None,
        cancelled: threading.Event | None = None,
    ) -> "ServingContainer":
        """Start `image` with `serve` and wait until /ping answers 200.

        kind, name: of its labels. image: as the request names it. model: folder that becomes /opt/ml/model, read-only.
        role: ARN of the one that its program has at AWS services; None: of none.
        cancelled: ends the waiting. Raises ServingFailed; then nothing of the container is left.
        """
        try:
            image_id = platform.local_image(image)
            port = _port_inside(environment)
        except ValueError as error:
            raise ServingFailed(str(error)) from error
        marks = labels(kind, name, platform.service)
        isolated = container = log = None
        undo = ExitStack()  # each step is taken, whatever another one raises; the last one first
        try:
            access: dict[str, str] = {}
            if network_isolation:
                isolated = isolate(platform.engine, port, marks)
                undo.callback(isolated.remove)
            elif role:
                grant = platform.container_access.grant(role, environment)
                undo.callback(grant.end)
                access = grant.variables
                if grant.missing:
                    platform.logs.write(log_group, log_stream, [(int(time.time() * 1000), grant.missing)])
            container = platform.engine.containers.create(
                image_id,
                ["serve"],
                environment={**access, **environment},
                mounts=[Mount("/opt/ml/model", str(model), type="bind", read_only=True)] if model else [],
                labels=marks,
                device_requests=gpu_requests(platform.engine),
                platform="linux/amd64",
                **CONFINEMENT,
                **({"network_mode": isolated.namespace.mode} if isolated else publication(platform.engine, port)),
                **({"mem_limit": f"{memory_mb}m", "memswap_limit": f"{memory_mb}m"} if memory_mb else {}),
            )
            undo.callback(remove, container)
            container.start()
            log = ContainerLog(container, platform.logs, log_group, log_stream)
            serving = cls(container, isolated, log, port, undo)
            serving._wait_until_in_service(
                time.monotonic() + seconds_to_ready, seconds_to_ready, cancelled or threading.Event()
            )
            return serving
        except BaseException as error:
            try:
                if log:
                    _kill(container)
                    log.finish()
                undo.close()
            except (
                ENGINE_ERRORS
            ):  # the reason to tell is the first one; the next start of the service removes what is left
                logger.exception("a container of %s could not be removed", image)
            if isinstance(error, (IsolationFailed, ImageNotBuilt)):
                raise ServingFailed(str(error)) from error
            if isinstance(error, ENGINE_ERRORS):
                raise ServingFailed(
                    f"The engine could not start the container of {image}: {_explanation(error)}"
                ) from error
            raise

    @property
    def url(self) -> str:
        return f"http://{self.host}:{self.port}"

    def alive(self) -> bool:
        return not self._ended.is_set()

    def ended_within(self, seconds: float) -> bool:
        """Whether it has ended by then: a broken connection is seen before the engine tells about the end."""
        return self._ended.wait(seconds)

    def death(self) -> str | None:
        """How it ended by itself, a sentence; None while it runs and after `stop`."""
        return self._death

    def last_lines(self) -> str:
        """The end of its log."""
        return self._log.last_lines()

    def when_dead(self, tell: Callable[[str], None]) -> None:
        """Call `tell` with the sentence, once and in another thread, when the container ends by itself."""
        with self._lock:
            self._on_death = tell
            death = self._death
        if death:
            threading.Thread(target=tell, args=(death,), daemon=True).start()

    def stop(self) -> None:
        """SIGTERM, 30 seconds, SIGKILL; then the container is removed. Further calls wait for the first."""
        with self._lock:
            self._stopping = True
        with self._removal:
            if self._removed:
                return
            try:
                self._container.stop(timeout=SECONDS_TO_STOP)
                self._log.finish()
            except NotFound:
                pass
            finally:
                self._removed = True
                self._undo.close()

    def _watch(self) -> None:
        try:
            status = self._container.wait(timeout=None)["StatusCode"]
            self._container.reload()
            self._log.finish()
            sentence = _how_it_ended(status, self._container.attrs["State"].get("OOMKilled", False))
        except NotFound:
            sentence = "The container was removed."
        except Exception as error:  # the engine went away: the SDK lets errors of three libraries through
            sentence = f"The engine no longer tells about the container: {error}"
        with self._lock:
            if not self._stopping:
                self._death = sentence
            tell = self._on_death
        self._ended.set()
        if tell and self._death:
            tell(self._death)

    def _wait_until_in_service(self, deadline: float, seconds_to_ready: int, cancelled: threading.Event) -> None:
        while time.monotonic() < deadline and not cancelled.is_set():
            if not self.host:
                self._find_address()
            if self.host and self._answers_ping():
                return
            if self._ended.wait(SECONDS_BETWEEN_PINGS):
                raise ServingFailed(self._death or "The container was stopped.", self.last_lines())
        with self._lock:
            self._stopping = True  # its end is ours from here on
        if cancelled.is_set():
            raise ServingFailed("The start was cancelled.")
        raise ServingFailed(
            f"The container did not pass the ping health check: no 200 from /ping within {seconds_to_ready} seconds.",
            self.last_lines(),
        )

    def _find_address(self) -> None:
        with_port = self._isolated.namespace.container if self._isolated else self._container
        self.host, self.port = address(with_port, self._port_inside) or ("", 0)

    def _answers_ping(self) -> bool:
        connection = http.client.HTTPConnection(self.host, self.port, timeout=SECONDS_TO_PING)
        try:
            connection.request("GET", "/ping")
            return connection.getresponse().status == 200
        except (OSError, http.client.HTTPException):
            return False
        finally:
            connection.close()


def _kill(container: Container) -> None:
    with suppress(APIError):  # it has ended already
        container.kill()


def _port_inside(environment: dict[str, str]) -> int:
    """Raises ValueError."""
    port = environment.get(PORT_VARIABLE, PORT)
    if not (port.isascii() and port.isdigit() and 0 < int(port) < 2**16):
        raise ValueError(f"{PORT_VARIABLE} in the model's Environment is {port!r}, which is not a port.")
    return int(port)


def _how_it_ended(status: int, out_of_memory: bool) -> str:
    if out_of_memory:
        return f"The container ran out of memory and ended with exit status {status}."
    return f"The container ended with exit status {status}."


def _explanation(error: Exception) -> str:
    return error.explanation if isinstance(error, APIError) and error.explanation else str(error)
