"""The record of a training run, as the report shows it: a tree of dataclasses, and its JSON.

Everything has a default, since a run may end before any of it is known.
"""

import math
from dataclasses import dataclass, field, fields, is_dataclass
from typing import Any


@dataclass
class SplitCounts:
    """Pictures of a split. pictures: those that are used; classes: the same by class. unreadable, and of train repeated
    (in it or in another split): those that are left out.
    """

    pictures: int = 0
    unreadable: int = 0
    repeated: int = 0
    classes: dict[str, int] = field(default_factory=dict)


@dataclass
class Epoch:
    """Figures of an epoch. epoch: from 1. Losses: mean cross-entropy, nats. Accuracies: top-1, 0..1; that of training
    may not be measured.
    """

    epoch: int
    train_loss: float | None = None
    valid_loss: float | None = None
    train_accuracy: float | None = None
    valid_accuracy: float | None = None
    learning_rate: float | None = None
    seconds: float | None = None


@dataclass
class GradientNorms:
    """L2 norms of gradients. layers: by name, in the order of the network, the norm at each of `steps`."""

    steps: list[int] = field(default_factory=list)
    layers: dict[str, list[float | None]] = field(default_factory=dict)


@dataclass
class Rule:
    """A rule of the debugger. status: InProgress, NoIssuesFound, IssuesFound, Error or Stopped. step: of the first
    violation.
    """

    rule: str
    parameters: dict[str, int | float | bool | str] = field(default_factory=dict)
    status: str = "InProgress"
    step: int | None = None
    sentence: str = ""


@dataclass
class Finding:
    """What the profile shows to be slow or idle. value and threshold are in `unit`."""

    rule: str
    threshold: float | None = None
    value: float | None = None
    unit: str = ""
    sentence: str = ""
    advice: str = ""


@dataclass
class PhaseTime:
    """Seconds that a phase of a step takes; share: of all steps' time, 0..1."""

    mean: float | None = None
    p50: float | None = None
    p95: float | None = None
    share: float | None = None


@dataclass
class StepTime:
    """Seconds of a whole step; per_second: steps a second."""

    p50: float | None = None
    p95: float | None = None
    max: float | None = None
    count: int | None = None
    per_second: float | None = None


@dataclass
class StepSeries:
    """Seconds of each phase at each of `steps`."""

    steps: list[int] = field(default_factory=list)
    phases: dict[str, list[float | None]] = field(default_factory=dict)


@dataclass
class Outlier:
    """A step that took much longer than the median; phase: the one that took the time."""

    step: int
    seconds: float
    phase: str = ""


@dataclass
class StepTimes:
    """Times of the run's steps. summary: by phase."""

    summary: dict[str, PhaseTime] = field(default_factory=dict)
    step: StepTime | None = None
    evaluation_seconds: float | None = None
    series: StepSeries | None = None
    outliers: list[Outlier] = field(default_factory=list)


@dataclass
class System:
    """Metrics of the machine. series: by name and unit ("GPU 0, %"), a value at each of `seconds` since the run began;
    None where there was none.
    """

    seconds: list[float] = field(default_factory=list)
    series: dict[str, list[float | None]] = field(default_factory=dict)


@dataclass
class Bin:
    """A reliability bin: n pictures whose highest probability is above `low` and at most `high`.

    confidence: their mean probability, accuracy: the share that was right; None without pictures.
    """

    low: float
    high: float
    n: int = 0
    confidence: float | None = None
    accuracy: float | None = None


@dataclass
class Calibration:
    """Reliability bins. ece: expected calibration error, 0..1."""

    bins: list[Bin] = field(default_factory=list)
    ece: float | None = None


@dataclass
class Threshold:
    """A value of the hyperparameter `unknown-below`. unknown: pictures whose highest probability is below it; accuracy:
    top-1 of the others, None where there are none.
    """

    value: float
    unknown: int = 0
    accuracy: float | None = None


@dataclass
class Evaluation:
    """How the best epoch's model does on a split. `confusion_matrix[i][j]` counts pictures of `classes[i]` predicted as
    `classes[j]`.

    loss: without the temperature, as in the epochs. temperature: what the logits are divided by for every probability,
    temperature_origin: where it is from. calibration: of these probabilities; uncalibrated: of those without it, where
    it is not 1. thresholds: what values of `unknown-below` would do; unknown_below: the model's own, 0 is off.
    """

    split: str = ""
    n: int = 0
    loss: float | None = None
    top1: float | None = None
    top1_interval_95: list[float] = field(default_factory=list)
    top5: float | None = None
    classes: list[str] = field(default_factory=list)
    confusion_matrix: list[list[int]] = field(default_factory=list)
    temperature: float | None = None
    temperature_origin: str = ""
    calibration: Calibration | None = None
    uncalibrated: Calibration | None = None
    unknown_below: float = 0.0
    thresholds: list[Threshold] = field(default_factory=list)


@dataclass
class Shown:
    """A picture with the model's prediction. jpeg: base64. probability: of the predicted class; truth_probability: of
    the true one.
    """

    file: str
    truth: str
    said: str
    probability: float
    truth_probability: float
    jpeg: str


@dataclass
class ConfusedPair:
    """count pictures of class `truth` were predicted as `said`; pictures: some of them."""

    truth: str
    said: str
    count: int
    pictures: list[Shown] = field(default_factory=list)


@dataclass
class Pictures:
    """The pictures of a report. best, worst: right and wrong predictions, the most confident first; confused: the most
    confused pairs.
    """

    best: list[Shown] = field(default_factory=list)
    worst: list[Shown] = field(default_factory=list)
    confused: list[ConfusedPair] = field(default_factory=list)


@dataclass
class RunRecord:
    """A run. status: Completed, Stopped, Failed or InProgress; reason: a sentence. started: Unix time. command: repeats
    the run. least_train_loss: what label smoothing leaves of the training loss at least, nats.
    """

    status: str = "InProgress"
    reason: str = ""
    job: str = ""
    started: float | None = None
    seconds: float | None = None
    command: str = ""
    hyperparameters: dict[str, str] = field(default_factory=dict)
    compute: str = ""
    hosts: int | None = None
    versions: dict[str, str] = field(default_factory=dict)
    splits: dict[str, SplitCounts] = field(default_factory=dict)
    epochs: list[Epoch] = field(default_factory=list)
    best_epoch: int | None = None
    least_train_loss: float | None = None
    gradient_norms: GradientNorms | None = None
    rules: list[Rule] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)
    step_times: StepTimes | None = None
    system: System | None = None
    evaluation: Evaluation | None = None
    pictures: Pictures | None = None

    def to_dict(self) -> dict[str, Any]:
        """For `json.dumps`. Fields that are None are left out; a number that JSON lacks is "NaN", "Infinity" or
        "-Infinity".
        """
        return _plain(self)


def _plain(value: Any) -> Any:
    if is_dataclass(value):
        return {one.name: _plain(found) for one in fields(value) if (found := getattr(value, one.name)) is not None}
    if isinstance(value, dict):
        return {key: _plain(found) for key, found in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(found) for found in value]
    if isinstance(value, float) and not math.isfinite(value):  # not in JSON (RFC 8259, section 6)
        return "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"
    return value
