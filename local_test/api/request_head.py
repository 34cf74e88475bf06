"""A request before its body: what a signature is about, and what decides whether the body is worth reading."""

from dataclasses import dataclass
from urllib.parse import unquote


@dataclass(frozen=True)
class RequestHead:
    """path, query: as sent, percent-encoded. headers: value by name in lower case, latin-1; a repeated one is joined by
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
