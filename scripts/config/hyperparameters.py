"""Hyperparameters as the command line has them, and the check that a job costs nothing when one of them is wrong."""

import re
from collections.abc import Mapping

from contract import hyperparameters
from contract.value_kinds import Number, Whole
from scripts.config.ranges import Categories, Range
from scripts.console.failure import Failure

NAME = r"[a-z][a-z0-9_-]*"


def parse_hyperparameters(words: list[str]) -> dict[str, str]:
    """`["epochs=20", ...]` -> `{"epochs": "20", ...}`. Raises Failure for a word that is not of this form."""
    found = {}
    for word in words:
        if not re.fullmatch(rf"{NAME}=.+", word, re.DOTALL):
            raise Failure(f"The hyperparameter {word!r} must be written name=value, such as epochs=20.")
        name, _, found_value = word.partition("=")
        found[name] = found_value
    return found


def check_hyperparameters(given: Mapping[str, str], environment: Mapping[str, str]) -> None:
    """What the train image's program would refuse minutes after the job began. Raises Failure.

    given: all of the request's. environment: the request's; a job that runs a program of the user's own is not checked.
    """
    if runs_our_program(given, environment):
        try:
            hyperparameters.parse(_of_the_program(given))
        except ValueError as error:
            raise Failure(str(error)) from None


def check_ranges(ranges: Mapping[str, Range], static: Mapping[str, str], environment: Mapping[str, str]) -> None:
    """The same for the trials of a tuning job: the values that all of them have, and every value that one of them could
    get. Raises Failure.
    """
    if not runs_our_program(static, environment):
        return
    try:
        for name, text in _of_the_program(static).items():
            hyperparameters.read(name, text)
        for name, one in ranges.items():
            for text in _extremes(name, one):
                hyperparameters.read(name, text)
    except ValueError as error:
        raise Failure(str(error)) from None


def runs_our_program(given: Mapping[str, str], environment: Mapping[str, str]) -> bool:
    """Whether a job of the train image runs the image's own training program: it names no other."""
    return "sagemaker_program" not in given and "SAGEMAKER_PROGRAM" not in environment


def _of_the_program(given: Mapping[str, str]) -> dict[str, str]:
    """Without those of sagemaker-training itself."""
    return {name: text for name, text in given.items() if not name.startswith("sagemaker_")}


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
