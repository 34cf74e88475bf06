"""Types of settings that pydantic has none for. A `Meaning` beside a type says in words what the value must be."""

from dataclasses import dataclass
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, PlainValidator

from scripts.config.hyperparameters import NAME
from scripts.config.ranges import MOST, SCALES, TYPES, Range, checked_range


@dataclass(frozen=True)
class Meaning:
    """What a value must be, as the end of a message: `train.data must be {words}, not 'path/to'`. Of a table: what its
    names must be.
    """

    words: str


def key_of(name: str) -> str:
    """A field's name as sagemaker.toml has it: `instance_type` -> `instance-type`, `async_` -> `async`."""
    return name.rstrip("_").replace("_", "-")


class Section(BaseModel):
    """A section of sagemaker.toml. Every key must be there, once the environment has been read, and no other."""

    # strict: text is no number, and 1 is not true. An infinite number would be of no use anywhere.
    model_config = ConfigDict(
        strict=True, frozen=True, extra="forbid", alias_generator=key_of, allow_inf_nan=False, defer_build=True
    )


def _no_part_train(prefix: str) -> str:
    if "train" in prefix.split("-")[1:]:
        raise ValueError("a part `train` would make the jobs of the prefix dog-train look like those of the prefix dog")
    return prefix


def _text_of(value: object) -> str:
    """A TOML value as SageMaker wants it, as text: `true`, `0.001`, `resnet18`. Raises ValueError."""
    if not isinstance(value, (str, int, float)):
        raise ValueError(f"must be text, a number, true or false, not {value!r}")
    return str(value).lower() if isinstance(value, bool) else str(value)


Prefix = Annotated[
    str,
    Field(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$", max_length=32),
    AfterValidator(_no_part_train),
    Meaning("at most 32 of a-z 0-9 and single hyphens between them, and -train no part of it"),
]
Role = Annotated[
    str,
    Field(pattern=r"^(arn:aws[a-z-]*:iam::\d{12}:role/[\w+=,.@/-]+|[\w+=,.@-]+(/[\w+=,.@-]+)*)?$"),
    Meaning("a role's name or its ARN"),
]
Bucket = Annotated[
    str,
    Field(pattern=r"^([a-z0-9][a-z0-9.-]{1,61}[a-z0-9])?$"),
    Meaning("a bucket's name: 3 to 63 of a-z 0-9 . and -, without s3://"),
]
Region = Annotated[str, Field(pattern=r"^([a-z]{2,}(-[a-z]+)+-\d)?$"), Meaning("a region such as eu-west-1")]
Uri = Annotated[str, Field(pattern=r"^((s3|https?|file)://.+)?$"), Meaning("a URI such as s3://bucket/folder")]
InstanceType = Annotated[
    str, Field(pattern=r"^ml\.[a-z0-9-]+\.[a-z0-9]+$"), Meaning("an instance type such as ml.g4dn.xlarge")
]
# TOML has lists and no tuples: these alone are not strict.
InstanceTypes = Annotated[
    tuple[InstanceType, ...],
    Field(strict=False, max_length=5),  # botocore: InstancePreferenceList, InstancePoolList
    Meaning('a list of instance types such as ["ml.g4dn.xlarge", "ml.g5.xlarge"]'),
]
Names = Annotated[
    tuple[Annotated[str, Field(min_length=1)], ...],
    Field(strict=False),
    Meaning('a list of names such as ["one", "two"]'),
]
# Every value becomes text. An editor is told what the file may have: that is the input's type.
_Text = Annotated[str, BeforeValidator(_text_of, json_schema_input_type=str | int | float | bool)]
_NO_OTHER_NAMES = Field(json_schema_extra={"additionalProperties": False})
_HyperparameterName = Annotated[str, Field(pattern=f"^{NAME}$")]
_HYPERPARAMETER_NAMES = Meaning("those of the training program, such as batch-size")
Hyperparameters = Annotated[dict[_HyperparameterName, _Text], _NO_OTHER_NAMES, _HYPERPARAMETER_NAMES]
Environment = Annotated[
    dict[Annotated[str, Field(pattern="^[a-zA-Z_][a-zA-Z0-9_]*$")], _Text],
    _NO_OTHER_NAMES,
    Meaning("names of environment variables"),
]


class IntervalTable(BaseModel):
    """How an interval is written, for editors alone: `checked_range` reads it, as it reads the command line's."""

    model_config = ConfigDict(extra="forbid", title="interval")

    min: int | float
    max: int | float
    scale: Literal[tuple(SCALES)] = "auto"  # type: ignore[valid-type]
    type: Literal[TYPES] = Field("int", description="without it: int when both ends are whole numbers")  # type: ignore[valid-type]


_RangeValue = Annotated[
    Range, PlainValidator(checked_range, json_schema_input_type=IntervalTable | list[str | int | float | bool])
]
Ranges = Annotated[
    dict[_HyperparameterName, _RangeValue], Field(max_length=MOST), _NO_OTHER_NAMES, _HYPERPARAMETER_NAMES
]


def is_table(annotation: Any) -> bool:
    """Whether a field of this type is a table of the user's own names: it has no environment variable."""
    return getattr(annotation, "__origin__", None) is dict
