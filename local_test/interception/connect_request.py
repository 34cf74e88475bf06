"""The head of a request to a proxy: which host it asks for, and who asks.

https://www.rfc-editor.org/rfc/rfc9110#section-9.3.6
"""

import re
from dataclasses import dataclass

REQUEST_LINE = re.compile(rb"([A-Z]+) (\S+) HTTP/1\.[01]")
# A name of DNS, an IPv4 or an IPv6 address, and the port.
AUTHORITY = re.compile(
    r"(?:\[(?P<six>[0-9a-fA-F:.]+)\]|(?P<name>[A-Za-z0-9](?:[A-Za-z0-9._-]{0,251}))):(?P<port>\d{1,5})"
)


@dataclass(frozen=True)
class ConnectRequest:
    """host: in lower case, without brackets. authorization: of the header Proxy-Authorization, '' without one."""

    host: str
    port: int
    authorization: str


def connect_request(head: bytes) -> ConnectRequest:
    """head: with the empty line at its end. Raises ValueError, a sentence, for every other request."""
    line, *headers = head.removesuffix(b"\r\n\r\n").split(b"\r\n")
    found = REQUEST_LINE.fullmatch(line)
    if not found or found[1] != b"CONNECT":
        raise ValueError(
            "This is the proxy of a local SageMaker for https:// alone: it takes CONNECT and nothing else."
        )
    authority = AUTHORITY.fullmatch(found[2].decode("latin-1"))
    if not authority or not 0 < int(authority["port"]) < 65536:
        raise ValueError("CONNECT needs HOST:PORT.")
    pairs = [header.decode("latin-1").partition(":") for header in headers]
    authorization = next((value.strip() for name, _, value in pairs if name.lower() == "proxy-authorization"), "")
    host = (authority["six"] or authority["name"]).lower().rstrip(".")
    return ConnectRequest(host, int(authority["port"]), authorization)
