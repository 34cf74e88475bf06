"""The training's side of the rules: starts the process that evaluates them, and hears what it finds."""

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from dataclasses import asdict, replace
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
    """Rules that are evaluated beside a training run. folder: where its tensors are; choices: not empty; results:
    rules.json's path.

    Whatever happens to the process, its rules have the status Error then, and training goes on.
    """

    def __init__(self, folder: Path, choices: list[RuleChoice], results: Path):
        self._choices, self._results = choices, results
        self._looked, self._seen, self._reason = 0.0, None, None
        self._process, self._failure = None, ""
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
        """The finding of a rule that ends the training, once it has fired. Cheap: looks at the file's date once a
        second at most.
        """
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
        """Wait at most so long for the rules to see the last steps, end the process, and return what was found.

        Close the TensorHook before. May be called again.
        """
        change = self._wait(seconds)
        try:
            outcomes = read_outcomes(self._results)
        except (OSError, ValueError, TypeError, KeyError):
            outcomes = [RuleOutcome.before_the_first_step(choice) for choice in self._choices]
        if change:
            outcomes = [replace(one, **change) if one.status == IN_PROGRESS else one for one in outcomes]
            with contextlib.suppress(OSError):
                write_outcomes(outcomes, self._results)
        return outcomes

    def _wait(self, seconds: float) -> dict[str, str]:
        """Returns what the end of the process means for rules that are still in progress by their own account."""
        if self._process is None:
            return {"status": ERROR, "sentence": self._failure}
        try:
            status = self._process.wait(max(0.0, seconds))
        except subprocess.TimeoutExpired:
            self._end()
            return {"sentence": ENDED_EARLY}
        if not status:
            return {}
        how = (
            f"was killed by {signal.Signals(-status).name}"
            if status < 0
            else f"ended with exit status {status}; its last words are in the log"
        )
        return {"status": ERROR, "sentence": f"The process that evaluates the rules {how}."}

    def _end(self) -> None:
        """Ask the process to end, and see to it."""
        self._process.terminate()
        try:
            self._process.wait(SECONDS_TO_END)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
