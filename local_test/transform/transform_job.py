"""A transform job as it runs: containers start, objects are sent, outputs are stored, the end is recorded.

Source: https://docs.aws.amazon.com/sagemaker/latest/dg/batch-transform.html
"""

import logging
import threading
import time
import uuid
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from local_test.api.supported_fields import without_effect_line
from local_test.host.emulator_settings import Platform
from local_test.host.labels import TRANSFORM
from local_test.serving.container_client import Blocks
from local_test.serving.model_folder import ModelFolders
from local_test.serving.serving_container import ServingContainer, ServingFailed, with_last_lines
from local_test.storage.destination import Destination
from local_test.transform.data_processing import data_processing
from local_test.transform.input_objects import InputObject, input_objects, shares
from local_test.transform.instance_run import run_objects
from local_test.transform.invocations import (
    DEFAULT_RETRIES,
    DEFAULT_SECONDS,
    InvocationFailed,
    Invocations,
    execution_parameters,
)
from local_test.transform.limits import Limits, batch_environment, effective_limits, leaves_something_open
from local_test.transform.mini_batches import Cutting
from local_test.transform.outputs import LONGEST_REASON, ObjectOutput, data_log_lines, failure_of_objects, store

LOG_GROUP = "/aws/sagemaker/TransformJobs"
SECONDS_TO_NOTICE_DEATH = 5  # from a broken connection to the engine's word that the container has ended
logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Outcome:
    """status: Completed, Failed or Stopped. reason: FailureReason, for Failed only."""

    status: str
    reason: str | None = None


class JobFailed(RuntimeError):
    """The job as a whole has failed; the message is its FailureReason."""


