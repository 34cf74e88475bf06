"""A request as its parts are read: its head, before the body is, and the body as JSON."""

import json
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote

from local_test.api.errors import SerializationException


@dataclass(frozen=True)
class RequestHead:
    """What a signature is about, and what decides whether the body is worth reading.

    path, query: as sent, percent-encoded. headers: value by name in lower case, latin-1; a repeated one is joined by
    `,`.
    """

    method: str
    path: str
    query: str
    headers: dict[str, str]

    @classmethod
    def of(cls, method: str, target: str, headers: dict[str, str]) -> "RequestHead":
        """target: path and query as the request line has them."""
        path, _, query = target.partition("?")
        return cls(method, path, query, headers)

    def parameters(self) -> list[tuple[str, str]]:
        """The query's names and values, decoded, in their order. A `+` is a plus: no AWS client sends it for a
        space.
        """
        pairs = [pair.partition("=") for pair in self.query.split("&") if pair]
        return [(unquote(name), unquote(value)) for name, _, value in pairs]


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
