"""Hyperparameters: their names, ranges and defaults, and how SageMaker's strings become values.

SageMaker hands every value over as a string; sagemaker-training turns each into `--name value`. SDK v2 wraps values
in a second pair of quotes (`"64"`), boto3 and SDK v3 do not (`64`): both mean the same here.
"""

import argparse
import difflib
from dataclasses import dataclass, fields
from typing import Callable, TypeVar

from container.debugging.rule_choices import RuleChoice, parse_rules
from container.failure import TrainingFailure
from container.profiling.trace_steps import parse_steps

T = TypeVar("T")

# The tuning service adds this one to every trial; it says nothing that training needs.
INJECTED_BY_THE_PLATFORM = "_tuning_objective_metric"
FEATURE_VIEWS = 3
EARLY_LR = 0.1


@dataclass(frozen=True)
class Hyperparameters:
    arch: str
    pretrained: str
    freeze_backbone: bool
    head_epochs: int
    early_lr: float
    feature_views: int
    features_only: bool
    epochs: int
    batch_size: int
    lr: float
    weight_decay: float
    warmup_epochs: float
    label_smoothing: float
    dropout: float
    min_crop: float
    trivial_augment: bool
    mixup: float
    cutmix: float
    ema: float
    test_flip: bool
    image_size: int
    mixed_precision: bool
    cuda_graphs: bool
    seed: int
    workers: int
    debugger: bool
    save_interval: int
    rules: list[RuleChoice]
    profiler: bool
    trace_steps: range

    @property
    def trains_on_features(self) -> bool:
        """Whether a frozen backbone's features stand for the pictures.

        mixup and CutMix blend pixels, which no single picture's features can; a bank has neither TrivialAugment's views nor
        mirror images of valid and test.
        """
        from_pixels = self.mixup > 0 or self.cutmix > 0 or self.trivial_augment or self.test_flip
        return self.freeze_backbone and self.feature_views > 0 and not from_pixels


def parse(arguments: list[str]) -> Hyperparameters:
    """`["--lr", "0.001", "--batch-size", '"64"', ...]` -> Hyperparameters.

    Raises TrainingFailure with a sentence that names the hyperparameter when one is unknown, malformed or out of range.
    """
    parser = _parser()
    known, unknown = parser.parse_known_args(arguments)
    if unknown:
        raise TrainingFailure(_unknown(unknown[0].lstrip("-").split("=")[0]))
    values = vars(known)
    is_trial = values.pop(INJECTED_BY_THE_PLATFORM) is not None
    _choose_what_watches(values, by_default=not is_trial and not known.features_only)
    # Random weights have nothing that smaller rates or a head that comes first could keep.
    keeps_weights = known.pretrained == "auto" and not known.freeze_backbone
    if known.head_epochs is None:
        values["head_epochs"] = 1 if keeps_weights and known.epochs > 1 else 0
    if known.early_lr is None:
        values["early_lr"] = EARLY_LR if keeps_weights else 1.0
    if 0 < values["head_epochs"] and (known.freeze_backbone or known.epochs <= values["head_epochs"]):
        raise TrainingFailure(
            f"Hyperparameter head-epochs: {values['head_epochs']} leaves no epoch for the whole network. Make it less than epochs "
            f"({known.epochs}), or train the head alone with freeze-backbone=true and without head-epochs."
        )
    return Hyperparameters(**values)


def _choose_what_watches(values: dict, by_default: bool) -> None:
    """What is asked of debugger or profiler switches it on. Raises TrainingFailure where it is switched off in the same breath."""
    wanted = {"debugger": ("rules", bool(values["rules"])), "profiler": ("trace-steps", len(values["trace_steps"]) > 0)}
    for name, (what, is_wanted) in wanted.items():
        if values[name] is False and is_wanted:
            raise TrainingFailure(f"Hyperparameter {what} needs {name}=true, and {name} is false. Leave one of the two out.")
        if values[name] is None:
            values[name] = by_default or is_wanted
    if values["rules"] is None:
        values["rules"] = parse_rules("default")


class _SentenceParser(argparse.ArgumentParser):
    def error(self, message: str):
        # argparse says "argument --lr: ..." where the hyperparameter is called `lr`.
        raise TrainingFailure(f"Hyperparameter {message.removeprefix('argument --')}.")


