"""A request's body as JSON."""

import json
from typing import Any

from local_test.api.errors import SerializationException


def json_object(body: bytes) -> dict[str, Any]:
    """Raises SerializationException. A member that is null is as good as absent, as on AWS."""
    try:
        return _without_nulls(json.loads(body))
    except ValueError as error:
        raise SerializationException(f"The request's body is no JSON: {error}") from error


def _without_nulls(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _without_nulls(member) for name, member in value.items() if member is not None}
    return [_without_nulls(element) for element in value] if isinstance(value, list) else value
