"""What the rules have found so far, and the file that says so: rules.json."""

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path

from contract.atomic_write import write_atomically
from contract.rule_choices import RuleChoice
from contract.rule_parameters import Value

IN_PROGRESS, NO_ISSUES_FOUND, ISSUES_FOUND, ERROR = (
    "InProgress",
    "NoIssuesFound",
    "IssuesFound",
    "Error",
)  # SageMaker's names

ENDED_EARLY = "The rule was ended before it had looked at all steps."


@dataclass(frozen=True)
class RuleOutcome:
    """status: as SageMaker's RuleEvaluationStatus; InProgress after the end has a rule that did not look at all steps.

    first_step, first_mode: of the first violation, as the mode counts; None without one. violations: how many steps the
    rule's condition was met at. sentence: what was found first and what to do, or why the status is Error, or empty.
    last_step: the last step that was looked at, counted over all modes; None before there is one."""

    name: str
    parameters: dict[str, Value]
    stops: bool
    status: str = IN_PROGRESS
    first_step: int | None = None
    first_mode: str | None = None
    violations: int = 0
    sentence: str = ""
    last_step: int | None = None

    @classmethod
    def before_the_first_step(cls, choice: RuleChoice) -> "RuleOutcome":
        return cls(choice.name, choice.parameters, choice.stops)


def write_outcomes(outcomes: Iterable[RuleOutcome], path: Path) -> None:
    """The file is replaced atomically."""
    path.parent.mkdir(parents=True, exist_ok=True)
    write_atomically(path, json.dumps({"rules": [asdict(outcome) for outcome in outcomes]}, indent=2) + "\n")


def read_outcomes(path: Path) -> list[RuleOutcome]:
    """What `write_outcomes` wrote. Raises OSError where there is no such file, and ValueError, TypeError or KeyError
    for another one.
    """
    return [RuleOutcome(**outcome) for outcome in json.loads(path.read_text())["rules"]]
