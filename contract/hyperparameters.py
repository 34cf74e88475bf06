"""The hyperparameters of the train image: one table for the program, the checks before a job is created, and the
documentation.

A hyperparameter is written with dashes (`batch-size`) and is a field with underscores here (`batch_size`).
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from typing import Any

from contract.did_you_mean import did_you_mean
from contract.rule_choices import RuleChoice, parse_rules
from contract.trace_steps import parse_steps
from contract.value_kinds import Boolean, Kind, Number, OneOf, Parsed, Text, Whole

# A feature bank cannot give what these need: blends of pictures, TrivialAugment's views, mirror images of valid and
# test.
NEED_PIXELS = ("mixup", "cutmix", "trivial-augment", "test-flip")
# The tuning service adds this one to every trial.
TUNING_OBJECTIVE = "_tuning_objective_metric"
LR, FINE_TUNING_LR = 0.001, 0.0003  # of random weights or a head alone; of a network with pretrained weights
EARLY_LR = 0.1  # with pretrained weights
EMBEDDED_ARCH = "timm/tf_efficientnet_lite0"  # its ImageNet weights are in the train image
OFF_IN_TRIALS = "`true`, in a tuning job's trials `false`"


def _is(kind: Kind, default: str | None, help: str, default_described: str = "") -> Any:
    """default: as text; None for one that depends on the others, which `default_described` then says in words."""
    return field(metadata={"kind": kind, "default": default, "help": help, "default_described": default_described})


@dataclass(frozen=True)
class Hyperparameters:
    """Values of a run. `parse` makes one."""

    arch: str = _is(
        Text("torchvision classifiers, except squeezenet; timm's as `timm/NAME`"),
        "resnet34",
        "backbone; its last layer becomes the head of three layers",
    )
    pretrained: str = _is(OneOf(("auto", "none")), "auto", "where the weights come from is said in docs/training.md")
    freeze_backbone: bool = _is(
        Boolean(), "false", "train the head only, on features that are computed once; the backbone stays as it is"
    )
    head_epochs: int = _is(
        Whole(0, 10_000),
        None,
        "epochs that train the head alone, before the whole network; less than `epochs`",
        "1 with pretrained weights, else 0",
    )
    freeze_batch_norm: bool = _is(
        Boolean(),
        None,
        "normalise by the pretrained weights' statistics, whatever is in a batch; scale and shift still learn",
        "`true` with pretrained weights, else `false`",
    )
    early_lr: float = _is(
        Number(0, 1, above=True),
        None,
        "the first layers' rate as a share of `lr`; it grows by equal factors towards the head",
        "0.1 with pretrained weights, else 1",
    )
    feature_views: int = _is(
        Whole(0, 64),
        "3",
        "with a frozen backbone: views of each training picture whose features are computed once; 0: new views in "
        "every epoch",
    )
    features_only: bool = _is(
        Boolean(), "false", "make the feature bank for other jobs' channel `features`, train nothing"
    )
    epochs: int = _is(Whole(1, 10_000), "10", "passes over the training pictures")
    batch_size: int = _is(Whole(1, 65_536), "64", "pictures in a step, of all GPUs and instances together")
    lr: float = _is(
        Number(0, 10, above=True),
        None,
        "peak rate of AdamW: a linear rise, then half a cosine",
        "0.001; 0.0003 where pretrained weights are fine-tuned",
    )
    warmup_epochs: float = _is(Number(0, 10_000), "1", "length of the rise")
    weight_decay: float = _is(Number(0, 10), "0.01", "of AdamW; not for biases and normalisation")
    label_smoothing: float = _is(Number(0, 0.9), "0.1", "share of the target that is spread over all classes")
    dropout: float = _is(Number(0, 0.95), "0", "in the head")
    min_crop: float = _is(Number(0.05, 1), "0.35", "smallest share of a picture that a training crop shows")
    trivial_augment: bool = _is(
        Boolean(),
        "false",
        "[TrivialAugment](https://arxiv.org/abs/2103.10158) in the place of varied brightness, contrast and saturation",
    )
    mixup: float = _is(Number(0, 10), "0", "alpha of the Beta distribution; 0 is off")
    cutmix: float = _is(Number(0, 10), "0", "the same for CutMix; with both on, each step takes one by chance")
    ema: float = _is(
        Number(0, 0.99999),
        "0",
        "decay of the weights' moving average by step; it is what is evaluated and kept; 0 is off",
    )
    test_flip: bool = _is(
        Boolean(), "false", "evaluate, and answer on the endpoint, from a picture and its mirror image: twice the work"
    )
    unknown_below: float = _is(
        Number(0, 1),
        "0",
        'where the likeliest class has less than this probability, the endpoint answers `"label": null`; 0 is off',
    )
    image_size: int = _is(Whole(32, 1024), "224", "side of the model's input, pixels")
    mixed_precision: bool = _is(
        Boolean(), "true", "compute in bfloat16 or float16 where the device is faster so; `false`: float32 everywhere"
    )
    cuda_graphs: bool = _is(
        Boolean(), "true", "on one GPU: replay a step's kernels as CUDA graphs; `false`: launch each one"
    )
    seed: int = _is(Whole(0, 2**32 - 1), "0", "on a CPU: same seed, same machine, same model file")
    workers: int = _is(
        Whole(0, 256), "0", "threads that decode and augment pictures, and compute their features; 0 is one per core"
    )
    debugger: bool = _is(Boolean(), None, "save tensors in smdebug's format and evaluate rules on them", OFF_IN_TRIALS)
    save_interval: int = _is(
        Whole(0, 1_000_000), "0", "steps between two whose tensors are saved; 0: a twentieth of the run, at most 500"
    )
    rules: list[RuleChoice] = _is(  # noqa: RUF009 (a field of dataclasses, as in every line of the table)
        Parsed(parse_rules, "`default`, `off`, names"),
        None,
        "rules by name, with parameters, and `:stop` where one ends the training: `Overfit(patience=2):stop,DeadRelu`",
        "`default`",
    )
    profiler: bool = _is(Boolean(), None, "time the steps and watch the machine", OFF_IN_TRIALS)
    trace_steps: range = _is(
        Parsed(parse_steps, "`off`, `10`, `10-12`"),
        "off",
        "steps to trace with torch.profiler, for Perfetto and TensorBoard",
    )

    @property
    def trains_on_features(self) -> bool:
        """Whether a frozen backbone's features stand for the pictures."""
        return trains_on_features(lambda name: getattr(self, name.replace("-", "_")))


