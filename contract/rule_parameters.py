"""The built-in rules' names, their parameters and defaults, and how texts become values.

Names and defaults are those of AWS's built-in rules, so that what is known of them holds here; StalledTraining is its
StalledTrainingRule. https://docs.aws.amazon.com/sagemaker/latest/dg/debugger-built-in-rules.html"""

import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from contract.did_you_mean import did_you_mean

Value = int | float | bool | str


@dataclass(frozen=True)
class Parameter:
    """read: makes a value of its text, or raises ValueError with what it must be."""

    default: Value
    read: Callable[[str], Value]


def _whole(low: int) -> Callable[[str], int]:
    def read(text: str) -> int:
        if not re.fullmatch(r"\d+", text) or int(text) < low:
            raise ValueError(f"must be a whole number of at least {low}")
        return int(text)

    return read


def _number(low: float, high: float = math.inf) -> Callable[[str], float]:
    def read(text: str) -> float:
        bounds = f"must be a number above {low:g}" + (f" and below {high:g}" if high < math.inf else "")
        try:
            number = float(text)
        except ValueError:
            raise ValueError(bounds) from None
        if not low < number < high:
            raise ValueError(bounds)
        return number

    return read


def _boolean(text: str) -> bool:
    if text.lower() not in ("true", "false"):
        raise ValueError("must be true or false")
    return text.lower() == "true"


def _mode(text: str) -> str:
    if text.upper() not in ("TRAIN", "EVAL", "GLOBAL"):
        raise ValueError("must be TRAIN, EVAL or GLOBAL")
    return text.upper()


def _regex(text: str) -> str:
    try:
        re.compile(text)
    except (re.error, OverflowError, RecursionError) as error:  # a count or a nesting that re cannot hold
        raise ValueError(f"must be a regular expression ({error})") from None
    return text


def _names(text: str) -> str:
    if not re.fullmatch(r"[\w.-]*([;,][\w.-]+)*", text):
        raise ValueError("must be names of collections with a semicolon between them")
    return text


COLLECTIONS = "collection_names"
REGEX = "tensor_regex"
RULES: dict[str, dict[str, Parameter]] = {
    "LossNotDecreasing": {
        COLLECTIONS: Parameter("", _names),
        REGEX: Parameter("", _regex),
        "use_losses_collection": Parameter(True, _boolean),
        "num_steps": Parameter(10, _whole(1)),
        "diff_percent": Parameter(0.1, _number(0, 100)),
        "increase_threshold_percent": Parameter(5.0, _number(0, 100)),
        # AWS's default mixes the losses of training and of evaluations, GLOBAL; one of them does not go on where the
        # other was.
        "mode": Parameter("TRAIN", _mode),
    },
    "VanishingGradient": {"threshold": Parameter(1e-7, _number(0))},
    "ExplodingTensor": {
        COLLECTIONS: Parameter("", _names),
        REGEX: Parameter("", _regex),
        "only_nan": Parameter(False, _boolean),
    },
    "Overfit": {
        "start_step": Parameter(0, _whole(0)),
        "patience": Parameter(1, _whole(0)),
        "ratio_threshold": Parameter(0.1, _number(0)),
        REGEX: Parameter("", _regex),
    },
    "Overtraining": {
        "patience_train": Parameter(5, _whole(1)),
        "patience_validation": Parameter(10, _whole(1)),
        "delta": Parameter(0.01, _number(0)),
    },
    "PoorWeightInitialization": {
        "activation_inputs_regex": Parameter(".*relu_input", _regex),
        "threshold": Parameter(10.0, _number(0)),
        "distribution_range": Parameter(0.001, _number(0)),
        "patience": Parameter(5, _whole(1)),
        "steps": Parameter(10, _whole(1)),
    },
    "DeadRelu": {
        REGEX: Parameter(".*relu_output", _regex),
        "threshold_inactivity": Parameter(1.0, _number(0, 100)),
        "threshold_layer": Parameter(50.0, _number(0, 100)),
    },
    "WeightUpdateRatio": {
        "num_steps": Parameter(1, _whole(1)),
        "large_threshold": Parameter(10.0, _number(0)),
        "small_threshold": Parameter(1e-8, _number(0)),
        "epsilon": Parameter(1e-9, _number(0)),
    },
    "UnchangedTensor": {
        COLLECTIONS: Parameter("weights", _names),
        REGEX: Parameter("", _regex),
        "num_steps": Parameter(3, _whole(2)),
        "rtol": Parameter(1e-5, _number(0)),
        "atol": Parameter(1e-8, _number(0)),
    },
    "StalledTraining": {"threshold": Parameter(1800.0, _number(0))},
}


def parameters_of(rule: str, given: Mapping[str, Value | str]) -> dict[str, Value]:
    """All parameters of a rule: those that are given, as values or as texts, and the defaults of the others.

    Raises ValueError, a sentence, for a rule or parameter that is unknown, and for a value that is malformed.
    """
    if rule not in RULES:
        raise ValueError(f"Rule {rule} is unknown. {did_you_mean(rule, RULES)}")
    known = RULES[rule]
    values = {name: parameter.default for name, parameter in known.items()}
    for name, value in given.items():
        if name not in known:
            raise ValueError(f"Rule {rule} has no parameter {name}. {did_you_mean(name, known)}")
        try:
            values[name] = known[name].read(str(value))
        except ValueError as error:
            raise ValueError(f"Parameter {name} of rule {rule} {error}, not {value!r}.") from None
    return values
