"""One container that serves: from `serve` to its first good /ping, and to its end.

Contract: https://docs.aws.amazon.com/sagemaker/latest/dg/your-algorithms-inference-code.html
"""

import http.client
import logging
import threading
import time
from collections.abc import Callable
from contextlib import ExitStack, suppress

from docker.errors import APIError, NotFound
from docker.models.containers import Container

from local_test.host.emulator_settings import Platform
from local_test.host.error_words import in_words
from local_test.host.isolation.network_namespace import IsolationFailed
from local_test.host.small_image import ImageNotBuilt
from local_test.serving.container_log import ContainerLog
from local_test.serving.container_network import IsolatedNetwork, address
from local_test.serving.container_spec import ContainerSpec, create
from local_test.serving.container_start import (
    ENGINE_ERRORS,
    ServingFailed,
    StartCancelled,
    engine_refused,
    how_it_ended,
)

SECONDS_TO_PING = 2
SECONDS_TO_STOP = 30  # between SIGTERM and SIGKILL
SECONDS_BETWEEN_PINGS = 0.1
logger = logging.getLogger(__name__)


class ServingContainer:
    """A container in service. Made by `start`; ends with `stop`, or by itself, which `death` then tells."""

    def __init__(self, container: Container, isolated: IsolatedNetwork | None, log: ContainerLog, undo: ExitStack):
        """undo: removes the container and what was made for it."""
        self._container, self._isolated, self._log, self._undo = container, isolated, log, undo
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
        cls, platform: Platform, spec: ContainerSpec, cancelled: threading.Event | None = None
    ) -> "ServingContainer":
        """Start the image with `serve` and wait until it is healthy.

        cancelled: ends the waiting. Raises ServingFailed; then nothing of the container is left.
        """
        port = spec.port()
        try:
            image_id = platform.local_image(spec.image)
        except ValueError as error:
            raise ServingFailed(str(error)) from error
        log: ContainerLog | None = None
        undo = ExitStack()  # each step is taken, whatever another one raises; the last one first
        try:
            container, isolated = create(platform, spec, image_id, port, undo)
            container.start()
            log = ContainerLog(container, platform.logs, spec.log_group, spec.log_stream)
            serving = cls(container, isolated, log, undo)
            serving._wait_until_in_service(port, spec, cancelled or threading.Event())
            return serving
        except BaseException as error:
            try:
                if log:
                    with suppress(APIError):  # it has ended already
                        container.kill()
                    log.finish()
                undo.close()
            except ENGINE_ERRORS:  # the reason to tell is the first one; the next start of the service removes it
                logger.exception("a container of %s could not be removed", spec.image)
            if isinstance(error, (IsolationFailed, ImageNotBuilt)):
                raise ServingFailed(str(error)) from error
            if isinstance(error, ENGINE_ERRORS):
                raise ServingFailed(engine_refused(spec.image, error)) from error
            raise

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
            sentence = how_it_ended(status, self._container.attrs["State"].get("OOMKilled", False))
        except NotFound:
            sentence = "The container was removed."
        except Exception as error:  # the engine went away: the SDK lets errors of three libraries through
            sentence = f"The engine no longer tells about the container: {in_words(error)}"
        with self._lock:
            if not self._stopping:
                self._death = sentence
            tell = self._on_death
        self._ended.set()
        if tell and self._death:
            tell(self._death)

    def _wait_until_in_service(self, port: int, spec: ContainerSpec, cancelled: threading.Event) -> None:
        deadline = time.monotonic() + spec.seconds_to_ready
        left = list(spec.health)  # what has not answered 200 yet
        with_port = self._isolated.namespace.container if self._isolated else self._container
        while time.monotonic() < deadline and not cancelled.is_set():
            if not self.host:
                self.host, self.port = address(with_port, port) or ("", 0)
            while self.host and left and self._is_healthy(left[0]):
                del left[0]
            if not left:
                return
            if self._ended.wait(SECONDS_BETWEEN_PINGS):
                raise ServingFailed(self._death or "The container was stopped.", self.last_lines())
        with self._lock:
            self._stopping = True  # its end is ours from here on
        if cancelled.is_set():
            raise StartCancelled("The start was cancelled.")
        raise ServingFailed(
            f"The container did not pass the ping health check: no 200 from {left[0]} within "
            f"{spec.seconds_to_ready:g} seconds.",
            self.last_lines(),
        )

    def _is_healthy(self, path: str) -> bool:
        connection = http.client.HTTPConnection(self.host, self.port, timeout=SECONDS_TO_PING)
        try:
            connection.request("GET", path)
            return connection.getresponse().status == 200
        except (OSError, http.client.HTTPException):
            return False
        finally:
            connection.close()