@dataclass(frozen=True)
class Declaration:
    """One hyperparameter of the table. default: as text; None where it depends on the others. described,
    default_described, help: Markdown.
    """

    name: str
    kind: Kind
    default: str | None
    help: str
    default_described: str


def _declarations() -> dict[str, Declaration]:
    found = {}
    for one in fields(Hyperparameters):
        name, told = one.name.replace("_", "-"), one.metadata
        shown = told["default_described"] or (
            told["default"] if isinstance(told["kind"], (Number, Whole)) else f"`{told['default']}`"
        )
        found[name] = Declaration(name, told["kind"], told["default"], told["help"], shown)
    return found


DECLARATIONS = _declarations()


def parse(given: Mapping[str, str]) -> Hyperparameters:
    """`{"lr": "0.001", "batch-size": '"64"'}` -> Hyperparameters, with defaults for the others.

    Raises ValueError with a message that names the hyperparameter when one is unknown, malformed, out of range, or
    contradicts another."""
    texts = dict(given)
    is_trial = texts.pop(TUNING_OBJECTIVE, None) is not None
    values: dict[str, Any] = {name: read(name, text) for name, text in texts.items()}
    for name, declared in DECLARATIONS.items():
        if name not in values:
            values[name] = None if declared.default is None else declared.kind.read(declared.default)
    _switch_on_monitors(values, by_default=not is_trial and not values["features-only"])
    # Random weights have nothing that smaller rates, statistics or a head that comes first could keep.
    keeps_weights = values["pretrained"] == "auto" and not values["freeze-backbone"]
    if values["head-epochs"] is None:
        values["head-epochs"] = 1 if keeps_weights and values["epochs"] > 1 else 0
    if values["lr"] is None:
        values["lr"] = FINE_TUNING_LR if keeps_weights else LR
    if values["freeze-batch-norm"] is None:
        values["freeze-batch-norm"] = keeps_weights
    if values["early-lr"] is None:
        values["early-lr"] = EARLY_LR if keeps_weights else 1.0
    if values["head-epochs"] > 0 and values["freeze-backbone"]:
        raise ValueError(
            f"Hyperparameter head-epochs: {values['head-epochs']} leaves no epoch for the whole network, and with "
            "freeze-backbone=true there is none: the head alone is trained all the time. Leave head-epochs out, or "
            "freeze-backbone."
        )
    if values["head-epochs"] > 0 and values["epochs"] <= values["head-epochs"]:
        raise ValueError(
            f"Hyperparameter head-epochs: {values['head-epochs']} leaves no epoch for the whole network. Make it less "
            f"than epochs ({values['epochs']}), or train the head alone with freeze-backbone=true and without "
            "head-epochs."
        )
    return Hyperparameters(**{name.replace("-", "_"): value for name, value in values.items()})


def trains_on_features(value_of: Callable[[str], Any]) -> bool:
    """Whether a job trains a head on the features of a frozen backbone. value_of: the value of a hyperparameter by
    name.
    """
    return bool(value_of("freeze-backbone") and value_of("feature-views")) and not any(
        value_of(name) for name in NEED_PIXELS
    )


def read(name: str, text: str) -> Any:
    """The value of one hyperparameter. Raises ValueError with a message that names it."""
    if name not in DECLARATIONS:
        raise unknown(name)
    try:
        return DECLARATIONS[name].kind.read(text)
    except ValueError as error:
        raise ValueError(f"Hyperparameter {name}: {error}.") from None


def unknown(name: str) -> ValueError:
    hint = did_you_mean(name.replace("_", "-"), sorted(DECLARATIONS))
    return ValueError(f"Hyperparameter {name} is unknown. {hint}")


def _switch_on_monitors(values: dict[str, Any], by_default: bool) -> None:
    """What is asked of debugger or profiler switches it on. Raises ValueError where it is switched off at the same
    time.
    """
    wanted = {"debugger": ("rules", bool(values["rules"])), "profiler": ("trace-steps", len(values["trace-steps"]) > 0)}
    for name, (what, is_wanted) in wanted.items():
        if values[name] is False and is_wanted:
            raise ValueError(f"Hyperparameter {what} needs {name}=true, and {name} is false. Leave one of the two out.")
        if values[name] is None:
            values[name] = by_default or is_wanted
    if values["rules"] is None:
        values["rules"] = parse_rules("default")


def markdown_table() -> str:
    """The documentation's table."""
    rows = [
        f"| `{one.name}` | {one.default_described} | {one.kind.described} | {one.help} |"
        for one in DECLARATIONS.values()
    ]
    return "\n".join(["| name | default | range | |", "|---|---|---|---|", *rows])
