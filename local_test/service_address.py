"""Where the service of a folder listens, for the other programs of its user: one JSON file in that folder."""

import http.client
import json
import urllib.error
import urllib.request
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from contract.atomic_write import write_atomically
from local_test.api.control import CONTROL
from local_test.api.sigv4 import sign
from local_test.host.identity import read_identity

FILE = "service.json"
# The service is on loopback: a proxy that the environment names has no part in it.
DIRECT = urllib.request.build_opener(urllib.request.ProxyHandler({}))


@dataclass(frozen=True)
class Address:
    """url: of every AWS service. name: in the labels of its containers. pid: of its process, 0 once it has ended.

    bucket, role: what requests may use without making them. registry_port: None before the registry was first needed.
    allow_files: folders below which file:// URIs of requests may lead. strict: fields without effect are refused.
    """

    url: str
    name: str
    pid: int
    region: str
    bucket: str
    role: str
    registry_port: int | None = None
    allow_files: tuple[str, ...] = ()
    strict: bool = False

    @property
    def port(self) -> int:
        return int(self.url.rpartition(":")[2])

    def write(self, folder: Path) -> None:
        write_atomically(folder / FILE, json.dumps(asdict(self), indent=2), mode=0o600)


def read(folder: Path) -> Address | None:
    """The address that the service of this folder has, or had last; None before its first start. Raises ValueError, a
    message, for a file that is damaged, or of another version.
    """
    try:
        return Address(**json.loads((folder / FILE).read_text()))
    except FileNotFoundError:
        return None
    except (ValueError, TypeError) as error:
        raise ValueError(
            f"{folder / FILE} cannot be read ({error}): it is damaged, or another version of the local SageMaker wrote "
            "it. Move it away: the next start writes a new one."
        ) from error


def running(folder: Path) -> Address | None:
    """The address of this folder's service if it answers, under its own name."""
    address = read(folder)
    if address is None:
        return None
    try:
        status = control(folder, address, "status")
    except ValueError:  # another program refused
        return None
    # The name is known to the folder's user alone: another user's program that has got the port cannot pretend. The
    # process is the one that answers: one that is starting at its old port has not written down its own yet.
    return replace(address, pid=status["pid"]) if status and status.get("name") == address.name else None


def control(folder: Path, address: Address, path: str, method: str = "GET") -> dict[str, Any] | None:
    """Ask the service of a folder itself, outside the AWS API, with that folder's key. Raises ValueError with its
    refusal.

    None when it does not answer there: nobody does, or another program that has got its port since.
    """
    identity = read_identity(folder)
    if identity is None:
        return None
    target = f"/{CONTROL}/{path}"
    host, key = urlsplit(address.url).netloc, identity.access_key
    headers = sign(method, target, {"host": host}, b"", key.id, key.secret, address.region, CONTROL, datetime.now(UTC))
    request = urllib.request.Request(address.url + target, headers=headers, method=method)
    try:
        with DIRECT.open(request, timeout=10) as response:
            return _answer(response.read())
    except urllib.error.HTTPError as error:
        refusal = _answer(error.read())
        if refusal and "message" in refusal:
            raise ValueError(refusal["message"]) from error
        return None
    except (OSError, http.client.HTTPException):
        return None


def _answer(body: bytes) -> dict[str, Any] | None:
    try:
        answer = json.loads(body)
    except ValueError:
        return None
    return answer if isinstance(answer, dict) else None
