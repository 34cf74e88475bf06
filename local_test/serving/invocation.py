"""One request to a container of an endpoint, and its answer or error in SageMaker's words.

https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_runtime_InvokeEndpoint.html
"""

import http.client
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from local_test.host.emulator_settings import ACCOUNT
from local_test.serving.container_client import Reply
from local_test.serving.instance import log_group
from local_test.serving.live_endpoint import LiveEndpoint
from local_test.serving.router import Lease, NoInstance

CUSTOM_ATTRIBUTES = "X-Amzn-SageMaker-Custom-Attributes"
NEW_SESSION = "X-Amzn-SageMaker-New-Session-Id"
CLOSED_SESSION = "X-Amzn-SageMaker-Closed-Session-Id"
PASSED_BACK = (CUSTOM_ATTRIBUTES, NEW_SESSION, CLOSED_SESSION)
LONGEST_MESSAGE = 2048  # characters, of the service model
SECONDS_TO_LEARN_OF_AN_END = 1


@dataclass(frozen=True)
class Asked:
    """headers: for the container, Content-Type and Accept among them. target: variant. seconds: for the answer."""

    body: bytes
    headers: dict[str, str]
    seconds: float
    target: str | None = None
    session: str | None = None
    inference_id: str | None = None


@dataclass(frozen=True)
class Answer:
    """headers: those of PASSED_BACK that the container gave."""

    body: bytes
    content_type: str
    variant: str
    headers: dict[str, str]


@dataclass(frozen=True)
class Measured:
    """What CloudWatch gets to know of one request. status: the container's, 0 when it gave none."""

    endpoint: str
    variant: str
    status: int
    seconds: float


class ModelFault(Exception):
    """The model answered with an error, or not at all (original_status 0). message: as AWS writes it."""

    def __init__(self, message: str, original_status: int, original_message: str, log_stream_arn: str):
        super().__init__(message)
        self.message, self.original_status = message, original_status
        self.original_message, self.log_stream_arn = original_message, log_stream_arn


class BrokenStream(Exception):
    """The answer broke off in its middle. code: StreamBroken or ModelInvocationTimeExceeded."""

    def __init__(self, message: str, code: str):
        super().__init__(message)
        self.message, self.code = message, code


