"""One training job as it runs: its containers from creation to removal, its log, its metrics, its end.

Contract: https://docs.aws.amazon.com/sagemaker/latest/dg/your-algorithms-training-algo.html
"""

import contextlib
import logging
import shutil
import tarfile
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from typing import Any

from docker.errors import APIError

from contract.opt_ml import FAILURE, FAILURE_REASON_CHARACTERS
from local_test.host.emulator_settings import Platform
from local_test.host.labels import TRAINING, labels
from local_test.storage.destination import Destination
from local_test.training import opt_ml
from local_test.training.host_network import HostNetwork, join
from local_test.training.inputs import host_inputs
from local_test.training.listener import Listener
from local_test.training.metric_definitions import MetricScan
from local_test.training.node import Exit, Node
from local_test.training.results import Results
from local_test.training.rule_statuses import RULES, at_the_end
from local_test.training.status import ENDS, enter, failure_reason, time_used
from local_test.training.supported_fields import SECONDS_ALLOWED
from local_test.training.synced_folder import SyncedFolder

LOG_GROUP = "/aws/sagemaker/TrainingJobs"
RUNNING = "training-jobs"  # below the service's folder: what is laid out for jobs that run
FAILURE_BYTES = 4 * FAILURE_REASON_CHARACTERS  # UTF-8 has at most four to a character
RULE_RESULTS_BYTES = 1_000_000
SECONDS_TO_ROOM = 5  # between attempts to write to a full disk
KILLED = "The local SageMaker ended while this job was running."
logger = logging.getLogger(__name__)


class Refused(Exception):
    """The request or the image is at fault; the message is the FailureReason."""


