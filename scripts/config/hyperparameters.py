"""Hyperparameters of the command line, and the checks before a job that would fail on them is created."""

import itertools
import math
import re
from collections.abc import Iterable, Mapping
from typing import TypeVar

from contract import hyperparameters
from contract.feature_sharing import SWITCHES, trains_on_features
from contract.value_kinds import Number, Whole
from scripts.config.ranges import Categories, Range
from scripts.console.failure import Failure

NAME = r"[a-z][a-z0-9_-]*"
MOST_TRIALS = 10_000  # whose values are compared with each other, within a second
Value = TypeVar("Value")


def parse_hyperparameters(words: list[str]) -> dict[str, str]:
    """`["epochs=20", ...]` -> `{"epochs": "20", ...}`. Raises Failure for a word that is not of this form."""
    found = {}
    for word in words:
        if not re.fullmatch(rf"{NAME}=.+", word, re.DOTALL):
            raise Failure(
                f"The hyperparameter {word!r} must be written name=value, such as epochs=20, with the name in small "
                "letters."
            )
        name, _, found_value = word.partition("=")
        found[name] = found_value
    return found


def check_hyperparameters(given: Mapping[str, str]) -> None:
    """What the train image's program would refuse minutes after the job began. Raises Failure.

    given: all of the request's. A job that runs a program of the user's own is not checked.
    """
    if not _runs_our_program(given):
        return
    try:
        hyperparameters.parse(_of_the_program(given))
    except ValueError as error:
        raise Failure(str(error)) from None


def check_ranges(ranges: Mapping[str, Range], static: Mapping[str, str]) -> None:
    """The same for the trials of a tuning job: the values that all of them have, every value that one of them could
    get, and whether there is a trial at all whose values agree with each other. Raises Failure.
    """
    if not _runs_our_program({**static, **ranges}):
        return
    given, searched = _of_the_program(static), _of_the_program(ranges)
    try:
        for name, text in given.items():
            hyperparameters.read(name, text)
        extremes = {name: _extremes(name, one) for name, one in searched.items()}
        for name, texts in extremes.items():
            for text in texts:
                hyperparameters.read(name, text)
    except ValueError as error:
        raise Failure(str(error)) from None
    if (contradiction := _contradiction(given, extremes)) is not None:
        raise Failure(f"No trial could run. {contradiction}")


def check_instances(count: int, given: Mapping[str, str], tuned: Iterable[str] = ()) -> None:
    """Raise Failure when several instances would train on features: the program uses one, and refuses more.

    tuned: hyperparameters of which every trial has a value of its own; some of them may keep it from features.
    """
    decided_by_trial = set(SWITCHES) & set(tuned)
    if count > 1 and not decided_by_trial and trains_on_features(given):
        raise Failure(
            f"train.instance-count is {count}, and one instance makes and uses the features of a frozen backbone. Set "
            "it to 1, or train in "
            "the ordinary loop with feature-views=0."
        )


def _contradiction(given: Mapping[str, str], extremes: Mapping[str, tuple[str, ...]]) -> str | None:
    """What is wrong with a trial where something is wrong with every one; None otherwise, and where there are too many
    to be looked at.
    """
    if math.prod(len(texts) for texts in extremes.values()) > MOST_TRIALS:
        return None
    said = None
    for values in itertools.product(*extremes.values()):
        trial = dict(zip(extremes, values, strict=True))
        try:
            hyperparameters.parse({**given, **trial, hyperparameters.TUNING_OBJECTIVE: ""})
            return None
        except ValueError as error:
            said = said or str(error)
    return said


def _runs_our_program(given: Iterable[str]) -> bool:
    """Whether a job of the train image runs the image's own training program: no hyperparameter names another.

    [environment] is of the serving container alone: a SAGEMAKER_PROGRAM there names no training program.
    """
    return "sagemaker_program" not in given


def _of_the_program(given: Mapping[str, Value]) -> dict[str, Value]:
    """Without those of sagemaker-training itself."""
    return {name: one for name, one in given.items() if not name.startswith("sagemaker_")}


def _extremes(name: str, one: Range) -> tuple[str, ...]:
    """The values that decide whether every one in the range can be used."""
    if isinstance(one, Categories):
        return one.values
    declared = hyperparameters.DECLARATIONS.get(name)
    if declared and not isinstance(declared.kind, (Number, Whole)):
        raise ValueError(
            f"Hyperparameter {name} takes no numbers, and has a range from {one.low} to {one.high}. Give a list of "
            "values."
        )
    if declared and isinstance(declared.kind, Whole) and not one.whole:
        raise ValueError(
            f"Hyperparameter {name} takes whole numbers: its range from {one.low} to {one.high} must have whole "
            "bounds, and not type float."
        )
    return str(one.low), str(one.high)
