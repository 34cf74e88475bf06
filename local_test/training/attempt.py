"""One attempt of a training job: its containers from creation to removal, and what is stored of them.

Contract: https://docs.aws.amazon.com/sagemaker/latest/dg/your-algorithms-training-algo.html
"""

import contextlib
import logging
import tarfile
import time
from collections.abc import Callable
from contextlib import ExitStack
from typing import Any

from docker.errors import APIError

from contract.opt_ml import CHECKPOINTS, FAILURE, FAILURE_REASON_CHARACTERS
from local_test.api.supported_fields import without_effect, without_effect_line
from local_test.host.archives import tree_archive
from local_test.host.emulator_settings import Platform
from local_test.host.error_words import in_words, start_refused
from local_test.storage.destination import Destination
from local_test.training import opt_ml
from local_test.training.inputs import host_inputs
from local_test.training.job_ending import INTERRUPTED, KILLED, JobEnding
from local_test.training.job_hosts import JobHosts
from local_test.training.node import Exit, HostFiles, Node, Program
from local_test.training.results import Results
from local_test.training.rule_statuses import RULES
from local_test.training.status import failure_reason
from local_test.training.supported_fields import SECONDS_ALLOWED
from local_test.training.synced_folder import UNFINISHED, SyncedFolder
from local_test.training.training_log import TrainingLog

RUNNING = "training-jobs"  # below the service's folder: what is laid out for jobs that run
FAILURE_BYTES = 4 * FAILURE_REASON_CHARACTERS  # UTF-8 has at most four to a character
RULE_RESULTS_BYTES = 1_000_000
INTERNAL_ERROR = "InternalError"
logger = logging.getLogger(__name__)


class Refused(Exception):
    """The request or the image is at fault; the message is the FailureReason."""


