"""The training's side of the rules: starts the process that evaluates them, and reads their outcomes."""

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from dataclasses import asdict
from pathlib import Path

from container.debugging.rule_outcome import (
    ENDED_EARLY,
    ERROR,
    IN_PROGRESS,
    ISSUES_FOUND,
    RuleOutcome,
    read_outcomes,
    write_outcomes,
)
from contract.rule_choices import RuleChoice

CODE = Path(__file__).parents[2]
SECONDS_BETWEEN_LOOKS = 1.0
SECONDS_TO_END = 10


class RuleRun:
    """Rules that are evaluated in the background of a training run.

    When the process fails, its rules have the status Error, and training goes on.
    """

    def __init__(self, folder: Path, choices: list[RuleChoice], results: Path):
        """Args:
        folder: of the run's tensors.
        choices: the rules; at least one.
        results: path of rules.json.
        """
        self._choices, self._results = choices, results
        self._looked = 0.0
        self._seen: int | None = None  # modification time of the results that were read last, nanoseconds
        self._reason: str | None = None
        self._process: subprocess.Popen[bytes] | None = None
        self._failure = ""
        try:
            self._start(folder)
        except OSError as error:
            self._failure = f"The process that evaluates the rules could not be started: {error}."

    def _start(self, folder: Path) -> None:
        self._results.parent.mkdir(parents=True, exist_ok=True)
        self._results.unlink(missing_ok=True)
        config = self._results.with_name(f"{self._results.stem}-config.json")
        config.write_text(
            json.dumps({"results": str(self._results), "rules": [asdict(choice) for choice in self._choices]})
        )
        paths = [str(CODE), *filter(None, [os.environ.get("PYTHONPATH")])]
        # It needs neither the GPU nor many threads. A signal for the training's group is not for it: it sees the
        # training's end.
        environment = os.environ | {
            "PYTHONPATH": os.pathsep.join(paths),
            "CUDA_VISIBLE_DEVICES": "",
            "OMP_NUM_THREADS": "1",
        }
        self._process = subprocess.Popen(
            [sys.executable, "-m", "container.debugging.rule_process", str(folder), str(config)],
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            start_new_session=True,
        )

    def stop_reason(self) -> str | None:
        """The finding of a rule that ends the training, or None. Looks at the file's date once a second at most."""
        now = time.monotonic()
        if self._reason or now - self._looked < SECONDS_BETWEEN_LOOKS:
            return self._reason
        self._looked = now
        with contextlib.suppress(OSError, ValueError, TypeError, KeyError):
            date = self._results.stat().st_mtime_ns
            if date != self._seen:
                fired = [one for one in read_outcomes(self._results) if one.stops and one.status == ISSUES_FOUND]
                self._reason = f"{fired[0].name}: {fired[0].sentence}" if fired else None
                self._seen = date
        return self._reason

    def finish(self, seconds: float) -> list[RuleOutcome]:
        """End the process and return the outcomes. seconds: how long to wait for the rules to see the last steps.

        Close the TensorHook first. May be called again.
        """
        open_outcomes = self._wait(seconds)
        try:
            outcomes = read_outcomes(self._results)
        except (OSError, ValueError, TypeError, KeyError):
            outcomes = [RuleOutcome.before_the_first_step(choice) for choice in self._choices]
        if open_outcomes:
            outcomes = [one.closed(*open_outcomes) for one in outcomes]
            with contextlib.suppress(OSError):
                write_outcomes(outcomes, self._results)
        return outcomes

    def _wait(self, seconds: float) -> tuple[str, str] | None:
        """Returns status and sentence of rules that are still in progress by their own account when the process has
        ended; None where it ended by itself and they are right.
        """
        if self._process is None:
            return ERROR, self._failure
        try:
            status = self._process.wait(max(0.0, seconds))
        except subprocess.TimeoutExpired:
            self._end(self._process)
            return IN_PROGRESS, ENDED_EARLY
        if not status:
            return None
        how = (
            f"was killed by {signal.Signals(-status).name}"
            if status < 0
            else f"ended with exit status {status}; its last words are in the log"
        )
        return ERROR, f"The process that evaluates the rules {how}."

    @staticmethod
    def _end(process: subprocess.Popen[bytes]) -> None:
        """SIGTERM, and SIGKILL where that does not end it."""
        process.terminate()
        try:
            process.wait(SECONDS_TO_END)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
