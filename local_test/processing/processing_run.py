"""One processing job as it runs: its containers from creation to removal, its inputs and outputs, its end.

Contract: https://docs.aws.amazon.com/sagemaker/latest/dg/build-your-own-processing-container.html
"""

import logging
import shutil
import threading
import time
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any

from docker.errors import APIError

from contract.opt_ml import FAILURE_REASON_CHARACTERS
from local_test.api.supported_fields import without_effect, without_effect_line
from local_test.host.archives import tree_archive
from local_test.host.emulator_settings import Platform
from local_test.host.error_words import in_words, start_refused
from local_test.host.labels import PROCESSING
from local_test.host.state import retry_until_written
from local_test.processing import opt_ml
from local_test.processing.job_data import Outputs, lay_out, writable
from local_test.storage.destination import Destination
from local_test.training.job_ending import KILLED, JobEnding
from local_test.training.job_hosts import JobHosts
from local_test.training.job_log import JobLog
from local_test.training.node import Exit, HostFiles, Program
from local_test.training.status import failure_reason

LOG_GROUP = "/aws/sagemaker/ProcessingJobs"
RECORDS = "processing-job"
RUNNING = "processing-jobs"  # below the service's folder: what is laid out for jobs that run
STOPPED = "Stopped"
TIMED_OUT = "MaxRuntimeExceeded"
COPIED = "The inputs were copied into the containers; this Docker engine cannot mount overlays of files here."
logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class End:
    """status: Completed, Failed or Stopped. reason: FailureReason, of a failure. message: ExitMessage."""

    status: str
    reason: str | None = None
    message: str | None = None


class Refused(Exception):
    """The request or the image is at fault; the message is the FailureReason."""


