"""The objective of a tuning job: which of two values is the better one."""

from typing import Any


def maximises(config: dict[str, Any]) -> bool:
    """config: HyperParameterTuningJobConfig. Whether a higher value of the objective is a better one."""
    return config["HyperParameterTuningJobObjective"]["Type"] == "Maximize"


def is_better(value: float, than: float, maximise: bool) -> bool:
    return value > than if maximise else value < than
