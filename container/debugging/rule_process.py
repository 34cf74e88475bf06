"""`python -m container.debugging.rule_process FOLDER CONFIG.json`: evaluate rules on the tensors in FOLDER, as they come.

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

from container.debugging.earlier_steps import END_OF_TRAINING
from container.debugging.rule_choices import RuleChoice
from container.debugging.rule_outcome import ERROR, IN_PROGRESS, ISSUES_FOUND, NO_ISSUES_FOUND, RuleOutcome, write_outcomes
from container.debugging.rule_parameters import parameters_of

SECONDS_BETWEEN_LOOKS = 0.5
NICE = 15
ENDED_EARLY = "The rule was ended before it had looked at all steps."


def evaluate_rules(folder: Path, choices: list[RuleChoice], results: Path, ends: threading.Event, parent: int) -> None:
    """Follow the tensors in `folder` until the training is over and all its steps are evaluated, or `ends` is set, or `parent` is gone.

    Every rule looks at every step once, in order. Writes `results` whenever something changes.
    """
    from container.debugging.rules import RULE_CLASSES  # takes seconds
    from container.debugging.smdebug_library import (
        RuleEvaluationConditionMet, StepUnavailable, TensorUnavailable, TensorUnavailableForStep, create_trial,
    )

    outcomes = [RuleOutcome.before_the_first_step(choice) for choice in choices]
    rules: list = []
    trial, last, since, complete = None, -1, time.monotonic(), False

    def violated(number: int, step: int | None, mode: str | None) -> None:
        outcome = outcomes[number]
        if outcome.status == IN_PROGRESS:
            outcome = replace(outcome, status=ISSUES_FOUND, first_step=step, first_mode=mode, sentence=rules[number].finding)
        outcomes[number] = replace(outcome, violations=outcome.violations + 1)

    def fails(number: int, error: Exception) -> None:
        outcomes[number] = replace(outcomes[number], status=ERROR, sentence=f"The rule itself failed: {type(error).__name__}: {error}")

    write_outcomes(outcomes, results)
    while not ends.is_set() and os.getppid() == parent:
        over = (folder / END_OF_TRAINING).exists()  # asked before the steps: what is there then is all
        if trial is None and any(folder.glob("collections/*/*_collections.json")):
            trial = create_trial(str(folder))
            rules = [RULE_CLASSES[choice.name](trial, **choice.parameters) for choice in choices]
        steps = [step for step in trial.steps() if step > last] if trial else []
        before = list(outcomes)
        for step in steps:
            for number, rule in enumerate(rules):
                if outcomes[number].status == ERROR:
                    continue
                try:
                    rule.invoke(step)
                except RuleEvaluationConditionMet:
                    mode, mode_step = trial.mode_modestep(step)
                    violated(number, mode_step, mode.name)
                except (StepUnavailable, TensorUnavailable, TensorUnavailableForStep):
                    pass  # this step has nothing for this rule
                except Exception as error:  # a rule that fails must not take the others with it
                    fails(number, error)
                outcomes[number] = replace(outcomes[number], last_step=step)
            last, since = step, time.monotonic()
            if _worth_writing(before, outcomes) or ends.is_set():
                write_outcomes(outcomes, results)
                before = list(outcomes)
            if ends.is_set():
                break
        if over and not ends.is_set():
            complete = True
            break
        if not steps:
            for number, rule in enumerate(rules):
                if outcomes[number].status != ERROR and rule.wait(time.monotonic() - since):
                    mode, mode_step = trial.mode_modestep(last)
                    violated(number, mode_step, mode and mode.name)
        if before != outcomes:
            write_outcomes(outcomes, results)
        ends.wait(SECONDS_BETWEEN_LOOKS)
    for number, outcome in enumerate(outcomes):
        if outcome.status == IN_PROGRESS:
            outcomes[number] = replace(outcome, status=NO_ISSUES_FOUND) if complete else replace(outcome, sentence=ENDED_EARLY)
    write_outcomes(outcomes, results)


def _worth_writing(before: list[RuleOutcome], now: list[RuleOutcome]) -> bool:
    """Whether a status changed; what else changed is written with the last of the steps that came together."""
    return [outcome.status for outcome in before] != [outcome.status for outcome in now]


def main(folder: Path, config: Path) -> None:
    ends, parent = threading.Event(), os.getppid()
    signal.signal(signal.SIGTERM, lambda signum, frame: ends.set())
    os.nice(NICE)
    os.environ.setdefault("SMDEBUG_LOG_LEVEL", "error")  # it warns of every collection that a step lacks
    os.environ.setdefault("SMDEBUG_TRAINING_END_DELAY_REFRESH", "0")  # seconds; the mark of the end is written last here
    content = json.loads(config.read_text())
    choices = [RuleChoice(one["name"], parameters_of(one["name"], one["parameters"]), one["stops"]) for one in content["rules"]]
    evaluate_rules(folder, choices, Path(content["results"]), ends, parent)


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
