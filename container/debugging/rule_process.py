"""`python -m container.debugging.rule_process FOLDER CONFIG.json`: evaluates rules on tensors while they are saved.

A process of its own and of low priority, so that training waits neither for it nor for Python's lock. CONFIG.json:
{"results": "where/rules.json", "rules": [{"name": "Overfit", "parameters": {"patience": 2}, "stops": false}, ...]}.
"""

import json
import os
import signal
import sys
import threading
import time
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from container.debugging.earlier_steps import END_OF_TRAINING
from container.debugging.rule_outcome import (
    ENDED_EARLY,
    ERROR,
    IN_PROGRESS,
    ISSUES_FOUND,
    NO_ISSUES_FOUND,
    RuleOutcome,
    write_outcomes,
)
from contract.rule_choices import RuleChoice
from contract.rule_parameters import parameters_of

if TYPE_CHECKING:  # smdebug, which takes seconds to import
    from container.debugging.built_in_rule import BuiltInRule
    from container.debugging.smdebug_library import Trial

SECONDS_BETWEEN_LOOKS = 0.5
NICE = 15
NO_TENSORS = "The training left no tensors that the rule could look at. Look for the debugger's warnings in the log."


class Evaluation:
    """The rules and their outcomes so far.

    last: the last step that they looked at, counted over all modes; -1 before the first.
    """

    def __init__(self, choices: list[RuleChoice]):
        self.outcomes = [RuleOutcome.before_the_first_step(choice) for choice in choices]
        self.last = -1
        self._choices = choices
        self._trial: Trial | None = None
        self._rules: list[BuiltInRule] = []

    def begin(self, folder: Path) -> None:
        """Open the tensors in `folder` and make the rules. Imports smdebug, which takes seconds."""
        from container.debugging.rules import RULE_CLASSES
        from container.debugging.smdebug_library import create_trial

        self._trial = create_trial(str(folder))
        self._rules = [RULE_CLASSES[choice.name](self._trial, **choice.parameters) for choice in self._choices]

    @property
    def begun(self) -> bool:
        return self._trial is not None

    def new_steps(self) -> list[int]:
        """The steps after the last one."""
        return [step for step in self._trial.steps() if step > self.last] if self._trial else []

    def at(self, step: int) -> None:
        """Let every rule that has not failed look at a step."""
        from container.debugging.smdebug_library import (
            RuleEvaluationConditionMet,
            StepUnavailable,
            TensorUnavailable,
            TensorUnavailableForStep,
        )

        self.last = step
        for number, rule in enumerate(self._rules):
            if self.outcomes[number].status == ERROR:
                continue
            try:
                rule.invoke(step)
            except RuleEvaluationConditionMet:
                self._violated(number)
            except (StepUnavailable, TensorUnavailable, TensorUnavailableForStep):
                pass  # the step has nothing for this rule
            except Exception as error:  # a rule that fails must not take the others with it
                why = f"The rule itself failed: {type(error).__name__}: {error}"
                self.outcomes[number] = replace(self.outcomes[number], status=ERROR, sentence=why)
            self.outcomes[number] = replace(self.outcomes[number], last_step=step)

    def wait(self, seconds: float) -> None:
        """Tell the rules that there has been no new step for so many seconds."""
        for number, rule in enumerate(self._rules):
            if self.outcomes[number].status != ERROR and rule.wait(seconds):
                self._violated(number)

    def end(self, complete: bool) -> None:
        """Close the outcomes. complete: whether the training is over and every step of it was evaluated."""
        status, sentence = IN_PROGRESS, ENDED_EARLY
        if complete:
            status, sentence = (NO_ISSUES_FOUND, "") if self.begun else (ERROR, NO_TENSORS)
        self.outcomes = [one.closed(status, sentence) for one in self.outcomes]

    def _violated(self, number: int) -> None:
        outcome = self.outcomes[number]
        if outcome.status == IN_PROGRESS:
            assert self._trial is not None  # its rules have looked at a step
            mode, step = self._trial.mode_modestep(self.last)
            outcome = replace(
                outcome,
                status=ISSUES_FOUND,
                first_step=step,
                first_mode=mode and mode.name,
                sentence=self._rules[number].finding,
            )
        self.outcomes[number] = replace(outcome, violations=outcome.violations + 1)


def evaluate_rules(folder: Path, choices: list[RuleChoice], results: Path, ends: threading.Event, parent: int) -> None:
    """Evaluate every rule at every step, once and in order, until the training is over or the process is to end.

    Args:
        folder: of the tensors; need not exist yet.
        choices: the rules.
        results: path of rules.json, written whenever an outcome changes; of steps that come together, when a status
            changes and at their end.
        ends: set from outside to end early.
        parent: process id of the training; when it is gone, the evaluation ends.
    """
    evaluation = Evaluation(choices)
    write_outcomes(evaluation.outcomes, results)
    since, over = time.monotonic(), False
    while not (over or ends.is_set() or os.getppid() != parent):
        over = (folder / END_OF_TRAINING).exists()  # asked before the steps: what is there then is all
        if not evaluation.begun and any(folder.glob("collections/*/*_collections.json")):
            evaluation.begin(folder)
        written = evaluation.outcomes.copy()
        for step in evaluation.new_steps():
            if ends.is_set():
                break
            evaluation.at(step)
            since = time.monotonic()
            if _statuses(evaluation.outcomes) != _statuses(written):
                write_outcomes(evaluation.outcomes, results)
                written = evaluation.outcomes.copy()
        evaluation.wait(time.monotonic() - since)
        if evaluation.outcomes != written:
            write_outcomes(evaluation.outcomes, results)
        if not over:
            ends.wait(SECONDS_BETWEEN_LOOKS)
    evaluation.end(complete=over and not ends.is_set())
    write_outcomes(evaluation.outcomes, results)


def _statuses(outcomes: list[RuleOutcome]) -> list[str]:
    return [outcome.status for outcome in outcomes]


def main(folder: Path, config: Path) -> None:
    ends, parent = threading.Event(), os.getppid()
    signal.signal(signal.SIGTERM, lambda signum, frame: ends.set())
    os.nice(NICE)
    os.environ.setdefault("SMDEBUG_LOG_LEVEL", "error")  # it warns of every collection that a step lacks
    os.environ.setdefault("SMDEBUG_TRAINING_END_DELAY_REFRESH", "0")  # seconds; the mark of the end is written last
    content = json.loads(config.read_text())
    choices = [
        RuleChoice(one["name"], parameters_of(one["name"], one["parameters"]), one["stops"]) for one in content["rules"]
    ]
    evaluate_rules(folder, choices, Path(content["results"]), ends, parent)


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
