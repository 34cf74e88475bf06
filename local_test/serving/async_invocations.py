"""InvokeEndpointAsync: the request waits its turn, its answer becomes an object.

https://docs.aws.amazon.com/sagemaker/latest/dg/async-inference.html
"""

import logging
import threading
import time
import uuid
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from local_test.api.logs import endpoint_group
from local_test.host.emulator_settings import Platform
from local_test.host.error_words import in_words
from local_test.serving.invocation import Asked, ModelFault
from local_test.serving.invoker import Invoker
from local_test.serving.live_endpoint import LiveEndpoint
from local_test.serving.router import NoSuchVariant, Throttled
from local_test.storage.destination import Destination, location
from local_test.storage.object_folder import StorageError

PER_INSTANCE = 4  # MaxConcurrentInvocationsPerInstance, where AWS chooses "an optimal value" itself
TTL = 6 * 3600  # seconds
INVOCATION_TIMEOUT = 15 * 60  # seconds
LARGEST_INPUT = 1024**3  # bytes
NO_ANSWER = "The model had not answered."
KILLED = f"The local SageMaker ended without a word. {NO_ANSWER}"
logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class AsyncInvocation:
    """input: URI, or the body itself. ttl: seconds from `accepted` (since 1970) after which it is not begun any more.

    output, failure: S3OutputPath and S3FailurePath, below which the answer gets `name`, and a failure a name of its
    own."""

    id: str
    inference_id: str
    input: str | bytes
    headers: dict[str, str]
    output: str
    name: str
    failure: str | None
    accepted: float
    ttl: int
    seconds: int

    @property
    def output_location(self) -> str:
        return location(self.output, self.name)

    @property
    def failure_location(self) -> str | None:
        return location(self.failure, failure_name(self.id)) if self.failure else None


@dataclass
class _Queue:
    """Of one endpoint, as long as something waits or runs: another of the same name has its own."""

    waiting: deque[Any] = field(default_factory=deque)
    workers: set[Any] = field(default_factory=set)


class AsyncInvocations:
    """clock: seconds since 1970. What waits is written down, so that its end is told even after the service was
    killed.
    """

    def __init__(
        self, platform: Platform, invoker: Invoker, stored: Destination, clock: Callable[[], float] = time.time
    ):
        self._platform, self._invoker, self._stored, self._clock = platform, invoker, stored, clock
        self._records = platform.state.records("async-invocations")
        self._queues: dict[LiveEndpoint, _Queue] = {}
        self._lock = threading.Lock()

    def recover(self) -> None:
        """What waited or ran when the service ended has failed."""
        for record in self._records.all():
            self._tell_failure(record["Endpoint"], record["Failure"], record["Id"], record["InferenceId"], KILLED)
            self._records.delete(record["Id"])

    def accept(self, endpoint: LiveEndpoint, asked: Callable[[str], AsyncInvocation]) -> AsyncInvocation:
        """asked: makes the invocation of an id. Begins it when one more may run at once, else it waits."""
        invocation = asked(str(uuid.uuid4()))
        self._records.create(
            invocation.id,
            {
                "Id": invocation.id,
                "Endpoint": endpoint.name,
                "Failure": invocation.failure,
                "InferenceId": invocation.inference_id,
            },
        )
        client = endpoint.serving().current.config["AsyncInferenceConfig"].get("ClientConfig", {})
        most = client.get("MaxConcurrentInvocationsPerInstance", PER_INSTANCE) * endpoint.serving().instance_count()
        with self._lock:
            queue = self._queues.setdefault(endpoint, _Queue())
            queue.waiting.append(invocation)
            if len(queue.workers) < most:
                name = f"asynchronous invocation of {endpoint.name}"
                worker = threading.Thread(target=self._work, args=(endpoint, queue), name=name, daemon=True)
                queue.workers.add(worker)
                worker.start()
        return invocation

    def now(self) -> float:
        return self._clock()

    def stop(self) -> None:
        """Waits for what the ends of the endpoints have ended. Call it after those."""
        with self._lock:
            workers = [worker for queue in self._queues.values() for worker in queue.workers]
        for worker in workers:
            worker.join()

    def _work(self, endpoint: LiveEndpoint, queue: _Queue) -> None:
        while True:
            with self._lock:
                if not queue.waiting:
                    queue.workers.discard(threading.current_thread())
                    if not queue.workers:
                        del self._queues[endpoint]
                    return
                invocation = queue.waiting.popleft()
            try:
                self._one(endpoint, invocation)
            except Exception as error:
                logger.exception("asynchronous invocation %s of %s", invocation.inference_id, endpoint.name)
                problem = f"A fault of the local SageMaker: {in_words(error)}"
                self._tell_failure(endpoint.name, invocation.failure, invocation.id, invocation.inference_id, problem)
            finally:
                self._records.delete(invocation.id)

    def _one(self, endpoint: LiveEndpoint, invocation: AsyncInvocation) -> None:
        problem = self._why_not(endpoint, invocation)
        if problem is None:
            try:
                body, content_type = self._input(invocation)
                headers = {**({"Content-Type": content_type} if content_type else {}), **invocation.headers}
                asked = Asked(body, headers, invocation.seconds, inference_id=invocation.inference_id)
                answer = self._invoker.invoke(endpoint, asked)
            except ModelFault as error:
                problem = f"{endpoint.end} {NO_ANSWER}" if endpoint.closing.is_set() else error.message
            except StorageError as error:
                problem = str(error)
            except (NoSuchVariant, Throttled) as error:
                problem = f"No variant of the endpoint takes the request: {error}"
            else:
                try:
                    self._stored.put_bytes(invocation.output, invocation.name, answer.body, answer.content_type)
                    return
                except ValueError as error:
                    problem = str(error)
        self._tell_failure(endpoint.name, invocation.failure, invocation.id, invocation.inference_id, problem)

    def _why_not(self, endpoint: LiveEndpoint, invocation: AsyncInvocation) -> str | None:
        if endpoint.closing.is_set():
            return f"{endpoint.end} {NO_ANSWER}"
        if expired(invocation.accepted, invocation.ttl, self._clock()):
            return f"The request waited longer than its RequestTTLSeconds of {invocation.ttl}."
        return None

    def _input(self, invocation: AsyncInvocation) -> tuple[bytes, str | None]:
        """The body and, of an object, its Content-Type: the SDK's AsyncPredictor says it there and not in the
        request."""
        if isinstance(invocation.input, bytes):
            return invocation.input, None
        found = self._platform.objects.get(invocation.input)
        if found.size > LARGEST_INPUT:
            raise StorageError(
                f"{invocation.input} has {found.size} bytes; an asynchronous endpoint takes {LARGEST_INPUT}."
            )
        try:
            return found.path.read_bytes(), found.content_type
        except FileNotFoundError:
            raise StorageError(f"{invocation.input} was overwritten or deleted while it was read.") from None

    def _tell_failure(self, endpoint: str, base: str | None, id: str, inference_id: str, message: str) -> None:
        line = f"[sagemaker logs] [{inference_id}] {message}"
        try:
            self._platform.logs.write(endpoint_group(endpoint), "data-log", [(int(time.time() * 1000), line)])
            if base:
                self._stored.put_bytes(base, failure_name(id), message.encode(), "text/plain")
        except (ValueError, OSError) as error:
            logger.error("the failure of asynchronous invocation %s could not be stored: %s", inference_id, error)


def failure_name(id: str) -> str:
    return f"{id}-error.out"


def expired(accepted: float, ttl: int, now: float) -> bool:
    return now - accepted > ttl
