"""The outcomes of the rules, and the file that has them: rules.json."""

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass, replace
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
    """What a rule has found so far.

    status: as SageMaker's RuleEvaluationStatus; a rule that is InProgress at the end has not looked at all steps.
    first_step, first_mode: of the first violation, as the mode counts; None without one. violations: number of steps
    with one. sentence: what was found first and what to do, or why the status is Error, or empty. last_step: the last
    step that was looked at, counted over all modes; None before the first.
    """

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

    def closed(self, status: str, sentence: str) -> "RuleOutcome":
        """The outcome at the end of the evaluation: with this status and sentence where it is still in progress."""
        return replace(self, status=status, sentence=sentence) if self.status == IN_PROGRESS else self


def write_outcomes(outcomes: Iterable[RuleOutcome], path: Path) -> None:
    """Write rules.json. The file is replaced atomically. Raises OSError."""
    path.parent.mkdir(parents=True, exist_ok=True)
    write_atomically(path, json.dumps({"rules": [asdict(outcome) for outcome in outcomes]}, indent=2) + "\n")


def read_outcomes(path: Path) -> list[RuleOutcome]:
    """Read rules.json. Raises OSError where there is none, and ValueError, TypeError or KeyError for another file."""
    return [RuleOutcome(**outcome) for outcome in json.loads(path.read_text())["rules"]]
