"""A request against botocore's own service model: required members, types, enums, patterns, lengths and ranges.

The model is the authority for what AWS refuses, and its constraints are the words in which AWS refuses:
https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_CreateTrainingJob.html and its siblings. What it has in
prose alone, of VolumeSizeInGB and VolumeKmsKeyId, is here too: they depend on whether an instance type has storage of
its own (https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/instance-store-volumes.html).
"""

import re
from collections.abc import Iterator
from functools import cache
from typing import Any

import botocore.session
from botocore import xform_name
from botocore.model import OperationModel, Shape

from local_test.api.errors import ValidationException

# URIs of these shapes may also be file:// here: data on this machine, without a copy.
TAKES_FILE_URI = {"S3Uri", "S3ModelUri", "Url", "DestinationS3Uri"}
# Instance types with storage of their own: a `d` behind the generation (`r5d`, `g4dn`, `p4de`); these families have it
# without the letter.
LOCAL_STORAGE = re.compile(r"[a-z]+[0-9]+[a-z]*d[a-z]*|gr?[5-9]e?|p[56][a-z]*(-[a-z0-9]+)?|trn[0-9]n?")
_TYPES: dict[str, type | tuple[type, ...]] = {
    "structure": dict,
    "map": dict,
    "list": list,
    "string": str,
    "boolean": bool,
    "integer": int,
    "long": int,
    "float": (int, float),
    "double": (int, float),
    "timestamp": (int, float),
}


@cache
def operations() -> dict[str, OperationModel]:
    """Every operation of the SageMaker API by name, as the installed botocore knows it."""
    model = botocore.session.get_session().get_service_model("sagemaker")
    return {name: model.operation_model(name) for name in model.operation_names}


def python_name(operation: str) -> str:
    """`CreateTrainingJob` -> `create_training_job`, as boto3 names it."""
    return xform_name(operation)


def validate(operation: str, request: dict[str, Any]) -> None:
    """Raise ValidationException with every violation, in AWS's words, each with the path of its member."""
    shape = operations()[operation].input_shape
    found = list(_violations(shape, request, "")) if shape else []
    if found:
        count = f"{len(found)} validation error{'s' if len(found) > 1 else ''} detected: "
        raise ValidationException(count + "; ".join(found))


def has_local_storage(instance_type: str) -> bool:
    """`ml.g4dn.xlarge` has, `ml.m5.xlarge` has not."""
    return LOCAL_STORAGE.fullmatch(instance_type.split(".")[1]) is not None


def volume_key_problem(field: str, instance_type: str, key: str | None) -> str | None:
    """A sentence when a KMS key is given for a volume that is the instance's own. field: of the key."""
    if not key or not has_local_storage(instance_type):
        return None
    return (
        f"{field} cannot be given for {instance_type}, which has local storage and encrypts it itself. Remove it from "
        "the request."
    )


def _violations(shape: Shape, value: Any, path: str) -> Iterator[str]:
    kind = shape.type_name
    wanted = _TYPES.get(kind)
    if wanted and (not isinstance(value, wanted) or (kind != "boolean" and isinstance(value, bool))):
        yield f"Value {value!r} at '{path}' failed to satisfy constraint: Member must be of type {kind}"
        return
    if kind == "structure":
        yield from _structure_violations(shape, value, path)
    elif kind == "list":
        yield from _size_violations(shape, len(value), value, path, "length")
        for index, element in enumerate(value):
            yield from _violations(shape.member, element, f"{path}.{index + 1}.member")
    elif kind == "map":
        yield from _size_violations(shape, len(value), value, path, "length")
        for key, element in value.items():
            yield from _violations(shape.key, key, f"{path}.{key}")
            yield from _violations(shape.value, element, f"{path}.{key}")
    elif kind == "string":
        yield from _string_violations(shape, value, path)
    elif kind in ("integer", "long", "float", "double"):
        yield from _size_violations(shape, value, value, path, "value")


def _structure_violations(shape: Shape, value: dict[str, Any], path: str) -> Iterator[str]:
    for name in shape.metadata.get("required", []):
        if value.get(name) is None:
            yield f"Value null at '{_joined(path, name)}' failed to satisfy constraint: Member must not be null"
    for name, member in value.items():
        if name not in shape.members:
            yield f"Member '{_joined(path, name)}' is unknown"
        elif member is not None:
            yield from _violations(shape.members[name], member, _joined(path, name))


def _string_violations(shape: Shape, value: str, path: str) -> Iterator[str]:
    yield from _size_violations(shape, len(value), value, path, "length")
    enum = getattr(shape, "enum", None)
    if enum and value not in enum:
        yield (
            f"Value '{value}' at '{path}' failed to satisfy constraint: Member must satisfy enum value set: "
            f"[{', '.join(enum)}]"
        )
    pattern = shape.metadata.get("pattern")
    if pattern and not (shape.name in TAKES_FILE_URI and value.startswith("file:///")):
        compiled = _compiled(pattern)
        if compiled and not compiled.fullmatch(value):
            yield (
                f"Value '{value}' at '{path}' failed to satisfy constraint: Member must satisfy regular "
                f"expression pattern: {pattern}"
            )


def _size_violations(shape: Shape, size: float, value: object, path: str, what: str) -> Iterator[str]:
    lowest, highest = shape.metadata.get("min"), shape.metadata.get("max")
    if lowest is not None and size < lowest:
        yield (
            f"Value '{value}' at '{path}' failed to satisfy constraint: Member must have {what} greater than or "
            f"equal to {lowest}"
        )
    if highest is not None and size > highest:
        yield (
            f"Value '{value}' at '{path}' failed to satisfy constraint: Member must have {what} less than or "
            f"equal to {highest}"
        )


@cache
def _compiled(pattern: str) -> re.Pattern[str] | None:
    """None for the few patterns whose Unicode classes Python's `re` does not have; their length is still checked."""
    try:
        return re.compile(pattern, re.DOTALL)
    except re.error:
        return None


def _joined(path: str, name: str) -> str:
    member = name[0].lower() + name[1:]
    return f"{path}.{member}" if path else member
