"""Requests on their way to an instance of an endpoint: what is measured, captured and made an error of them."""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from local_test.host.emulator_settings import ACCOUNT
from local_test.serving.container_client import Reply
from local_test.serving.invocation import (
    CLOSED_SESSION,
    LONGEST_MESSAGE,
    NEW_SESSION,
    PASSED_BACK,
    Answer,
    Asked,
    BrokenStream,
    Measured,
    ModelFault,
    check_target,
    model_error_message,
)
from local_test.serving.live_endpoint import LiveEndpoint
from local_test.serving.loaded_models import LoadRefused
from local_test.serving.model_definition import ALONE
from local_test.serving.pipeline import PipelineRequest
from local_test.serving.router import Lease, NoCapacity, NoInstance

SECONDS_TO_LEARN_OF_AN_END = 1


class Invoker:
    """measured: gets a Measured for each request that reached a variant. captured: see DataCapture.capture."""

    def __init__(self, region: str, measured: Callable[[Measured], None], captured: Callable[..., None]):
        self._region, self._measured, self._captured = region, measured, captured

    def invoke(self, endpoint: LiveEndpoint, asked: Asked) -> Answer:
        """Raises ModelFault, WrongTarget, NoSuchModel, ModelNotReady, and what Router.take raises except NoInstance."""
        under_way = self._begin(endpoint, asked)
        try:
            reply = self._post(under_way)
            try:
                body = reply.read()
            except OSError as error:
                raise self._no_answer(under_way, error) from error
            answer = self._answered(under_way, reply, body)
        finally:
            under_way.end()
        self._capture(under_way, answer)
        return answer

    def stream(self, endpoint: LiveEndpoint, asked: Asked) -> tuple[Answer, "Parts"]:
        """The answer without its body, and the body as it comes.

        Raises as `invoke`, before anything of the body is there.
        """
        under_way = self._begin(endpoint, asked)
        try:
            reply = self._post(under_way)
            if reply.status >= 300:
                self._answered(under_way, reply, reply.read())
            head = _answer(reply, b"", under_way.lease)
        except BaseException as error:
            under_way.end()
            if isinstance(error, OSError):
                raise self._no_answer(under_way, error) from error
            raise

        def end() -> None:
            reply.close()
            under_way.end()

        return head, Parts(self._parts(under_way, reply, head), end)

    def _parts(self, under_way: "_UnderWay", reply: Reply, head: Answer) -> Iterator[bytes]:
        capturing = bool(under_way.lease.fleet.config.get("DataCaptureConfig"))
        kept = []
        try:
            for part in reply.parts():
                if capturing:
                    kept.append(part)
                yield part
        except OSError as error:
            self._measure(under_way, 0)
            if isinstance(error, TimeoutError):
                raise BrokenStream(_timed_out(under_way), "ModelInvocationTimeExceeded") from error
            raise BrokenStream(_broke_off(under_way), "StreamBroken") from error
        self._measure(under_way, reply.status)
        self._capture(under_way, Answer(b"".join(kept), head.content_type, head.variant, head.headers))

    def _begin(self, endpoint: LiveEndpoint, asked: Asked) -> "_UnderWay":
        router, owner = endpoint.serving(), endpoint.owner
        try:
            lease = router.take(asked.target, None if asked.session == "NEW_SESSION" else asked.session)
        except NoCapacity as error:
            self._measured(Measured(owner.endpoint, str(error), 0, 0.0, component=owner.component, had_capacity=False))
            raise
        except NoInstance as error:
            self._measured(Measured(owner.endpoint, error.variant.name, 0, 0.0, component=owner.component))
            gone = error.variant.instances
            stream = gone[0].log_stream(gone[0].container_names[0]) if gone else error.variant.name
            raise self._fault(owner.log_group, stream, ALONE, 0, str(error)) from error
        try:
            check_target(owner.endpoint, lease.instance, asked)
            request = lease.instance.request(asked.target_model, asked.target_container)
        except BaseException:
            router.give_back(lease)
            raise
        return _UnderWay(endpoint, lease, asked, request)

    def _post(self, under_way: "_UnderWay") -> Reply:
        asked = under_way.asked
        try:
            return under_way.request.post(asked.body, asked.headers, asked.seconds)
        except LoadRefused as error:
            self._measure(under_way, error.status)
            raise self._fault_of(under_way, error.status, error.message) from error
        except OSError as error:
            raise self._no_answer(under_way, error) from error

    def _answered(self, under_way: "_UnderWay", reply: Reply, body: bytes) -> Answer:
        self._measure(under_way, reply.status)
        if reply.status >= 300:
            raise self._fault_of(under_way, reply.status, body.decode(errors="replace"))
        lease = under_way.lease
        answer = _answer(reply, body, lease)
        router = under_way.endpoint.serving()
        if NEW_SESSION in answer.headers:
            router.remember_session(answer.headers[NEW_SESSION].partition(";")[0], lease.instance)
        if CLOSED_SESSION in answer.headers:
            router.forget_session(answer.headers[CLOSED_SESSION])
        return answer

    def _no_answer(self, under_way: "_UnderWay", error: BaseException) -> ModelFault:
        self._measure(under_way, 0)
        why = _timed_out(under_way) if isinstance(error, TimeoutError) else _broke_off(under_way)
        return self._fault_of(under_way, 0, why)

    def _fault_of(self, under_way: "_UnderWay", status: int, original: str) -> ModelFault:
        container = under_way.request.container
        stream = under_way.lease.instance.log_stream(container)
        return self._fault(under_way.endpoint.owner.log_group, stream, container, status, original)

    def _fault(self, group: str, log_stream: str, container: str, status: int, original: str) -> ModelFault:
        arn = f"arn:aws:logs:{self._region}:{ACCOUNT}:log-group:{group}:log-stream:{log_stream}"
        message = model_error_message(self._region, group, container, status, original)
        return ModelFault(message, status, original[:LONGEST_MESSAGE], arn)

    def _measure(self, under_way: "_UnderWay", status: int) -> None:
        instance, passed = under_way.lease.instance, tuple(under_way.request.passed)
        self._measured(
            Measured(
                under_way.endpoint.owner.endpoint,
                under_way.lease.variant.name,
                status,
                time.perf_counter() - under_way.began,
                passed if len(instance.container_names) > 1 else (),
                instance.is_direct,
                under_way.endpoint.owner.component,
            )
        )

    def _capture(self, under_way: "_UnderWay", answer: Answer) -> None:
        config = under_way.lease.fleet.config.get("DataCaptureConfig")
        if config:
            self._captured(config, under_way.endpoint.owner.endpoint, under_way.asked, answer)