class ProcessingRun:
    """Runs one job in a thread of its own. `stop` and `kill` may be called from any thread, at any time."""

    def __init__(self, platform: Platform, record: dict[str, Any], image: str):
        """record: the request with its defaults, and ProcessingJobArn. image: id of the image in the engine."""
        self._platform, self._record = platform, record
        self.name = record["ProcessingJobName"]
        self._records = platform.state.records(RECORDS)
        self._folder = platform.folder / RUNNING / self.name
        self._hosts = JobHosts(platform, PROCESSING, self.name, opt_ml.hosts(record), opt_ml.is_isolated(record))
        self._ending = JobEnding(self._hosts)
        self._log = JobLog(platform.logs, LOG_GROUP, self.name)
        self._program = Program(image, *opt_ml.command(record), record.get("Environment", {}))
        self._thread = threading.Thread(target=self._run, name=f"processing-{self.name}")

    def start(self) -> None:
        self._thread.start()

    def join(self) -> None:
        self._thread.join()

    def stop(self) -> None:
        """StopProcessingJob: SIGTERM, then SIGKILL after 120 seconds. Returns at once.

        Raises OSError on a full disk; the containers are stopped all the same.
        """
        self._ending.request(STOPPED, self._say_stopping)

    def kill(self) -> None:
        """The service ends: the containers go at once, and the job has failed."""
        self._ending.kill()

    def _run(self) -> None:
        try:
            with ExitStack() as cleanup:
                end = self._process(self._prepare(cleanup))
        except Refused as error:
            end = End("Failed", str(error))
        except Exception as error:
            if self._ending.is_killed:
                end = End("Failed", KILLED)
            else:
                logger.exception("processing job %s", self.name)
                end = End("Failed", f"InternalServerError: the job could not be run on this machine: {in_words(error)}")
        with self._ending.lock:
            self._ending.close()
        # Before the end is said: from then on the job may be deleted, and another of its name started.
        shutil.rmtree(self._folder, ignore_errors=True)
        self._finish(end)

    def _prepare(self, cleanup: ExitStack) -> Outputs:
        """Bring the data and create the containers. What has to go in the end is left to `cleanup`."""
        record, platform, hosts = self._record, self._platform, self._hosts
        shutil.rmtree(self._folder, ignore_errors=True)
        try:
            laid_out = lay_out(record, self._folder, platform)
        except ValueError as error:
            raise Refused(f"ClientError: Data download failed: {error}") from error
        inputs = [writable(folders, self._program.image, hosts.labels, platform, cleanup) for folders in laid_out]
        files = [
            HostFiles(_tree(record, host), found.mounts, found.copies)
            for host, found in zip(hosts.names, inputs, strict=True)
        ]
        hosts.create(self._program, record["RoleArn"], files, self._note, cleanup)
        if fields := without_effect("CreateProcessingJob", record):
            self._note(without_effect_line(fields))
        if any(found.copies for found in inputs):
            self._note(COPIED)
        destination = Destination(platform.objects, platform.files, platform.folder / "spool")
        return Outputs(record, hosts.nodes, destination, cleanup)

    def _note(self, line: str) -> None:
        self._log.write(self._hosts.first_stream, [line])

    def _process(self, outputs: Outputs) -> End:
        ending = self._ending
        with ending.lock:
            if ending.reason:
                return _ended_early(ending.reason)
            try:
                self._hosts.start()
            except APIError as error:
                if error.is_client_error():
                    why = start_refused(error, "what ContainerEntrypoint names, or its own entrypoint,")
                    raise Refused(f"AlgorithmError: CannotStartContainerError: {why}") from error
                raise
            self._update(ProcessingStartTime=time.time())
        exits = self._follow(outputs)
        with ending.lock:
            reason = ending.reason
            ending.close()
        if reason == KILLED:
            return _ended_early(reason)
        if reason == TIMED_OUT:
            self._note("The job ran longer than its MaxRuntimeInSeconds and was stopped.")
        failed = next((one for one in exits if one.status != 0), None)
        if reason:
            end = _ended_early(reason)
        elif failed:
            end = End("Failed", failure_reason(failed.status, None, failed.out_of_memory))
        else:
            end = End("Completed")
        return self._with_outputs(end, outputs)

    def _follow(self, outputs: Outputs) -> list[Exit]:
        """The hosts to their end, within the seconds that the job has."""
        limit = self._ending.timer(self._record["StoppingCondition"]["MaxRuntimeInSeconds"], TIMED_OUT)
        try:
            outputs.start()
            return [ended for _, ended in self._hosts.follow(self._log.write)]
        finally:
            limit.cancel()

    def _with_outputs(self, end: End, outputs: Outputs) -> End:
        """Store what the containers left: how the job ends, which may be other than how they ended."""
        lost = outputs.store(completed=end.status == "Completed")
        try:
            message = opt_ml.exit_message(
                node.first_bytes(opt_ml.MESSAGE, opt_ml.MESSAGE_BYTES) for node in self._hosts.nodes
            )
        except ValueError as error:
            return End("Failed", f"ClientError: {error}")
        if lost and end.status != "Failed":
            return End("Failed", f"ClientError: Output upload failed: {lost}", message)
        return End(end.status, end.reason, message)

    def _finish(self, end: End) -> None:
        """Say how the job ended. Where the disk is full it is said when there is room, or by the service's next
        start.
        """
        retry_until_written(
            lambda: self._update(**end_of_record(end)),
            self._ending.wait_for_kill,
            f"processing job {self.name} is {end.status}",
        )

    def _say_stopping(self) -> None:
        self._update(ProcessingJobStatus="Stopping")

    def _update(self, **changes: Any) -> None:
        self._records.update(self.name, **{"LastModifiedTime": time.time(), **changes})


def end_of_record(end: End) -> dict[str, Any]:
    """What the end changes in a job's record."""
    now = time.time()
    return {
        "ProcessingJobStatus": end.status,
        "FailureReason": end.reason and end.reason[:FAILURE_REASON_CHARACTERS],
        "ExitMessage": end.message,
        "ProcessingEndTime": now,
        "LastModifiedTime": now,
    }


def _tree(record: dict[str, Any], host: str) -> bytes:
    """The folders and files that are there before the container starts."""
    files = {f"{opt_ml.CONFIG}/{name}": text for name, text in opt_ml.config_files(record, host).items()}
    return tree_archive(opt_ml.folders(record), files)


def _ended_early(reason: str) -> End:
    return End("Failed", KILLED) if reason == KILLED else End("Stopped")
