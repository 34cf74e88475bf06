"""The figures of a training by which it is compared with others."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from contract.metric_lines import METRICS
from contract.waits import minutes
from scripts.comparison.series import Series, number
from scripts.requests.instances import instance_count


@dataclass(frozen=True)
class Kind:
    """shown: a value as text. sign: 1 where more is better, -1 where less is, 0 where neither can be said."""

    label: str
    shown: Callable[[float], str]
    sign: int = 0


@dataclass(frozen=True)
class Figure:
    """note: what belongs to the value, such as the epoch it is of."""

    value: float
    note: str = ""


def _percent(value: float) -> str:
    return f"{value:.1%}"


def _loss(value: float) -> str:
    return f"{value:.4f}"


# In the order in which they are shown. Shares are 0..1, times seconds.
KINDS = {
    "test_accuracy": Kind("test accuracy, top-1", _percent, 1),
    "test_top5": Kind("test accuracy, top-5", _percent, 1),
    "test_loss": Kind("test loss", _loss, -1),
    "valid_accuracy": Kind("valid accuracy, best epoch", _percent, 1),
    "valid_loss": Kind("valid loss, that epoch", _loss, -1),
    "calibration_error": Kind("calibration error (ECE)", lambda value: f"{value:.2%}", -1),
    "epochs": Kind("epochs done", lambda value: f"{value:.0f}"),
    "training_time": Kind("training time, min:s", minutes),
    "billed": Kind("billed, all instances", lambda value: f"{value:,.0f} s"),
    "spot_saving": Kind("saved by spot", lambda value: f"{value:.0%}"),
}


def kind_of(figure: str) -> Kind:
    """Of a metric that is not ours: its last value, of which nobody here knows whether more is better."""
    return KINDS.get(figure) or Kind(f"{figure}, last value", lambda value: f"{value:.4g}")


def figures_of(
    description: dict[str, Any], series: dict[str, Series], record: Any, evaluation: Any
) -> dict[str, Figure]:
    """By the keys of KINDS, and by name of the metrics that are not ours.

    Args:
        description: DescribeTrainingJob's answer.
        series: of the epochs.
        record, evaluation: report.json and evaluation.json, None where the job left none; what a program of somebody
            else's wrote there is passed over.
    """
    last = {one["MetricName"]: float(one["Value"]) for one in description.get("FinalMetricDataList", [])}
    found = _of_valid(series, last) | _of_test(last, record, evaluation) | _of_time(description, series)
    return found | {name: Figure(value) for name, value in last.items() if name not in METRICS}


def _of_valid(series: dict[str, Series], last: dict[str, float]) -> dict[str, Figure]:
    accuracies, losses = series.get("valid_accuracy"), series.get("valid_loss")
    if not accuracies:
        return {name: Figure(last[name], "last epoch") for name in ("valid_accuracy", "valid_loss") if name in last}

    def merit(point: tuple[int, float]) -> tuple[float, float]:
        loss = losses.at(point[0]) if losses else None
        return point[1], -(loss if loss is not None else 0.0)

    epoch, accuracy = max(accuracies.points, key=merit)
    found = {"valid_accuracy": Figure(accuracy, f"epoch {epoch}" if accuracies.by_epoch else "")}
    if losses and (loss := losses.at(epoch)) is not None:
        found["valid_loss"] = Figure(loss)
    return found


def _of_test(last: dict[str, float], record: Any, evaluation: Any) -> dict[str, Figure]:
    found: dict[str, Figure] = {
        name: Figure(last[name]) for name in ("test_accuracy", "test_top5", "test_loss") if name in last
    }
    reported = record.get("evaluation") if isinstance(record, dict) else None
    split = reported.get("split") if isinstance(reported, dict) else None
    ours = evaluation if isinstance(evaluation, dict) else reported if split == "test" else None
    if isinstance(ours, dict):
        for name, key in (("test_accuracy", "top1"), ("test_top5", "top5"), ("test_loss", "loss")):
            if (value := number(ours.get(key))) is not None:
                found[name] = Figure(value, _interval(ours) if key == "top1" else "")
        if (error := number(ours.get("ece"))) is not None:
            found["calibration_error"] = Figure(error, "of test")
    calibration = reported.get("calibration") if isinstance(reported, dict) else None
    error = number(calibration.get("ece")) if isinstance(calibration, dict) else None
    if error is not None and "calibration_error" not in found:
        found["calibration_error"] = Figure(error, f"of {split}")
    return found


def _interval(evaluation: dict[str, Any]) -> str:
    """The 95% interval of the accuracy, in words."""
    ends = evaluation.get("top1_interval_95")
    known = [value for one in ends if (value := number(one)) is not None] if isinstance(ends, list) else []
    return f"95%: {known[0]:.1%} to {known[1]:.1%}" if len(known) == 2 else ""


def _of_time(description: dict[str, Any], series: dict[str, Series]) -> dict[str, Figure]:
    found = {}
    epochs = [one.points[-1][0] for name, one in series.items() if one.by_epoch and one.points]
    if epochs:
        found["epochs"] = Figure(max(epochs))
    trained, billable = description.get("TrainingTimeInSeconds"), description.get("BillableTimeInSeconds")
    if trained is not None:
        found["training_time"] = Figure(trained)
    if billable is not None:
        # The service tells the time of one: API_DescribeTrainingJob
        found["billed"] = Figure(billable * instance_count(description["ResourceConfig"]))
    if description.get("EnableManagedSpotTraining") and trained and billable is not None:
        found["spot_saving"] = Figure(1 - billable / trained)
    return found
