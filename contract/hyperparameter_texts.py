"""The values of a run's hyperparameters as a user writes them: for its report, and for the comparison of runs."""

from collections.abc import Mapping

from contract.hyperparameters import Hyperparameters

_NO_NUMBER_OR_WORD = {"rules": "default", "trace-steps": "off"}  # their defaults, as text


def all_values(hyperparameters: Hyperparameters, given: Mapping[str, str]) -> dict[str, str]:
    """Every hyperparameter as text: as it was given, else its value in this run, which may depend on others."""
    named = {name.replace("_", "-"): value for name, value in vars(hyperparameters).items()}
    return {name: given.get(name, _NO_NUMBER_OR_WORD.get(name, as_text(value))) for name, value in named.items()}


def as_text(value: object) -> str:
    """A value as a user writes it."""
    return str(value).lower() if isinstance(value, bool) else f"{value:g}" if isinstance(value, float) else str(value)
