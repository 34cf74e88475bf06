"""What is known of a training run, as the report shows it: a tree of dataclasses that goes to JSON and comes back.

Everything has a default, since a run may end before any of it is known.
"""

import math
import types
import typing
from dataclasses import dataclass, field, fields, is_dataclass

# JSON has no such numbers (RFC 8259, section 6), and a loss may be one.
_NOT_FINITE = {"NaN": math.nan, "Infinity": math.inf, "-Infinity": -math.inf}


@dataclass
class SplitCounts:
    """pictures: the readable ones. classes: pictures by class."""

    pictures: int = 0
    unreadable: int = 0
    classes: dict[str, int] = field(default_factory=dict)


@dataclass
class Epoch:
    """epoch: from 1. Losses: mean cross-entropy, nats. Accuracies: top-1, 0..1; training may not measure its own."""

    epoch: int
    train_loss: float | None = None
    valid_loss: float | None = None
    train_accuracy: float | None = None
    valid_accuracy: float | None = None
    learning_rate: float | None = None
    seconds: float | None = None


@dataclass
class GradientNorms:
    """layers: by name, in the order of the network, the L2 norm of a layer's gradient at each of `steps`."""

    steps: list[int] = field(default_factory=list)
    layers: dict[str, list[float | None]] = field(default_factory=dict)


@dataclass
class Rule:
    """A check that went with the run. status: InProgress, NoIssuesFound, IssuesFound, Error or Stopped. step: where it
    fired.
    """

    rule: str
    parameters: dict[str, str | float | int | bool | None] = field(default_factory=dict)
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
    """Seconds of a step that one phase takes; share: of all steps' time, 0..1."""

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
    """A step that took much longer than others; phase: the one that took the time."""

    step: int
    seconds: float
    phase: str = ""


@dataclass
class StepTimes:
    summary: dict[str, PhaseTime] = field(default_factory=dict)
    step: StepTime | None = None
    evaluation_seconds: float | None = None
    series: StepSeries | None = None
    outliers: list[Outlier] = field(default_factory=list)


@dataclass
class System:
    """series: by name and unit ("GPU 0, %"), a value at each of `seconds` since the run began; None where a counter
    gave none.
    """

    seconds: list[float] = field(default_factory=list)
    series: dict[str, list[float | None]] = field(default_factory=dict)


@dataclass
class Bin:
    """Pictures whose highest probability is above `low` and at most `high`: their mean probability, and how many were
    right.
    """

    low: float
    high: float
    n: int = 0
    confidence: float | None = None
    accuracy: float | None = None


@dataclass
class Calibration:
    """ece: expected calibration error, 0..1."""

    bins: list[Bin] = field(default_factory=list)
    ece: float | None = None


@dataclass
class Evaluation:
    """What the best epoch's model makes of a split. `confusion_matrix[i][j]` counts pictures of `classes[i]` named
    `classes[j]`.
    """

    split: str = ""
    n: int = 0
    loss: float | None = None
    top1: float | None = None
    top1_interval_95: list[float] = field(default_factory=list)
    top5: float | None = None
    classes: list[str] = field(default_factory=list)
    confusion_matrix: list[list[int]] = field(default_factory=list)
    calibration: Calibration | None = None


@dataclass
class Shown:
    """A picture with the model's answer. jpeg: base64. probability: of the class that was said; truth_probability: of
    the right one.
    """

    file: str
    truth: str
    said: str
    probability: float
    truth_probability: float
    jpeg: str


@dataclass
class ConfusedPair:
    """count pictures of `truth` were named `said`; pictures: some of them."""

    truth: str
    said: str
    count: int
    pictures: list[Shown] = field(default_factory=list)


@dataclass
class Pictures:
    best: list[Shown] = field(default_factory=list)
    worst: list[Shown] = field(default_factory=list)
    confused: list[ConfusedPair] = field(default_factory=list)


@dataclass
class RunRecord:
    """status: Completed, Stopped, Failed or InProgress; reason: a sentence. started: Unix time. command: what repeats
    the run.
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
    gradient_norms: GradientNorms | None = None
    rules: list[Rule] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)
    step_times: StepTimes | None = None
    system: System | None = None
    evaluation: Evaluation | None = None
    pictures: Pictures | None = None

    def to_dict(self) -> dict:
        """For `json.dumps`: fields that are None are left out; a number that JSON lacks is "NaN", "Infinity" or
        "-Infinity".
        """
        return _plain(self)

    @classmethod
    def from_dict(cls, values: dict) -> "RunRecord":
        """Also of plain dicts and lists that others made. Raises ValueError that names a field which is unknown or of a
        wrong kind.
        """
        return _typed(cls, values, "record")


def _plain(value):
    if is_dataclass(value):
        return {one.name: _plain(found) for one in fields(value) if (found := getattr(value, one.name)) is not None}
    if isinstance(value, dict):
        return {key: _plain(found) for key, found in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(found) for found in value]
    if isinstance(value, float) and not math.isfinite(value):
        return next(
            name
            for name, number in _NOT_FINITE.items()
            if number == value or (math.isnan(number) and math.isnan(value))
        )
    return value


def _typed(kind, value, where: str):
    """`value` as the annotation `kind` says. where: what it is called in an error."""
    origin, inner = typing.get_origin(kind), typing.get_args(kind)
    if origin is types.UnionType:
        if value is None and types.NoneType in inner:
            return None
        kinds = [one for one in inner if one is not types.NoneType]
        return _typed(kinds[0], value, where) if len(kinds) == 1 else value
    if is_dataclass(kind):
        return _filled(kind, value, where)
    if origin is list and isinstance(value, (list, tuple)):
        return [_typed(inner[0], one, f"{where}[{place}]") for place, one in enumerate(value)]
    if origin is dict and isinstance(value, dict):
        return {str(key): _typed(inner[1], one, f"{where}.{key}") for key, one in value.items()}
    if kind is float and isinstance(value, str) and value in _NOT_FINITE:
        return _NOT_FINITE[value]
    if kind is float and isinstance(value, int) and not isinstance(value, bool):
        return float(value)
    if origin is None and isinstance(value, kind):
        return value
    raise ValueError(
        f"{where} of a run's record is {type(value).__name__}, and should be {getattr(kind, '__name__', kind)}."
    )


def _filled(kind, value, where: str):
    if is_dataclass(value):
        return value
    if not isinstance(value, dict):
        raise ValueError(f"{where} of a run's record is {type(value).__name__}, and should be an object.")
    kinds = typing.get_type_hints(kind)
    if unknown := sorted(set(value) - set(kinds)):
        raise ValueError(f"{where} of a run's record has no field {unknown[0]}. Its fields: {', '.join(kinds)}.")
    try:
        return kind(**{name: _typed(kinds[name], one, f"{where}.{name}") for name, one in value.items()})
    except TypeError as error:
        raise ValueError(f"{where} of a run's record lacks a field: {error}.") from error
