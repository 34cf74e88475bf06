"""Which fields of a request the local SageMaker acts on. Any other is refused by name: dropping one would be a lie."""

from typing import Any

from local_test.api.errors import ValidationException


def check_supported(request: dict[str, Any], supported: dict[str, Any], at: str = "") -> None:
    """Raise ValidationException for the first field, or value of a field, that would be ignored.

    supported: field -> None (every value is supported), a tuple of the values that are, a dict of fields, or a list of
    one element that describes each element."""
    for name, value in request.items():
        path = f"{at}{name}"
        if name not in supported:
            raise ValidationException(
                f"The local SageMaker does not support {path}. Remove it from the request, or send the request to AWS."
            )
        allowed = supported[name]
        if value is None:
            continue
        if isinstance(allowed, tuple) and value not in allowed:
            raise ValidationException(
                f"The local SageMaker supports {path} only as {' or '.join(map(str, allowed))}, not {value!r}."
            )
        if isinstance(allowed, dict):
            check_supported(value, allowed, f"{path}.")
        if isinstance(allowed, list):
            for index, element in enumerate(value):
                check_supported(element, allowed[0], f"{path}[{index}].")
