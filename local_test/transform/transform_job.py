"""A transform job as it runs: containers start, objects are sent, outputs are stored, the end is recorded.

Source: https://docs.aws.amazon.com/sagemaker/latest/dg/batch-transform.html
"""

import logging
import threading
import time
import uuid
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from contract.opt_ml import FAILURE_REASON_CHARACTERS
from local_test.api.supported_fields import without_effect_line
from local_test.host.emulator_settings import Platform
from local_test.host.error_words import in_words, where_more_is
from local_test.host.labels import TRANSFORM
from local_test.serving.container_client import Blocks
from local_test.serving.container_start import ServingFailed, at_once, start_all, with_last_lines
from local_test.serving.instance import Instance, InstanceSpec
from local_test.serving.model_definition import model_containers
from local_test.serving.model_folder import ModelFolder, ModelFolders
from local_test.serving.variant_plan import SECONDS_TO_READY
from local_test.storage.destination import Destination
from local_test.transform.data_processing import data_processing
from local_test.transform.instance_run import run_objects
from local_test.transform.invocations import (
    DEFAULT_RETRIES,
    DEFAULT_SECONDS,
    InvocationFailed,
    Invocations,
    execution_parameters,
)
from local_test.transform.job_objects import (
    InputObject,
    ObjectOutput,
    data_log_lines,
    failure_of_objects,
    input_objects,
    shares,
    store,
)
from local_test.transform.limits import Limits, batch_environment, effective_limits, leaves_something_open
from local_test.transform.mini_batches import Cutting

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

    model: its record. work: a folder for unfinished outputs, made here, on the disk of the objects. without_effect:
    fields of the requests that the log is to name."""

    def __init__(
        self,
        platform: Platform,
        request: dict[str, Any],
        model: dict[str, Any],
        folders: ModelFolders,
        work: Path,
        without_effect: Sequence[str] = (),
    ):
        self._platform, self._request, self._model = platform, request, model
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
            outcome = Outcome("Failed", str(error)[:FAILURE_REASON_CHARACTERS])
        except OSError as error:  # a full disk, mostly
            logger.exception("transform job %s", self._request["TransformJobName"])
            why = f"InternalServerError: The local SageMaker could not go on: {in_words(error)}"
            outcome = Outcome("Failed", why[:FAILURE_REASON_CHARACTERS])
        except Exception:
            # Whoever describes the job gets an id, the service's log the traceback.
            fault = uuid.uuid4().hex[:12]
            logger.exception("fault %s in transform job %s", fault, self._request["TransformJobName"])
            outcome = Outcome("Failed", f"InternalServerError: A fault of the local SageMaker. {where_more_is(fault)}")
        return self._end or outcome

    def _run(self) -> Outcome:
        request = self._request
        self._work.mkdir(parents=True)
        taken: list[ModelFolder] = []  # so that the data that is not there is told apart from containers that fail
        try:
            objects = input_objects(
                request["TransformInput"]["DataSource"]["S3DataSource"], self._platform.objects, self._platform.files
            )
            for one in objects:
                self._destination.check_name(request["TransformOutput"]["S3OutputPath"], one.output)
            for container in model_containers(self._model):
                taken.append(self._folders.take(container.definition))
        except ValueError as error:
            for folder in taken:
                folder.release()
            raise JobFailed(f"ClientError: {error}") from error
        by_line = request["TransformOutput"].get("AssembleWith") == "Line"
        outputs = [ObjectOutput(one, self._work, by_line) for one in objects]
        try:
            servings = self._started()
            try:
                self._work_through(servings, objects, outputs)
            finally:
                at_once(Instance.stop, servings)
            with self._lock:
                if self._end and self._end.status == "Stopped":
                    return self._end
                self._storing = True
            self._store(outputs)
        finally:
            for folder in taken:
                folder.release()
            for output in outputs:
                output.abandon()
        reason = failure_of_objects(outputs, LOG_GROUP, self._streams[0].rpartition("/")[0])
        return Outcome("Failed", reason) if reason else Outcome("Completed")

    def _started(self) -> list[Instance]:
        """All instances, in service. When one fails, the others are gone too."""

        def start(stream: str) -> Instance:
            spec = InstanceSpec(
                kind=TRANSFORM,
                name=self._request["TransformJobName"],
                model=self._model,
                log_group=LOG_GROUP,
                log_stream=stream,
                seconds_to_ready=SECONDS_TO_READY,
                environment={**self._request.get("Environment", {}), **batch_environment(self._request)},
            )
            instance = Instance.start(self._platform, self._folders, spec, self._over)
            instance.when_dead(lambda death: self._died(death, instance))
            return instance

        try:
            return start_all(start, self._streams, Instance.stop, self._over)
        except ServingFailed as error:
            raise JobFailed(f"AlgorithmError: {error}") from error

    def _died(self, death: str, serving: Instance) -> None:
        reason = with_last_lines(f"AlgorithmError: {serving.death() or death}", serving.last_lines())
        self.stop(Outcome("Failed", reason))

    def _work_through(self, servings: list[Instance], objects: list[InputObject], outputs: list[ObjectOutput]) -> None:
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
                at_once(Instance.stop, servings)  # breaks what is under way
        for one in working:
            one.result()

    def _one_instance(self, serving: Instance, stream: str, outputs: list[ObjectOutput], limits: Limits) -> None:
        given, client = self._request["TransformInput"], self._request.get("ModelClientConfig", {})
        headers = {"Content-Type": given.get("ContentType"), "Accept": self._request["TransformOutput"].get("Accept")}
        invocations = Invocations(
            serving.request,
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

    def _limits(self, serving: Instance) -> Limits:
        answer = execution_parameters(*serving.first_address()) if leaves_something_open(self._request) else {}
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
