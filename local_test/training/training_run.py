"""One training job as it runs: its attempts, its statuses, its end."""

import logging
import shutil
import threading
import time
from typing import Any

from contract.opt_ml import FAILURE_REASON_CHARACTERS
from local_test.host.emulator_settings import Platform
from local_test.host.error_words import in_words
from local_test.host.labels import TRAINING
from local_test.host.state import retry_until_written
from local_test.training import opt_ml
from local_test.training.attempt import INTERNAL_ERROR, Attempts
from local_test.training.job_ending import INTERRUPTED, KILLED, JobEnding
from local_test.training.job_hosts import JobHosts
from local_test.training.node import Program
from local_test.training.rule_statuses import RULES, at_the_end
from local_test.training.status import ENDS, enter, time_used
from local_test.training.training_log import Listener, TrainingLog

logger = logging.getLogger(__name__)


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
        self._request, self._listener = request, listener
        self.name = request["TrainingJobName"]
        self._records = platform.state.records("training-job")
        isolated = request.get("EnableNetworkIsolation", False)
        hosts = JobHosts(platform, TRAINING, self.name, opt_ml.hosts(request), isolated)
        self._ending = JobEnding(hosts)
        self._log = TrainingLog(platform, request, listener)
        program = Program(image, *opt_ml.command(request), opt_ml.environment(request, arn))
        self._attempts = Attempts(platform, request, program, hosts, self._ending, self._log, self._enter, cpuset)
        self._retries_left = request.get("RetryStrategy", {}).get("MaximumRetryAttempts", 0)
        self._thread = threading.Thread(target=self._run, name=f"training-{self.name}")

    def start(self) -> None:
        self._thread.start()

    def join(self) -> None:
        self._thread.join()

    def stop(self) -> None:
        """StopTrainingJob: SIGTERM, then SIGKILL after 120 seconds. Returns at once.

        Raises OSError on a full disk; the containers are stopped all the same.
        """
        self._ending.request("Stopped", lambda: self._enter("Stopping"))

    def interrupt(self) -> None:
        """What the loss of a spot instance does: the containers get SIGTERM, and the job starts again from its
        checkpoints.
        """
        self._ending.request(INTERRUPTED)

    def kill(self) -> None:
        """The service ends: the containers go at once, and the job has failed."""
        self._ending.kill()

    def final_metrics(self) -> list[dict[str, Any]]:
        """FinalMetricDataList: the last value of each metric so far."""
        return self._log.final_metrics()

    def _run(self) -> None:
        wait_limit = self._request.get("StoppingCondition", {}).get("MaxWaitTimeInSeconds")
        waiting = self._ending.timer(wait_limit, "MaxWaitTimeExceeded")
        try:
            outcome, reason = self._attempts.run()
            while starts_again := self._starts_again(outcome):
                self._listener.starts_again()
                self._enter(starts_again)
                self._enter("Starting")
                outcome, reason = self._attempts.run()
        except Exception as error:
            logger.exception("training job %s", self.name)
            outcome, reason = INTERNAL_ERROR, f"InternalServerError: {in_words(error)}"[:FAILURE_REASON_CHARACTERS]
        with self._ending.lock:
            self._ending.close()
        waiting.cancel()
        self._log.close()
        # Before the end is said: from then on the job may be deleted, and another of its name started.
        shutil.rmtree(self._attempts.folder, ignore_errors=True)
        if self._ending.is_killed and outcome in (INTERNAL_ERROR, INTERRUPTED, KILLED):
            reason = KILLED
        elif outcome == INTERRUPTED:
            outcome = self._ending.reason or outcome  # what came between the interruption and the new start
        self._finish(outcome if outcome in ENDS else "Failed", reason)

    def _starts_again(self, outcome: str) -> str | None:
        """The secondary status that precedes another attempt; None when this one was the last."""
        may_retry = outcome == INTERNAL_ERROR and self._retries_left
        if not (outcome == INTERRUPTED or may_retry) or not self._ending.start_anew():
            return None
        if outcome == INTERRUPTED:
            return "Interrupted"
        self._retries_left -= 1
        return "Restarting"

    def _finish(self, outcome: str, reason: str | None) -> None:
        """Record how the job ended. On a full disk this is retried, and left to the service's next start."""
        ended = retry_until_written(
            lambda: self._record_end(outcome, reason),
            self._ending.wait_for_kill,
            f"training job {self.name} is {outcome}",
        )
        if ended is not None:
            self._listener.ended(ended)

    def _record_end(self, outcome: str, reason: str | None) -> dict[str, Any]:
        with self._ending.lock:
            record = self._records[self.name]
            changes = enter(record, outcome, time.time())
            changes |= time_used({**record, **changes})
            changes |= {
                statuses: at_the_end(self._request[rules], self._attempts.rule_results, time.time())
                for rules, statuses in RULES.items()
                if rules in self._request
            }
            if metrics := self.final_metrics():
                changes["FinalMetricDataList"] = metrics
            return self._records.update(self.name, FailureReason=reason, **changes)

    def _enter(self, secondary: str) -> None:
        """A job that is being stopped says so until its end, whatever it is doing meanwhile."""
        with self._ending.lock:
            record = self._records[self.name]
            if record["TrainingJobStatus"] != "Stopping":
                self._records.update(self.name, **enter(record, secondary, time.time()))