class TrainingRun:
    """Runs one job in a thread of its own. `stop`, `interrupt` and `kill` may be called from any thread, at any
    time.
    """

    def __init__(
        self,
        platform: Platform,
        request: dict[str, Any],
        arn: str,
        image: str,
        listener: Listener,
        cpuset: str | None = None,
    ):
        """image: id of the image in the engine. cpuset: cores of its containers, such as `0-1`; None: all."""
        self._platform, self._request, self._arn, self._image, self._listener = platform, request, arn, image, listener
        self._cpuset = cpuset
        self.name = request["TrainingJobName"]
        self._records = platform.state.records("training-job")
        self._folder = platform.folder / RUNNING / self.name
        self._destination = Destination(platform.objects, platform.files, platform.folder / "spool")
        self._results = Results(request, self._destination)
        self._metric_scan = MetricScan(request["AlgorithmSpecification"].get("MetricDefinitions", []))
        self._final_metrics: dict[str, dict[str, Any]] = {}
        self._rule_results: str | None = None
        self._nodes: list[Node] = []
        self._lock = threading.RLock()
        self._ending: str | None = (
            None  # why the containers are being stopped: Stopped, Interrupted, MaxRuntimeExceeded, ...
        )
        self._over = False  # the containers have ended, for the last time: nothing can stop the job any more
        self._retries_left = request.get("RetryStrategy", {}).get("MaximumRetryAttempts", 0)
        self._killed = threading.Event()
        self._seconds_trained = 0.0  # in attempts before this one
        self._thread = threading.Thread(target=self._run, name=f"training-{self.name}")

    def start(self) -> None:
        self._thread.start()

    def join(self) -> None:
        self._thread.join()

    def stop(self) -> None:
        """StopTrainingJob: SIGTERM, then SIGKILL after 120 seconds. Returns at once."""
        self._end("Stopped")

    def interrupt(self) -> None:
        """What the loss of a spot instance does: the containers get SIGTERM, and the job starts again from its
        checkpoints.
        """
        self._end("Interrupted")

    def kill(self) -> None:
        """The service ends: the containers go at once, and the job has failed."""
        self._killed.set()
        with self._lock:
            self._ending = KILLED
            nodes = list(self._nodes)
        for node in nodes:
            node.remove()

    def final_metrics(self) -> list[dict[str, Any]]:
        """FinalMetricDataList: the last value of each metric so far."""
        return list(self._final_metrics.values())

    def _end(self, why: str) -> None:
        """Only the first reason counts, except that a user's stop is stronger than an interruption."""
        with self._lock:
            if self._over or self._ending not in (None, "Interrupted"):
                return
            self._ending = why
            try:
                if why == "Stopped":
                    self._enter("Stopping")  # raises on a full disk; the containers are stopped all the same
            finally:
                for node in self._nodes:
                    threading.Thread(target=node.terminate, daemon=True).start()

    def _run(self) -> None:
        waiting = self._timer(
            self._request.get("StoppingCondition", {}).get("MaxWaitTimeInSeconds"), "MaxWaitTimeExceeded"
        )
        try:
            outcome, reason = self._attempt()
            while starts_again := self._starts_again(outcome):
                self._listener.starts_again()
                self._enter(starts_again)
                self._enter("Starting")
                outcome, reason = self._attempt()
        except Exception as error:
            logger.exception("training job %s", self.name)
            outcome, reason = "InternalError", f"InternalServerError: {error}"[:FAILURE_REASON_CHARACTERS]
        with self._lock:
            self._over = True
        waiting.cancel()
        self._metric_scan.close()
        # Before the end is said: from then on the job may be deleted, and another of its name started.
        shutil.rmtree(self._folder, ignore_errors=True)
        if self._ending == KILLED and outcome in ("InternalError", "Interrupted", KILLED):
            reason = KILLED
        elif outcome == "Interrupted":
            outcome = self._ending  # what came between the interruption and the new start
        self._finish(outcome if outcome in ENDS else "Failed", reason)

    def _starts_again(self, outcome: str) -> str | None:
        """The secondary status that precedes another attempt; None when this one was the last."""
        with self._lock:
            if self._ending not in (None, "Interrupted"):
                return None
            if outcome == "InternalError":
                if not self._retries_left:
                    return None
                self._retries_left -= 1
            elif outcome != "Interrupted":
                return None
            self._ending = None
            self._over = False
            return "Interrupted" if outcome == "Interrupted" else "Restarting"

    def _attempt(self) -> tuple[str, str | None]:
        """One start of the containers to their end: (what follows, FailureReason)."""
        try:
            with ExitStack() as cleanup:
                kept = self._prepare(cleanup)
                return self._train(kept)
        except Refused as error:
            return "Failed", str(error)[:FAILURE_REASON_CHARACTERS]
        except Exception as error:
            if self._ending != KILLED:
                # Not the program's fault: what AWS reports as an internal error, and what RetryStrategy is for.
                logger.exception("training job %s", self.name)
            return "InternalError", f"InternalServerError: the job could not be run on this machine: {error}"[
                :FAILURE_REASON_CHARACTERS
            ]

    def _prepare(self, cleanup: ExitStack) -> list[SyncedFolder]:
        """Lay out the data and create the containers. What has to go in the end is left to `cleanup`."""
        request, engine = self._request, self._platform.engine
        hosts = opt_ml.hosts(request)
        self._enter("Downloading")
        marks = labels(TRAINING, self.name, self._platform.service)
        try:
            inputs = [
                host_inputs(request, number, self._folder / host, self._image, marks, self._platform, cleanup)
                for number, host in enumerate(hosts)
            ]
        except ValueError as error:
            raise Refused(f"ClientError: Data download failed: {error}") from error
        if any(host.copies for host in inputs):
            self._log_of_platform(
                "The channels were copied into the containers; this Docker engine cannot mount overlays of files here."
            )
        network = None
        if len(hosts) > 1:
            name = f"{self._platform.service}-{self.name}"
            network = join(engine, name, hosts, request.get("EnableNetworkIsolation", False), marks)
            cleanup.callback(network.remove)
        access = self._access(network, cleanup)
        cleanup.callback(self._nodes.clear)
        kept = []
        for host, mounted in zip(hosts, inputs, strict=True):
            node = Node.create(
                engine, self._image, request, self._arn, host, mounted, network, marks, self._cpuset, access
            )
            cleanup.callback(node.remove)
            with self._lock:
                self._nodes.append(node)
            for folder, uri in opt_ml.synced_folders(request).items():
                kept.append(SyncedFolder(node.container, folder, uri, self._destination))
                cleanup.callback(kept[-1].abandon)
                if folder == opt_ml.checkpoint_folder(request):
                    try:
                        kept[-1].restore()
                    except ValueError as error:
                        raise Refused(f"ClientError: The checkpoints cannot be restored: {error}") from error
        return kept

    def _access(self, network: HostNetwork | None, cleanup: ExitStack) -> dict[str, str]:
        """Variables with which the hosts reach AWS services, until `cleanup`."""
        request, access = self._request, self._platform.container_access
        if request.get("EnableNetworkIsolation"):
            return {}
        grant = access.grant(request["RoleArn"], request.get("Environment", {}))
        cleanup.callback(grant.end)
        if grant.missing:
            self._log_of_platform(grant.missing)
        if network:
            cleanup.callback(access.admit(network.subnet))
        return grant.variables

    def _train(self, kept: list[SyncedFolder]) -> tuple[str, str | None]:
        with self._lock:
            if self._ending:
                return self._ending, None
            try:
                for node in self._nodes:
                    node.container.start()
            except APIError as error:
                if error.is_client_error():
                    raise Refused(f"AlgorithmError: CannotStartContainerError: {error.explanation}") from error
                raise
            self._enter("Training")
        began = time.monotonic()
        allowed = self._request.get("StoppingCondition", {}).get("MaxRuntimeInSeconds", SECONDS_ALLOWED)
        limit = self._timer(max(0.001, allowed - self._seconds_trained), "MaxRuntimeExceeded")
        try:
            for folder in kept:
                folder.start()
            exits = self._wait_for_all()
            if any(rules in self._request for rules in RULES):
                with contextlib.suppress(APIError, tarfile.TarError):  # then each has an Error
                    self._rule_results = self._nodes[0].beginning_of(opt_ml.RULES, RULE_RESULTS_BYTES)
        finally:
            limit.cancel()
            self._seconds_trained += time.monotonic() - began
        with self._lock:
            ending = self._ending
            self._over = ending != "Interrupted"  # then it starts again, unless it is stopped before
        if ending == KILLED:
            return ending, None
        lost = _close(kept)
        if ending == "Interrupted" and not lost:
            return ending, None
        failed = next(((node, ended) for node, ended in exits if ended.status != 0), None)
        if failed and not ending:
            node, ended = failed
            reason = failure_reason(ended.status, node.beginning_of(FAILURE, FAILURE_BYTES), ended.out_of_memory)
            self._upload_output_data()
            return "Failed", reason
        if lost:
            self._upload_output_data()
            return "Failed", f"ClientError: {lost}"[:FAILURE_REASON_CHARACTERS]
        return self._upload(ending or "Completed")

    def _wait_for_all(self) -> list[tuple[Node, Exit]]:
        """Follow every host to its end, in the order in which they end. The first that fails takes the others with
        it.
        """
        ended: list[tuple[Node, Exit]] = []
        lock = threading.Lock()
        began = int(time.time())

        def follow(node: Node) -> None:
            stream = f"{self.name}/{node.host}-{began}"
            exit_ = None
            try:
                with contextlib.closing(node.log()) as log:
                    for lines in log:
                        self._log(stream, lines)
                exit_ = node.wait()
                with lock:
                    ended.append((node, exit_))
            finally:
                if exit_ is None or exit_.status != 0:
                    for other in self._nodes:
                        if other is not node:
                            threading.Thread(target=other.terminate, daemon=True).start()

        with ThreadPoolExecutor(len(self._nodes), thread_name_prefix=f"log-{self.name}") as pool:
            for follower in [pool.submit(follow, node) for node in self._nodes]:
                follower.result()
        return ended

    def _log(self, stream: str, lines: list[str]) -> None:
        now = time.time()
        self._platform.logs.write(LOG_GROUP, stream, [(int(now * 1000), line) for line in lines])
        found, given_up = self._metric_scan.values(lines)
        for metric, value in found:
            self._final_metrics[metric] = {"MetricName": metric, "Value": value, "Timestamp": now}
            self._platform.metrics.put(LOG_GROUP, metric, value, now, {"TrainingJobName": self.name})
        if found:
            self._listener.metrics(found)
        for metric in given_up:
            self._log_of_platform(
                f"The regex of metric {metric} is too slow for this log; the metric is not read any more."
            )

    def _log_of_platform(self, line: str) -> None:
        self._platform.logs.write(LOG_GROUP, f"{self.name}/platform", [(int(time.time() * 1000), line)])

    def _upload(self, outcome: str) -> tuple[str, str | None]:
        """Pack what the containers left, as the platform does: (secondary status that follows, FailureReason)."""
        if outcome == "Completed":
            self._enter("Uploading")
        try:
            self._results.store_model([node.container for node in self._nodes])
        except ValueError as error:
            return "Failed", f"ClientError: Artifact upload failed: {error}"[:FAILURE_REASON_CHARACTERS]
        self._upload_output_data()
        return outcome, None

    def _upload_output_data(self) -> None:
        try:
            self._results.store_output_data([node.container for node in self._nodes])
        except ValueError as error:
            self._log_of_platform(f"The output data are not uploaded: {error}")

    def _finish(self, outcome: str, reason: str | None) -> None:
        """Say how the job ended. Where the disk is full it is said when there is room, or by the service's next
        start.
        """
        while True:
            with self._lock:
                record = self._records.get(self.name)
                changes = enter(record, outcome, time.time())
                changes |= time_used({**record, **changes}, self._request["ResourceConfig"]["InstanceCount"])
                changes |= {
                    statuses: at_the_end(self._request[rules], self._rule_results, time.time())
                    for rules, statuses in RULES.items()
                    if rules in self._request
                }
                if self._final_metrics:
                    changes["FinalMetricDataList"] = self.final_metrics()
                try:
                    ended = self._records.update(self.name, FailureReason=reason, **changes)
                    break
                except OSError:
                    logger.exception("training job %s is %s, which cannot be written down", self.name, outcome)
            if self._killed.wait(SECONDS_TO_ROOM):
                return
        self._listener.ended(ended)

    def _enter(self, secondary: str) -> None:
        """A job that is being stopped says so until its end, whatever it is doing meanwhile."""
        with self._lock:
            record = self._records.get(self.name)
            if record["TrainingJobStatus"] != "Stopping":
                self._records.update(self.name, **enter(record, secondary, time.time()))

    def _timer(self, seconds: float | None, why: str) -> threading.Timer:
        """Ends the job when a limit of StoppingCondition is over; without a limit, a timer that never runs."""
        timer = threading.Timer(seconds or 0, self._end, [why])
        timer.daemon = True
        if seconds:
            timer.start()
        return timer


def _close(kept: list[SyncedFolder]) -> str | None:
    """Store the last state of every folder; the first message about a file that cannot be stored where it should."""
    problems = []
    for folder in kept:
        try:
            folder.close()
        except ValueError as error:
            problems.append(str(error))
    return problems[0] if problems else None
