"""A request against botocore's service model, more strictly than botocore: enums, patterns and lengths are looked at
too.
"""

import functools
import re

import botocore.session
from botocore.validate import ParamValidator


@functools.cache
def _service(name: str):
    return botocore.session.get_session().get_service_model(name)


def shape(service: str, name: str):
    """A shape of the service's own model, by its name."""
    return _service(service).shape_for(name)


def problems(service: str, operation: str, request: dict) -> list[str]:
    """Everything in the request that the service's own model does not allow; empty when it is right."""
    wanted = _service(service).operation_model(operation).input_shape
    report = ParamValidator().validate(request, wanted)
    found = [report.generate_report()] if report.has_errors() else []
    return found or list(_walk(wanted, request, operation))


def _walk(shape, value, at: str):
    if shape.type_name == "structure":
        for name, one in value.items():
            yield from _walk(shape.members[name], one, f"{at}.{name}")
    elif shape.type_name == "list":
        yield from _size(shape, len(value), at)
        for index, one in enumerate(value):
            yield from _walk(shape.member, one, f"{at}[{index}]")
    elif shape.type_name == "map":
        yield from _size(shape, len(value), at)
        for key, one in value.items():
            yield from _walk(shape.key, key, f"{at} key {key}")
            yield from _walk(shape.value, one, f"{at}.{key}")
    elif shape.type_name == "string":
        yield from _size(shape, len(value), at)
        if shape.enum and value not in shape.enum:
            yield f"{at} is {value!r}, not in the enum {shape.name}"
        pattern = shape.metadata.get("pattern")
        if pattern and not re.search(f"^(?:{_python(pattern)})$", value):
            yield f"{at} is {value!r}, which does not match {pattern}"
    elif shape.type_name in ("integer", "long", "float", "double"):
        yield from _size(shape, value, at)


def _size(shape, size, at: str):
    low, high = shape.metadata.get("min"), shape.metadata.get("max")
    if (low is not None and size < low) or (high is not None and size > high):
        yield f"{at} is {size}, not within {low} to {high}"


def _python(pattern: str) -> str:
    """The model's patterns are Java's."""
    # SageMaker's own DestinationS3Uri asks for one character of bucket name; its documentation has the +.
    pattern = pattern.replace("://([^/])/?(.*)", "://([^/]+)/?(.*)")
    classes = {r"\p{L}": "a-zA-Z", r"\p{Z}": r"\s", r"\p{N}": r"\d", r"\p{Alnum}": "a-zA-Z0-9", r"\p{Print}": "[ -~]"}
    for java, python in classes.items():
        pattern = pattern.replace(java, python)
    return pattern.replace(r"\uD800\uDC00-\uDBFF\uDFFF", "")