def _parser() -> argparse.ArgumentParser:
    parser = _SentenceParser(prog="train", add_help=False, allow_abbrev=False)
    add = parser.add_argument
    add("--arch", type=_text, default="resnet34", help="any torchvision classifier by name")
    add("--pretrained", type=_one_of("auto", "none"), default="auto",
        help="auto: weights from the pretrained channel, the image or torchvision; none: from scratch")
    add("--freeze-backbone", type=_boolean, default=False, help="train the head only")
    add("--head-epochs", type=_whole(0, 10_000), help="epochs that train the head alone, before the whole network; default: 1 with pretrained weights")
    add("--early-lr", type=_number(0, 1, above=True), help="the first layers' rate as a share of lr; default: 0.1 with pretrained weights, else 1")
    add("--feature-views", type=_whole(0, 64), default=FEATURE_VIEWS,
        help="with a frozen backbone: views of each training picture whose features are computed once; 0: new views in every epoch")
    add("--features-only", type=_boolean, default=False, help="make the feature bank for other jobs' channel `features`, train nothing")
    add("--epochs", type=_whole(1, 10_000), default=10, help="passes over the training pictures")
    add("--batch-size", type=_whole(1, 65_536), default=64, help="pictures in a step")
    add("--lr", type=_number(0, 10, above=True), default=1e-3, help="peak learning rate of AdamW")
    add("--weight-decay", type=_number(0, 10), default=0.01, help="weight decay of AdamW")
    add("--warmup-epochs", type=_number(0, 10_000), default=1.0, help="epochs over which the rate rises to its peak")
    add("--label-smoothing", type=_number(0, 0.9), default=0.1, help="share of the target spread over all classes")
    add("--dropout", type=_number(0, 0.95), default=0.0, help="dropout in the head")
    add("--min-crop", type=_number(0.05, 1), default=0.35, help="smallest share of a picture that a training crop shows")
    add("--trivial-augment", type=_boolean, default=False, help="TrivialAugment in the place of varied colours")
    add("--mixup", type=_number(0, 10), default=0.0, help="alpha of mixup; 0 switches it off")
    add("--cutmix", type=_number(0, 10), default=0.0, help="alpha of CutMix; 0 switches it off")
    add("--ema", type=_number(0, 0.99999), default=0.0, help="decay of the weights' moving average, which becomes the model; 0 switches it off")
    add("--test-flip", type=_boolean, default=False, help="evaluate and answer from a picture and its mirror image")
    add("--image-size", type=_whole(32, 1024), default=224, help="side of the model's input, pixels")
    add("--mixed-precision", type=_boolean, default=True, help="compute in bfloat16 or float16 where the device is faster so; false: float32")
    add("--cuda-graphs", type=_boolean, default=True, help="on one GPU: replay a step's kernels instead of launching each one")
    add("--seed", type=_whole(0, 2**32 - 1), default=0, help="same seed, same machine, same result")
    add("--workers", type=_whole(0, 256), default=0, help="threads that decode and augment pictures, and compute their features; 0: one for each core")
    add("--debugger", type=_boolean, help="save tensors and evaluate rules on them; default: true, in a tuning job's trials false")
    add("--save-interval", type=_whole(0, 1_000_000), default=0, help="steps between two whose tensors are saved; 0: a twentieth of the run, at most 500")
    add("--rules", type=_said_by(parse_rules), help="rules to evaluate, such as VanishingGradient,Overfit:stop; default: all; off: none")
    add("--profiler", type=_boolean, help="time the steps and watch the machine; default: true, in a tuning job's trials false")
    add("--trace-steps", type=_said_by(parse_steps), default="off", help="steps to trace with torch.profiler, such as 10-12; off: none")
    add(f"--{INJECTED_BY_THE_PLATFORM}", help=argparse.SUPPRESS)
    return parser


def _unknown(name: str) -> str:
    known = sorted(field.name.replace("_", "-") for field in fields(Hyperparameters))
    close = difflib.get_close_matches(name.replace("_", "-"), known, n=1)
    hint = f"Did you mean {close[0]}?" if close else f"The known ones are: {', '.join(known)}."
    return f"Hyperparameter {name} is unknown. {hint}"


def _text(value: str) -> str:
    return value.strip().strip('"')


def _one_of(*choices: str) -> Callable[[str], str]:
    def convert(value: str) -> str:
        if _text(value) not in choices:
            raise argparse.ArgumentTypeError(f"must be one of {', '.join(choices)}, not {value!r}")
        return _text(value)

    return convert


def _said_by(parse: Callable[[str], T]) -> Callable[[str], T]:
    """A kind whose ValueErrors are sentences."""
    def convert(value: str) -> T:
        try:
            return parse(_text(value))
        except ValueError as error:
            raise argparse.ArgumentTypeError(str(error).removesuffix(".")) from None

    return convert


def _boolean(value: str) -> bool:
    # The toolkit's JSON decoding turns `true` into Python's `True` before it makes the argument.
    meanings = {"true": True, "1": True, "yes": True, "on": True, "false": False, "0": False, "no": False, "off": False}
    if _text(value).lower() not in meanings:
        raise argparse.ArgumentTypeError(f"must be true or false, not {value!r}")
    return meanings[_text(value).lower()]


def _number(low: float, high: float, above: bool = False) -> Callable[[str], float]:
    def convert(value: str) -> float:
        try:
            number = float(_text(value))
        except ValueError:
            raise argparse.ArgumentTypeError(f"must be a number, not {value!r}") from None
        if not (low < number if above else low <= number) or not number <= high:
            raise argparse.ArgumentTypeError(
                f"must be {'above' if above else 'at least'} {low} and at most {high}, not {_text(value)}"
            )
        return number

    return convert


def _whole(low: int, high: int) -> Callable[[str], int]:
    def convert(value: str) -> int:
        try:
            number = float(_text(value))  # tuning ranges may send 64.0
            whole = int(number)
        except (ValueError, OverflowError):
            raise argparse.ArgumentTypeError(f"must be a whole number, not {value!r}") from None
        if whole != number:
            raise argparse.ArgumentTypeError(f"must be a whole number, not {value!r}")
        if not low <= whole <= high:
            raise argparse.ArgumentTypeError(f"must be at least {low} and at most {high}, not {_text(value)}")
        return whole

    return convert
