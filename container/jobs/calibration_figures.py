"""How far the probabilities of an evaluated split can be trusted, with the model's temperature and without."""

from typing import Any

from container.report.calibration import THRESHOLDS, calibration, thresholds
from container.training.evaluation import Evaluation


def calibration_figures(found: Evaluation, unknown_below: float) -> dict[str, Any]:
    """The fields of the report's Evaluation (container/report/record.py) from `temperature` on.

    unknown_below: the hyperparameter.
    """
    temperature, labels, answered = found.temperature, found.labels, found.probabilities
    own = [unknown_below] if unknown_below else []
    return {
        "temperature": temperature.value,
        "temperature_origin": temperature.origin,
        "calibration": calibration(answered, labels),
        "uncalibrated": calibration(found.logits.softmax(1), labels) if temperature.value != 1 else None,
        "unknown_below": unknown_below,
        "thresholds": thresholds(answered, labels, [*THRESHOLDS, *own]),
    }