class Invoker:
    """measured: gets a Measured for each request that reached a variant. captured: see DataCapture.capture."""

    def __init__(self, region: str, measured: Callable[[Measured], None], captured: Callable[..., None]):
        self._region, self._measured, self._captured = region, measured, captured

    def invoke(self, endpoint: LiveEndpoint, asked: Asked) -> Answer:
        """Raises ModelFault, and what Router.take raises except NoInstance."""
        lease = self._lease(endpoint, asked)
        try:
            started = time.perf_counter()
            reply = self._post(endpoint, lease, asked, started)
            try:
                body = reply.read()
            except (OSError, http.client.HTTPException) as error:
                raise self._no_answer(endpoint, lease, error, asked, started) from error
            answer = self._answered(endpoint, lease, reply, body, started)
        finally:
            endpoint.router.give_back(lease)
        self._capture(endpoint, lease, asked, answer)
        return answer

    def stream(self, endpoint: LiveEndpoint, asked: Asked) -> tuple[Answer, Iterator[bytes]]:
        """The answer without its body, and the body as it comes; the iterator raises BrokenStream. Close it.

        Raises as `invoke`, before anything of the body is there.
        """
        lease = self._lease(endpoint, asked)
        try:
            started = time.perf_counter()
            reply = self._post(endpoint, lease, asked, started)
            if reply.status >= 300:
                self._answered(endpoint, lease, reply, reply.read(), started)
            head = _answer(reply, b"", lease)
        except BaseException as error:
            endpoint.router.give_back(lease)
            if isinstance(error, (OSError, http.client.HTTPException)):
                raise self._no_answer(endpoint, lease, error, asked, started) from error
            raise
        parts = self._parts(endpoint, lease, reply, asked, head, started)
        return head, _Parts(parts, lambda: (reply.close(), endpoint.router.give_back(lease)))

    def _parts(
        self, endpoint: LiveEndpoint, lease: Lease, reply: Reply, asked: Asked, head: Answer, started: float
    ) -> Iterator[bytes]:
        capturing = bool(lease.fleet.config.get("DataCaptureConfig"))
        kept = []
        try:
            for part in reply.parts():
                if capturing:
                    kept.append(part)
                yield part
        except (OSError, http.client.HTTPException) as error:
            self._measure(endpoint, lease, 0, started)
            if isinstance(error, TimeoutError):
                raise BrokenStream(_timed_out(asked.seconds), "ModelInvocationTimeExceeded") from error
            raise BrokenStream(_broke_off(lease), "StreamBroken") from error
        self._measure(endpoint, lease, reply.status, started)
        self._capture(endpoint, lease, asked, Answer(b"".join(kept), head.content_type, head.variant, head.headers))

    def _lease(self, endpoint: LiveEndpoint, asked: Asked) -> Lease:
        try:
            return endpoint.router.take(asked.target, None if asked.session == "NEW_SESSION" else asked.session)
        except NoInstance as error:
            self._measured(Measured(endpoint.name, error.variant.name, 0, 0.0))
            stream = error.variant.instances[0].log_stream if error.variant.instances else error.variant.name
            raise self._fault(endpoint.name, stream, 0, str(error)) from error

    def _post(self, endpoint: LiveEndpoint, lease: Lease, asked: Asked, started: float) -> Reply:
        try:
            return lease.instance.client.post("/invocations", asked.body, asked.headers, asked.seconds)
        except (OSError, http.client.HTTPException) as error:
            raise self._no_answer(endpoint, lease, error, asked, started) from error

    def _answered(self, endpoint: LiveEndpoint, lease: Lease, reply: Reply, body: bytes, started: float) -> Answer:
        self._measure(endpoint, lease, reply.status, started)
        if reply.status >= 300:
            raise self._fault(endpoint.name, lease.instance.log_stream, reply.status, body.decode(errors="replace"))
        answer = _answer(reply, body, lease)
        if NEW_SESSION in answer.headers:
            endpoint.router.remember_session(answer.headers[NEW_SESSION].partition(";")[0], lease.instance)
        if CLOSED_SESSION in answer.headers:
            endpoint.router.forget_session(answer.headers[CLOSED_SESSION])
        return answer

    def _no_answer(
        self, endpoint: LiveEndpoint, lease: Lease, error: Exception, asked: Asked, started: float
    ) -> ModelFault:
        self._measure(endpoint, lease, 0, started)
        why = _timed_out(asked.seconds) if isinstance(error, TimeoutError) else _broke_off(lease)
        return self._fault(endpoint.name, lease.instance.log_stream, 0, why)

    def _fault(self, endpoint: str, log_stream: str, status: int, original: str) -> ModelFault:
        group = log_group(endpoint)
        arn = f"arn:aws:logs:{self._region}:{ACCOUNT}:log-group:{group}:log-stream:{log_stream}"
        return ModelFault(
            model_error_message(self._region, group, status, original), status, original[:LONGEST_MESSAGE], arn
        )

    def _measure(self, endpoint: LiveEndpoint, lease: Lease, status: int, started: float) -> None:
        self._measured(Measured(endpoint.name, lease.variant.name, status, time.perf_counter() - started))

    def _capture(self, endpoint: LiveEndpoint, lease: Lease, asked: Asked, answer: Answer) -> None:
        config = lease.fleet.config.get("DataCaptureConfig")
        if config:
            self._captured(config, endpoint.name, asked, answer)


class _Parts:
    """An iterator whose `close` also ends what was never begun: a generator's own would not."""

    def __init__(self, parts: Iterator[bytes], end: Callable[[], object]):
        self._parts, self._end = parts, end

    def __iter__(self) -> Iterator[bytes]:
        return self._parts

    def close(self) -> None:
        end, self._end = self._end, lambda: None
        end()


def model_error_message(region: str, group: str, status: int, original: str) -> str:
    """As AWS was seen to write it; its length is that of the service model."""
    whose = "client" if 400 <= status < 500 else "server"
    end = (
        f'". See https://{region}.console.aws.amazon.com/cloudwatch/home?region={region}#logEventViewer:group={group} '
        f"in account {ACCOUNT} for more information."
    )
    start = f'Received {whose} error ({status}) from primary with message "'
    return start + original[: LONGEST_MESSAGE - len(start) - len(end)] + end


def _answer(reply: Reply, body: bytes, lease: Lease) -> Answer:
    given = {name: reply.header(name) for name in PASSED_BACK}
    return Answer(
        body,
        reply.header("Content-Type") or "application/octet-stream",
        lease.variant.name,
        {name: value for name, value in given.items() if value is not None},
    )


def _timed_out(seconds: float) -> str:
    return (
        f"Your invocation timed out while waiting for a response from container primary, for {seconds:g} seconds. "
        "Review the latency metrics for each container in Amazon CloudWatch, resolve the issue, and try again."
    )


def _broke_off(lease: Lease) -> str:
    container = lease.instance.container
    if container.ended_within(SECONDS_TO_LEARN_OF_AN_END) and container.death():
        return container.death()
    return "The container closed the connection without a whole answer."
