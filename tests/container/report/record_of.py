"""A `RunRecord` of plain values, such as those of `full_record`."""

from container.report.record import (
    Bin,
    Calibration,
    ConfusedPair,
    Epoch,
    Evaluation,
    Finding,
    GradientNorms,
    Outlier,
    PhaseTime,
    Pictures,
    Rule,
    RunRecord,
    Shown,
    SplitCounts,
    StepSeries,
    StepTime,
    StepTimes,
    System,
    Threshold,
)


def record_of(values: dict) -> RunRecord:
    """The record with these values; fields that are missing have their defaults."""
    return RunRecord(**{name: PARTS.get(name, lambda value: value)(value) for name, value in values.items()})


def _step_times_of(values: dict) -> StepTimes:
    return StepTimes(
        {phase: PhaseTime(**one) for phase, one in values["summary"].items()},
        StepTime(**values["step"]),
        values["evaluation_seconds"],
        StepSeries(**values["series"]),
        [Outlier(**one) for one in values["outliers"]],
    )


def _evaluation_of(values: dict) -> Evaluation:
    measured = {
        name: values[name] and Calibration([Bin(**one) for one in values[name]["bins"]], values[name]["ece"])
        for name in ("calibration", "uncalibrated")
    }
    return Evaluation(**{**values, **measured, "thresholds": [Threshold(**one) for one in values["thresholds"]]})


def _pictures_of(values: dict) -> Pictures:
    return Pictures(
        [Shown(**one) for one in values["best"]],
        [Shown(**one) for one in values["worst"]],
        [
            ConfusedPair(**{**pair, "pictures": [Shown(**one) for one in pair["pictures"]]})
            for pair in values["confused"]
        ],
    )


PARTS = {
    "splits": lambda splits: {name: SplitCounts(**one) for name, one in splits.items()},
    "epochs": lambda epochs: [Epoch(**one) for one in epochs],
    "gradient_norms": lambda norms: GradientNorms(**norms),
    "rules": lambda rules: [Rule(**one) for one in rules],
    "findings": lambda findings: [Finding(**one) for one in findings],
    "step_times": _step_times_of,
    "system": lambda system: System(**system),
    "evaluation": _evaluation_of,
    "pictures": _pictures_of,
}