@dataclass
class _UnderWay:
    """A request that has its instance. began: by time.perf_counter()."""

    endpoint: LiveEndpoint
    lease: Lease
    asked: Asked
    request: PipelineRequest
    began: float = field(default_factory=time.perf_counter)

    def end(self) -> None:
        """The instance, and the model that the request named, are free again."""
        self.request.close()
        self.endpoint.serving().give_back(self.lease)


class Parts:
    """The body of an answer as it comes; the iterator raises BrokenStream. `close` also ends what was never begun: a
    generator's own would not."""

    def __init__(self, parts: Iterator[bytes], end: Callable[[], object]):
        self._parts, self._end = parts, end

    def __iter__(self) -> Iterator[bytes]:
        return self._parts

    def close(self) -> None:
        end, self._end = self._end, lambda: None
        end()


def _answer(reply: Reply, body: bytes, lease: Lease) -> Answer:
    given = {name: reply.header(name) for name in PASSED_BACK}
    return Answer(
        body,
        reply.header("Content-Type") or "application/octet-stream",
        lease.variant.name,
        {name: value for name, value in given.items() if value is not None},
    )


def _timed_out(under_way: _UnderWay) -> str:
    return (
        "Your invocation timed out while waiting for a response from container "
        f"{under_way.request.container}, for {under_way.asked.seconds:g} seconds. "
        "Review the latency metrics for each container in Amazon CloudWatch, resolve the issue, and try again."
    )


def _broke_off(under_way: _UnderWay) -> str:
    death = under_way.lease.instance.death_of(under_way.request.container, SECONDS_TO_LEARN_OF_AN_END)
    return death or "The container closed the connection without a whole answer."
