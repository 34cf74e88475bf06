"""evaluation.json: the figures of the test split, for whoever fetches the job's output."""

import json
from typing import Any

from container.jobs.calibration_figures import calibration_figures
from container.jobs.run import Run
from container.training.evaluation import Evaluation, evaluation_report
from contract.metric_lines import line_of_test_split
from contract.opt_ml import EVALUATION


def report_test_split(run: Run, found: Evaluation, classes: tuple[str, ...]) -> None:
    """Write evaluation.json, print the metric line of the test split and hand the evaluation to the run's monitor.

    found: of the best epoch's model, with its temperature.
    """
    unknown_below = run.hyperparameters.unknown_below
    figures = evaluation_report(found, classes) | _calibration(found, unknown_below)
    run.monitor.tested(found, figures)
    run.output_data_dir.mkdir(parents=True, exist_ok=True)
    (run.output_data_dir / EVALUATION).write_text(json.dumps(figures, indent=2))
    low, high = figures["top1_interval_95"]
    print(
        f"{line_of_test_split(figures['loss'], figures['top1'], figures['top5'])} "
        f"(95% interval of test_accuracy {low:.4f} to {high:.4f}, {figures['n']} pictures)"
    )
    print(
        f"expected calibration error on test: {figures['ece']:.2%}, without the temperature "
        f"{figures['ece_without_temperature']:.2%}"
    )
    if unknown_below:
        right = figures["top1_of_the_others"]
        others = "" if right is None else f"; of the others {right:.2%} are right"
        without = f"{figures['unknown']} of {figures['n']} test pictures have no label"
        print(f"unknown-below {unknown_below:g}: {without}{others}")


def _calibration(found: Evaluation, unknown_below: float) -> dict[str, Any]:
    """temperature, ece and ece_without_temperature (expected calibration errors, 0..1); with a threshold also
    unknown_below, unknown (number of pictures) and top1_of_the_others (None where there are none).
    """
    figures = calibration_figures(found, unknown_below)
    answered = figures["calibration"]
    brief = {
        "temperature": found.temperature.value,
        "ece": answered.ece,
        "ece_without_temperature": (figures["uncalibrated"] or answered).ece,
    }
    if unknown_below:
        [own] = [one for one in figures["thresholds"] if one.value == unknown_below]
        brief |= {"unknown_below": unknown_below, "unknown": own.unknown, "top1_of_the_others": own.accuracy}
    return brief
