"""The program's arguments, which sagemaker-training makes of the request's hyperparameters (`--name value` for each),
and the command that repeats a run with them.
"""

import shlex
from collections.abc import Sequence

from container.runtime.failure import TrainingFailure
from contract import hyperparameters
from contract.hyperparameters import Hyperparameters


def parse(arguments: list[str]) -> Hyperparameters:
    """`["--lr", "0.001", "--batch-size", '"64"', ...]` -> Hyperparameters.

    Raises TrainingFailure with a message that names the hyperparameter when one is unknown, malformed or out of range.
    """
    try:
        return hyperparameters.parse(as_given(arguments))
    except ValueError as error:
        raise TrainingFailure(str(error)) from None


def as_given(arguments: list[str]) -> dict[str, str]:
    """`["--epochs", "3", "--lr=0.1"]` -> `{"epochs": "3", "lr": "0.1"}`. Raises ValueError for words that are not of
    this form.
    """
    given: dict[str, str] = {}
    words = iter(arguments)
    for word in words:
        name, has_value, value = word.removeprefix("--").partition("=")
        if not word.startswith("--"):
            stray = word.lstrip("-").partition("=")[0]
            if stray not in hyperparameters.DECLARATIONS:
                raise hyperparameters.unknown(stray)
            raise ValueError(f"Hyperparameter {stray} must be written --{stray}, with a value behind it.")
        if not has_value:
            try:
                value = next(words)
            except StopIteration:
                raise ValueError(f"Hyperparameter {name} has no value.") from None
        given[name] = value
    return given


def given_values(arguments: Sequence[str]) -> dict[str, str]:
    """`["--lr", "0.01", ...]` -> {"lr": "0.01", ...}, without what the platform adds."""
    return {name: value.strip('"') for name, value in as_given(list(arguments)).items() if not name.startswith("_")}


def command(given: dict[str, str]) -> str:
    """The command that repeats a run with scripts/, quoted for a shell and for make."""
    pairs = " ".join(shlex.quote(f"{name}={value}") for name, value in given.items()).replace("$", "$$")
    return f'make train HYPERPARAMETERS="{pairs}"' if pairs else "make train"