class Attempts:
    """The attempts of one job, one after the other: `run` is called once for each."""

    def __init__(
        self,
        platform: Platform,
        request: dict[str, Any],
        program: Program,
        hosts: JobHosts,
        ending: JobEnding,
        log: TrainingLog,
        enter: Callable[[str], None],
        cpuset: str | None,
    ):
        """enter: called with each secondary status. cpuset: cores of the containers, such as `0-1`; None: all."""
        self._platform, self._request, self._program, self._cpuset = platform, request, program, cpuset
        self._hosts, self._ending, self._log, self._enter = hosts, ending, log, enter
        self.folder = platform.folder / RUNNING / request["TrainingJobName"]
        self._destination = Destination(platform.objects, platform.files, platform.folder / "spool")
        self._results = Results(request, self._destination)
        fields = without_effect("CreateTrainingJob", request)
        self._notes = [without_effect_line(fields)] if fields else []  # for the job's log
        self._seconds_trained = 0.0  # in attempts before this one
        self.rule_results: str | None = None  # the text of rules.json, when the program left one

    def run(self) -> tuple[str, str | None]:
        """(the secondary status that follows, or INTERNAL_ERROR, or the reason of the ending; FailureReason)."""
        try:
            with ExitStack() as cleanup:
                return self._train(self._prepare(cleanup))
        except Refused as error:
            return "Failed", str(error)[:FAILURE_REASON_CHARACTERS]
        except Exception as error:
            if not self._ending.is_killed:
                # Not the program's fault: what AWS reports as an internal error, and what RetryStrategy is for.
                logger.exception("training job %s", self._request["TrainingJobName"])
            reason = f"InternalServerError: the job could not be run on this machine: {in_words(error)}"
            return INTERNAL_ERROR, reason[:FAILURE_REASON_CHARACTERS]

    def _prepare(self, cleanup: ExitStack) -> list[SyncedFolder]:
        """Lay out the data and create the containers. What has to go in the end is left to `cleanup`."""
        request, platform = self._request, self._platform
        self._enter("Downloading")
        try:
            inputs = [
                host_inputs(
                    request, number, self.folder / host, self._program.image, self._hosts.labels, platform, cleanup
                )
                for number, host in enumerate(self._hosts.names)
            ]
        except ValueError as error:
            raise Refused(f"ClientError: Data download failed: {error}") from error
        files = [
            HostFiles(_tree(request, host), found.mounts, found.copies)
            for host, found in zip(self._hosts.names, inputs, strict=True)
        ]
        self._hosts.create(self._program, request["RoleArn"], files, self._note, cleanup, self._cpuset)
        while self._notes:
            self._note(self._notes.pop(0))
        if request.get("RemoteDebugConfig", {}).get("EnableRemoteDebug"):
            for node in self._hosts.nodes:
                self._note(f"A shell in {node.host}, in the place of AWS Systems Manager's: {node.shell_command}")
        for note in inputs[0].notes:  # of the first host, as the others have the same folders
            self._note(note)
        if any(found.copies for found in inputs):
            self._note(
                "The channels were copied into the containers; this Docker engine cannot mount overlays of files here."
            )
        return [folder for node in self._hosts.nodes for folder in self._synced_folders(node, cleanup)]

    def _note(self, line: str) -> None:
        """Say something about the attempt before a host prints."""
        self._log.write(self._hosts.first_stream, [line])

    def _synced_folders(self, node: Node, cleanup: ExitStack) -> list[SyncedFolder]:
        """Those of one host; its checkpoints are restored."""
        synced = []
        for folder, uri in opt_ml.synced_folders(self._request).items():
            has_checkpoints = folder == opt_ml.checkpoint_folder(self._request)
            left_out = () if has_checkpoints else UNFINISHED
            synced.append(SyncedFolder(node.container, folder, uri, self._destination, left_out))
            cleanup.callback(synced[-1].abandon)
            if has_checkpoints:
                try:
                    synced[-1].restore()
                except ValueError as error:
                    raise Refused(f"ClientError: The checkpoints cannot be restored: {error}") from error
        return synced

    def _train(self, synced: list[SyncedFolder]) -> tuple[str, str | None]:
        ending = self._ending
        with ending.lock:
            if ending.reason:
                return ending.reason, None
            try:
                self._hosts.start()
            except APIError as error:
                if error.is_client_error():
                    why = start_refused(error, "an executable `train`, or what ContainerEntrypoint names,")
                    raise Refused(f"AlgorithmError: CannotStartContainerError: {why}") from error
                raise
            self._enter("Training")
        exits = self._follow(synced)
        with ending.lock:
            reason = ending.reason
            if reason != INTERRUPTED:  # else it starts again, unless it is stopped before
                ending.close()
        if reason == KILLED:
            return reason, None
        lost = _close(synced)
        if reason == INTERRUPTED and not lost:
            return reason, None
        failed = next(((node, ended) for node, ended in exits if ended.status != 0), None)
        if failed and not reason:
            node, ended = failed
            explanation = failure_reason(ended.status, node.beginning_of(FAILURE, FAILURE_BYTES), ended.out_of_memory)
            self._store_output_data()
            return "Failed", explanation
        if lost:
            self._store_output_data()
            return "Failed", f"ClientError: {lost}"[:FAILURE_REASON_CHARACTERS]
        return self._store_results(reason or "Completed")

    def _follow(self, synced: list[SyncedFolder]) -> list[tuple[Node, Exit]]:
        """The hosts to their end, within the seconds that the job has left."""
        began = time.monotonic()
        allowed = self._request.get("StoppingCondition", {}).get("MaxRuntimeInSeconds", SECONDS_ALLOWED)
        limit = self._ending.timer(max(0.001, allowed - self._seconds_trained), "MaxRuntimeExceeded")
        try:
            for folder in synced:
                folder.start()
            exits = self._hosts.follow(self._log.hear)
            if any(rules in self._request for rules in RULES):
                with contextlib.suppress(APIError, tarfile.TarError):  # then each has an Error
                    self.rule_results = self._hosts.nodes[0].beginning_of(opt_ml.RULES, RULE_RESULTS_BYTES)
        finally:
            limit.cancel()
            self._seconds_trained += time.monotonic() - began
        return exits

    def _store_results(self, outcome: str) -> tuple[str, str | None]:
        """Pack what the containers left, as the platform does: (secondary status that follows, FailureReason)."""
        if outcome == "Completed":
            self._enter("Uploading")
        try:
            self._results.store_model([node.container for node in self._hosts.nodes])
        except ValueError as error:
            return "Failed", f"ClientError: Artifact upload failed: {error}"[:FAILURE_REASON_CHARACTERS]
        self._store_output_data()
        return outcome, None

    def _store_output_data(self) -> None:
        try:
            self._results.store_output_data([node.container for node in self._hosts.nodes])
        except ValueError as error:
            self._log.write_as_platform(f"The output data are not uploaded: {error}")


def _tree(request: dict[str, Any], host: str) -> bytes:
    """The folders and files that are there before the container starts."""
    folders = {opt_ml.MODEL, opt_ml.OUTPUT_DATA, CHECKPOINTS, opt_ml.CONFIG, *opt_ml.synced_folders(request)}
    files = {f"{opt_ml.CONFIG}/{name}": text for name, text in opt_ml.config_files(request, host).items()}
    return tree_archive(sorted(folders), files)


def _close(synced: list[SyncedFolder]) -> str | None:
    """Store the last state of every folder; the first message about a file that cannot be stored where it should."""
    problems = []
    for folder in synced:
        try:
            folder.close()
        except ValueError as error:
            problems.append(str(error))
    return problems[0] if problems else None