class TransformJob:
    """One job. `run` does all of it in the calling thread; `stop` may come from any other, at any time.

    container: the model's ContainerDefinition. isolated, role: the model's, too. work: a folder for unfinished outputs,
    made here, on the disk of the objects. without_effect: fields of the requests that the log is to name."""

    def __init__(
        self,
        platform: Platform,
        request: dict[str, Any],
        container: dict[str, Any],
        isolated: bool,
        role: str | None,
        folders: ModelFolders,
        work: Path,
        without_effect: Sequence[str] = (),
    ):
        self._platform, self._request, self._container, self._isolated, self._role = (
            platform,
            request,
            container,
            isolated,
            role,
        )
        self._folders, self._work, self._without_effect = folders, work, without_effect
        self._destination = Destination(platform.objects, platform.files, work)
        self._streams = [
            f"{request['TransformJobName']}/instance-{number + 1}-{int(time.time())}"
            for number in range(request["TransformResources"]["InstanceCount"])
        ]
        self._lock = threading.Lock()
        self._end: Outcome | None = None  # set when something ends the job before its objects do
        self._storing = False  # then nothing ends it any more
        self._over = threading.Event()
        self._changed = threading.Event()

    def stop(self, outcome: Outcome) -> bool:
        """End it now. The first call counts; none does, and the answer is False, once the outputs are being stored."""
        with self._lock:
            if self._storing:
                return False
            self._end = self._end or outcome
        self._over.set()
        self._changed.set()
        return True

    def run(self) -> Outcome:
        """Returns when its containers are gone and its outputs are stored."""
        try:
            outcome = self._run()
        except JobFailed as error:
            outcome = Outcome("Failed", str(error)[:LONGEST_REASON])
        except OSError as error:  # a full disk, mostly
            logger.exception("transform job %s", self._request["TransformJobName"])
            outcome = Outcome(
                "Failed", f"InternalServerError: The local SageMaker could not go on: {error}"[:LONGEST_REASON]
            )
        except Exception:
            # Whoever describes the job gets an id, the service's log the traceback.
            fault = uuid.uuid4().hex[:12]
            logger.exception("fault %s in transform job %s", fault, self._request["TransformJobName"])
            outcome = Outcome(
                "Failed", f"InternalServerError: A fault of the local SageMaker; its log has the id {fault}."
            )
        return self._end or outcome

    def _run(self) -> Outcome:
        request = self._request
        self._work.mkdir(parents=True)
        try:
            objects = input_objects(
                request["TransformInput"]["DataSource"]["S3DataSource"], self._platform.objects, self._platform.files
            )
            for one in objects:
                self._destination.check_name(request["TransformOutput"]["S3OutputPath"], one.output)
            folder = self._folders.take(self._container)
        except ValueError as error:
            raise JobFailed(f"ClientError: {error}") from error
        by_line = request["TransformOutput"].get("AssembleWith") == "Line"
        outputs = [ObjectOutput(one, self._work, by_line) for one in objects]
        try:
            servings = self._started(folder.path)
            try:
                self._work_through(servings, objects, outputs)
            finally:
                _together(ServingContainer.stop, servings)
            with self._lock:
                if self._end and self._end.status == "Stopped":
                    return self._end
                self._storing = True
            self._store(outputs)
        finally:
            folder.release()
            for output in outputs:
                output.abandon()
        reason = failure_of_objects(outputs, LOG_GROUP, self._streams[0].rpartition("/")[0])
        return Outcome("Failed", reason) if reason else Outcome("Completed")

    def _started(self, model: Path | None) -> list[ServingContainer]:
        """All containers, in service. When one fails, the others are gone too."""
        failures: list[BaseException] = []

        def start(stream: str) -> ServingContainer:
            try:
                serving = ServingContainer.start(
                    self._platform,
                    kind=TRANSFORM,
                    name=self._request["TransformJobName"],
                    image=self._container["Image"],
                    model=model,
                    environment={
                        **self._container.get("Environment", {}),
                        **self._request.get("Environment", {}),
                        **batch_environment(self._request),
                    },
                    role=self._role,
                    network_isolation=self._isolated,
                    log_group=LOG_GROUP,
                    log_stream=stream,
                    cancelled=self._over,
                )
            except BaseException as error:
                failures.append(error)  # the first is the reason; the others are cancelled
                self._over.set()
                raise
            serving.when_dead(lambda death: self._died(death, serving))
            return serving

        with ThreadPoolExecutor(len(self._streams), thread_name_prefix="start") as pool:
            starting = [pool.submit(start, stream) for stream in self._streams]
        if failures:
            _together(ServingContainer.stop, [one.result() for one in starting if not one.exception()])
            raise JobFailed(f"AlgorithmError: {failures[0]}") if isinstance(failures[0], ServingFailed) else failures[0]
        return [one.result() for one in starting]

    def _died(self, death: str, serving: ServingContainer) -> None:
        self.stop(Outcome("Failed", with_last_lines(f"AlgorithmError: {death}", serving.last_lines())))

    def _work_through(
        self, servings: list[ServingContainer], objects: list[InputObject], outputs: list[ObjectOutput]
    ) -> None:
        """Returns when every object is done or has failed, or when the job is over; then no thread works any more."""
        limits = self._limits(servings[0])
        for stream in self._streams:
            self._log(stream, [str(limits)])
        if self._without_effect:
            self._log(self._streams[0], [without_effect_line(list(self._without_effect))])
        shared = [[outputs[one.number] for one in share] for share in shares(objects, len(servings))]
        with ThreadPoolExecutor(len(servings), thread_name_prefix="instance") as pool:
            working = [
                pool.submit(self._one_instance, *one, limits)
                for one in zip(servings, self._streams, shared, strict=True)
            ]
            for one in working:
                one.add_done_callback(self._wake)
            while not all(one.done() for one in working) and not self._over.is_set():
                self._changed.wait()
                self._changed.clear()
            if self._over.is_set():
                _together(ServingContainer.stop, servings)  # breaks what is under way
        for one in working:
            one.result()

    def _one_instance(
        self, serving: ServingContainer, stream: str, outputs: list[ObjectOutput], limits: Limits
    ) -> None:
        given, client = self._request["TransformInput"], self._request.get("ModelClientConfig", {})
        headers = {"Content-Type": given.get("ContentType"), "Accept": self._request["TransformOutput"].get("Accept")}
        invocations = Invocations(
            serving.host,
            serving.port,
            {name: value for name, value in headers.items() if value},
            client.get("InvocationsTimeoutInSeconds", DEFAULT_SECONDS),
            client.get("InvocationsMaxRetries", DEFAULT_RETRIES),
            self._over,
        )

        def send(body: bytes | Blocks) -> bytes:
            try:
                return invocations.send(body)
            except InvocationFailed as failure:
                if failure.broken:
                    self._over.wait(SECONDS_TO_NOTICE_DEATH)
                raise

        try:
            run_objects(
                outputs,
                Cutting(
                    given.get("CompressionType") == "Gzip",
                    given.get("SplitType", "None"),
                    limits.strategy,
                    limits.most_bytes,
                ),
                data_processing(self._request),
                send,
                limits.concurrent,
                self._over,
                lambda output, failure: self._log(stream, data_log_lines(output, failure)),
            )
        except BaseException:
            self._over.set()  # the other instances work for nothing
            raise
        finally:
            invocations.close()

    def _limits(self, serving: ServingContainer) -> Limits:
        answer = execution_parameters(serving.host, serving.port) if leaves_something_open(self._request) else {}
        try:
            return effective_limits(self._request, answer)
        except ValueError as error:
            raise JobFailed(f"AlgorithmError: {error}") from error

    def _store(self, outputs: list[ObjectOutput]) -> None:
        output = self._request["TransformOutput"]
        try:
            store(outputs, output["S3OutputPath"], output.get("Accept"), self._destination)
        except (ValueError, OSError) as error:
            raise JobFailed(
                f"ClientError: The output could not be stored at {output['S3OutputPath']}: {error}"
            ) from error

    def _log(self, stream: str, lines: list[str]) -> None:
        """The job's own words, beside the container's, as the platform keeps them."""
        now = time.time()
        stamp = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(now)) + f".{int(now * 1000) % 1000:03d}"
        self._platform.logs.write(
            LOG_GROUP, f"{stream}/data-log", [(int(now * 1000), f"{stamp}:[sagemaker logs]: {line}") for line in lines]
        )

    def _wake(self, _: Future[Any]) -> None:
        self._changed.set()


def _together(do: Callable[[ServingContainer], None], servings: list[ServingContainer]) -> None:
    """To all at once: stopping one may take half a minute."""
    if servings:
        with ThreadPoolExecutor(len(servings), thread_name_prefix="stop") as pool:
            list(pool.map(do, servings))
